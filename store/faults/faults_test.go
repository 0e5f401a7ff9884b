package faults_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/launchready/launchready/store/faults"
)

// echo is a server that says its name and what it was told.
func echo(t *testing.T, name string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for s := bufio.NewScanner(c); s.Scan(); {
					_, _ = fmt.Fprintf(c, "%s %s\n", name, s.Text())
				}
			}()
		}
	}()
	return "tcp://" + ln.Addr().String()
}

// line is a connection through a wire.
type line struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, url string) *line {
	t.Helper()
	c, err := net.Dial("tcp", url[len("tcp://"):]) //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &line{c, bufio.NewReader(c)}
}

// says gives the answer to a word; an error where the connection has ended.
func (l *line) says(word string) (string, error) {
	_, _ = fmt.Fprintln(l, word) // what has ended is seen by reading
	return l.r.ReadString('\n')
}

func (l *line) want(t *testing.T, word, answer string) {
	t.Helper()
	if got, err := l.says(word); got != answer+"\n" || err != nil {
		t.Errorf("%s: %q %v, want %q", word, got, err, answer)
	}
}

func (l *line) ended(t *testing.T) {
	t.Helper()
	if err := l.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got, err := l.says("there?"); err == nil {
		t.Errorf("a connection that was cut says %q", got)
	}
}

func TestWire(t *testing.T) {
	url, wire := faults.Before(t, echo(t, "one"))
	first := dial(t, url)
	first.want(t, "a", "one a")

	wire.Cut()
	first.ended(t)
	dial(t, url).ended(t)

	wire.Mend()
	first.ended(t)
	second := dial(t, url)
	second.want(t, "b", "one b")

	wire.Lead(t, echo(t, "two"))
	second.want(t, "c", "one c")
	dial(t, url).want(t, "d", "two d")
}

// TestStall: what is said meanwhile comes neither then nor later, on a connection that
// stays open.
func TestStall(t *testing.T) {
	url, wire := faults.Before(t, echo(t, "one"))
	l := dial(t, url)
	l.want(t, "a", "one a")
	wire.Stall()
	if err := l.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if got, err := l.says("b"); !os.IsTimeout(err) {
		t.Errorf("%q %v", got, err)
	}
	wire.Mend()
	l.ended(t)
	dial(t, url).want(t, "c", "one c")
}

// TestMute: what is said arrives, and the connection ends where its answer was to come.
func TestMute(t *testing.T) {
	url, wire := faults.Before(t, echo(t, "one"))
	first := dial(t, url)
	first.want(t, "a", "one a")
	wire.Mute()
	first.ended(t)
	dial(t, url).ended(t)
	wire.Mend()
	dial(t, url).want(t, "b", "one b")
}
