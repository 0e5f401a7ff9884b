//go:build unix

package transport_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/transport"
)

// few is how many descriptors the guard of TestDescriptors may have open.
const few = 160

// TestServeFew is no test by itself: it is the guard that TestDescriptors floods, in a
// process whose descriptors are few.
func TestServeFew(t *testing.T) {
	app, bounded := os.Getenv("GUARD_FEW_UPSTREAM"), os.Getenv("GUARD_FEW_BOUNDED") != ""
	if app == "" {
		t.Skip("it serves TestDescriptors")
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: few, Max: few}); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(app)
	if err != nil {
		t.Fatal(err)
	}
	p, err := guard.New(guard.Options{Upstream: u, Routes: []*guard.Route{{Pattern: "/**", Public: true}}})
	if err != nil {
		t.Fatal(err)
	}
	c := &guard.Connections{Listener: listen(t)}
	if bounded {
		c.Max = transport.Room(10_000)
	}
	s := &transport.Server{Handler: p, Header: time.Minute}
	go func() { _ = s.Serve(c) }()
	fmt.Printf("serves %s %d\n", c.Addr(), c.Max)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the other goes
	_ = s.Close()
}

// TestDescriptors floods guard with connections that begin a request and say no more,
// up to the last descriptor it may have and beyond. Without a bound those that were
// there are served; with the bound that Room gives, new requests of theirs reach the
// upstream too. Once the flood is over everybody is served.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	for name, bounded := range map[string]string{"to the last one": "", "bounded": "yes"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/anew" {
					w.Header().Set("Connection", "close") // the next request needs a descriptor
				}
				_, _ = io.WriteString(w, "fine")
			}))
			defer app.Close()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServeFew$", "-test.timeout=2m")
			cmd.Env = append(os.Environ(), "GUARD_FEW_UPSTREAM="+app.URL, "GUARD_FEW_BOUNDED="+bounded)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close(); _, _ = io.Copy(io.Discard, out); _ = cmd.Wait() }()
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil || !strings.HasPrefix(line, "serves ") {
				t.Fatalf("it says %q, %v", line, err)
			}
			address := strings.Fields(line)[1]
			if most, err := strconv.Atoi(strings.Fields(line)[2]); err != nil || bounded != "" && (most < 10 || most > few/2) {
				t.Errorf("room for %s connections, %v", strings.Fields(line)[2], err)
			}

			was := dial(t, address)
			was.ask(t, "/fine", 200) // and its way to the upstream is open
			var flood []*caller
			for range 2 * few {
				c := dial(t, address)
				_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
				flood = append(flood, c)
			}
			for range 20 {
				was.ask(t, "/fine", 200)
			}
			if bounded != "" {
				for range 5 {
					was.ask(t, "/anew", 200)
				}
			}
			for _, c := range flood {
				_ = c.Close()
			}
			for began := time.Now(); ; { // descriptors come back as guard sees them close
				c := dial(t, address)
				if err := c.once("/anew", 200); err == nil {
					break
				} else if time.Since(began) > time.Minute {
					t.Fatalf("after the flood: %v", err)
				}
				_ = c.Close()
			}
		})
	}
}

// caller is a connection that is used again.
type caller struct {
	net.Conn
	answers *bufio.Reader
}

func dial(t *testing.T, address string) *caller {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return &caller{c, bufio.NewReader(c)}
}

func (c *caller) once(path string, want int) error {
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode != want {
		return fmt.Errorf("%s: %d %q, %v", path, res.StatusCode, b, err) //nolint:errorlint // it may be none
	}
	return nil
}

func (c *caller) ask(t *testing.T, path string, want int) {
	t.Helper()
	if err := c.once(path, want); err != nil {
		t.Fatalf("in the flood: %v", err)
	}
}
