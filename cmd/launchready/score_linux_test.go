package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/launchready/launchready/plan"
)

// console is a terminal of the system with a person in front of it.
type console struct {
	t           *testing.T
	person, tty *os.File

	mu   sync.Mutex
	seen bytes.Buffer
	more chan struct{} // something was written
}

// openConsole opens a pseudo-terminal: what asks a person asks only there.
func openConsole(t *testing.T) *console {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	var unlock, n int32
	size := [4]uint16{40, 120}
	for _, c := range []struct {
		request uintptr
		value   unsafe.Pointer
	}{{syscall.TIOCSPTLCK, unsafe.Pointer(&unlock)}, {syscall.TIOCGPTN, unsafe.Pointer(&n)}, {syscall.TIOCSWINSZ, unsafe.Pointer(&size)}} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, person.Fd(), c.request, uintptr(c.value)); errno != 0 {
			t.Skipf("no terminal can be made here: %v", errno)
		}
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { tty.Close() })
	c := &console{t: t, person: person, tty: tty, more: make(chan struct{}, 1)}
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := person.Read(b)
			if err != nil {
				return
			}
			c.mu.Lock()
			c.seen.Write(b[:n])
			c.mu.Unlock()
			select {
			case c.more <- struct{}{}:
			default:
			}
		}
	}()
	return c
}

// until waits for a text on the screen.
func (c *console) until(text string) {
	c.t.Helper()
	c.when(text, func(seen string) bool { return strings.Contains(seen, text) })
}

// asked waits for a question. What changes on a screen is drawn and not the
// whole of it, so that any stretch of the question tells.
func (c *console) asked(q plan.Question) {
	c.t.Helper()
	const stretch = 12
	c.when(q.Text, func(seen string) bool {
		for i := 0; i+stretch <= len(q.Text); i++ {
			if strings.Contains(seen, q.Text[i:i+stretch]) {
				return true
			}
		}
		return false
	})
}

func (c *console) when(what string, there func(seen string) bool) {
	c.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		now := there(c.seen.String())
		c.mu.Unlock()
		if now {
			return
		}
		select {
		case <-c.more:
		case <-deadline:
			c.t.Fatalf("the screen never held %q:\n%s", what, c.last())
		}
	}
}

// last is the end of what was written, for a failure.
func (c *console) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.seen.String()
	return fmt.Sprintf("%q", s[max(0, len(s)-1000):])
}

// types presses keys; what is awaited from now on must come after them.
func (c *console) types(keys string) {
	c.t.Helper()
	c.mu.Lock()
	c.seen.Reset()
	c.mu.Unlock()
	if _, err := c.person.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// starts runs the program on the terminal; its exit code comes over the channel.
func (c *console) starts(out *bytes.Buffer, environ []string, args ...string) <-chan int {
	code := make(chan int, 1)
	go func() { code <- run(args, c.tty, out, c.tty, environ) }()
	return code
}

func (c *console) ends(code <-chan int, want int) {
	c.t.Helper()
	select {
	case got := <-code:
		if got != want {
			c.t.Errorf("exit code: got %d, want %d; the screen:\n%s", got, want, c.last())
		}
	case <-time.After(20 * time.Second):
		c.t.Fatalf("it never ended; the screen:\n%s", c.last())
	}
}

// TestScoreAsks: on a terminal the questions come one by one, as a choice; where
// the terminal can do no more, line by line, and what is no answer is asked again.
func TestScoreAsks(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		yes     string
		wrong   string
	}{
		"as a choice":  {[]string{"TERM=xterm"}, "\x1b[A\x1b[A\r", ""}, // up twice from "do not know"
		"line by line": {[]string{"TERM=dumb"}, "yes\n", "perhaps\n"},
	} {
		t.Run(name, func(t *testing.T) {
			screen := openConsole(t)
			var out bytes.Buffer
			code := screen.starts(&out, c.environ, "score", "--format", "json")
			for i, q := range plan.Questions() {
				screen.asked(q)
				if i == 2 && c.wrong != "" {
					screen.types(c.wrong)
					screen.until(`"perhaps" is no answer`)
				}
				screen.types(c.yes)
			}
			screen.ends(code, exitReady)
			var s plan.Score
			if err := json.Unmarshal(out.Bytes(), &s); err != nil || s.Risk != 0 || s.Grade != "A" {
				t.Errorf("got risk %d, grade %s, %v", s.Risk, s.Grade, err)
			}
		})
	}
}

// TestScoreInterrupted: who stops in the middle gets no score.
func TestScoreInterrupted(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		keys    string
		want    int
	}{
		"a choice, ctrl-c":     {[]string{"TERM=xterm"}, "\x03", exitInterrupted},
		"line by line, ctrl-d": {[]string{"TERM=dumb"}, "\x04", exitSetup},
	} {
		t.Run(name, func(t *testing.T) {
			screen := openConsole(t)
			var out bytes.Buffer
			code := screen.starts(&out, c.environ, "score")
			screen.until("1 of ")
			screen.types(c.keys)
			screen.ends(code, c.want)
			if out.Len() > 0 {
				t.Errorf("a score all the same: %s", out.String())
			}
		})
	}
}
