// Package redistest starts a Redis for a test.
package redistest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Server is one of a test's own, on loopback.
type Server struct {
	URL  string
	t    testing.TB
	port int
	args []string
	in   io.Closer
	cmd  *exec.Cmd
}

// Start starts one, which ends with the test and with the test's process. Without
// a redis-server or valkey-server the test is skipped, and fails where CI is true.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // only to find a port
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port //nolint:errcheck // it is one
	_ = ln.Close()
	s := &Server{URL: fmt.Sprintf("redis://127.0.0.1:%d/0", port), t: t, port: port, args: args}
	s.Up()
	t.Cleanup(s.Down)
	return s
}

func program(t testing.TB) string {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if at, err := exec.LookPath(name); err == nil {
			return at
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("there is no redis-server: make test installs one")
	}
	t.Skip("there is no redis-server: make test installs one")
	return ""
}

// Up starts the server, empty, at the same address as before.
func (s *Server) Up() {
	s.t.Helper()
	at := program(s.t)
	args := append([]string{"-c", `"$@" & pid=$!; cat >/dev/null; kill -9 $pid; wait $pid`, "sh", at, "--port", fmt.Sprint(s.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", s.t.TempDir()}, s.args...)
	s.cmd = exec.Command("sh", args...) //nolint:gosec,noctx // a program of the test's own, ended by its stdin
	in, err := s.cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.in = in
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "eady to accept connections") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	s.t.Fatal("redis-server does not start")
}

// Down ends the server at once.
func (s *Server) Down() {
	if s.in == nil {
		return
	}
	_ = s.in.Close()
	_ = s.cmd.Wait() // it was killed
	s.in = nil
}
