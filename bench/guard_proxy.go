package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// subject is a proxy under measurement, a process of its own, with what is asked of it.
type subject struct {
	name    string
	pid     int    // 0: none, the upstream itself
	address string // host:port
	header  string // fields of the request, a line each
	peer    bool   // somebody else's
	stop    func() error
}

// virtualKey is what the application holds for guard's listener in front of the provider.
const virtualKey = "bench-virtual-key-5d7b2f8e0c9a41d3"

// guardStages are what guard.yaml of the comparison adds, in its order.
var guardStages = [...]string{"auth", "tenant", "limits", "assertion", "body", "schema", "ownership", "answers", "slots", "log"}

// staged is the policy with the first so many stages.
func staged(text string, n int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, marks, _ := strings.Cut(line, "#")
		keep := !strings.HasPrefix(line, "#")
		for m := range strings.FieldsSeq(strings.ReplaceAll(marks, "#", " ")) {
			at := slices.Index(guardStages[:], strings.TrimLeft(m, "+-"))
			if m[0] == '+' && at >= n || m[0] == '-' && at < n {
				keep = false
			}
		}
		if keep {
			b.WriteString(strings.TrimRight(body, " \n") + "\n")
		}
	}
	return b.String()
}

// field of the peers that the comparison holds.
type field struct {
	s        *settings
	upstream string // its address
	env      map[string]string
	token    string
}

// startGuard runs the program under measurement by a policy. header has the caller's
// fields; the second subject is its listener in front of the provider, where it has one.
func (f *field) startGuard(ctx context.Context, name, policy string) (front, models *subject, err error) {
	dir := filepath.Join(f.s.dir, strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name))
	if err := f.lay("launchready", dir, nil); err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "guard.yaml"), []byte(filled(policy, f.env)), 0o600); err != nil {
		return nil, nil, fmt.Errorf("write the policy: %w", err)
	}
	lines := 1
	if strings.Contains(policy, "\nmodel:") {
		lines = 2
	}
	pid, said, stop, err := startQuiet(ctx, dir, lines, []string{"GUARD_ASSERTION=an assertion's secret of 32 bytes", "GUARD_PROVIDER_KEY=provider-key"}, f.s.binary, "guard", "-c", "guard.yaml")
	if err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", name, err)
	}
	front = &subject{name: name, pid: pid, address: strings.TrimPrefix(said[0], "http://"), header: "Authorization: Bearer " + f.token + "\r\n", stop: stop}
	if lines == 2 {
		models = &subject{name: "guard, model listener", pid: pid, address: strings.TrimPrefix(said[1], "model http://"), header: "Authorization: Bearer " + virtualKey + "\r\n", stop: func() error { return nil }}
	}
	return front, models, nil
}

// startBare runs a bare httputil.ReverseProxy.
func (f *field) startBare(ctx context.Context) (*subject, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	pid, said, stop, err := startQuiet(ctx, f.s.dir, 1, nil, self, "-part", "bare="+f.upstream)
	if err != nil {
		return nil, fmt.Errorf("start the bare proxy: %w", err)
	}
	return &subject{name: "bare ReverseProxy", pid: pid, address: strings.TrimPrefix(said[0], "http://"), header: "Authorization: Bearer " + f.token + "\r\n", stop: stop}, nil
}

// startPeer runs a proxy of somebody else, as its folder says. path is of the program;
// where there is none, it is looked for, and nil is what is not there.
func (f *field) startPeer(ctx context.Context, name, path string) (*subject, error) {
	if path == "" {
		path = name
	}
	program, err := exec.LookPath(path)
	if err != nil {
		fmt.Fprintf(f.s.out, "%s is absent (%s): left out\n", name, path)
		return nil, nil
	}
	if program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free now: these programs do not tell which they took
	if err != nil {
		return nil, fmt.Errorf("find a port: %w", err)
	}
	listen := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(listen, ":")
	dir := filepath.Join(f.s.dir, name)
	env := map[string]string{"DIR": dir, "LISTEN": listen, "PORT": port}
	if err := f.lay(name, dir, env); err != nil {
		return nil, err
	}
	command, err := os.ReadFile(filepath.Join(dir, "command"))
	if err != nil {
		return nil, err
	}
	header := "Authorization: Bearer " + f.token + "\r\n"
	if h, err := os.ReadFile(filepath.Join(dir, "header")); err == nil {
		header = strings.ReplaceAll(string(h), "\n", "\r\n")
	}
	args := invocations(string(command))[0][1:]
	pid, _, stop, err := startQuiet(ctx, dir, 0, []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "NODE_ENV=production", "LITELLM_LOCAL_MODEL_COST_MAP=True"}, program, args...)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	s := &subject{name: name, pid: pid, address: listen, header: header, stop: stop, peer: true}
	if err := listening(ctx, listen, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), stop())
	}
	return s, nil
}

// slow is how long a program may take to listen: LiteLLM takes half a minute.
const slow = 3 * time.Minute

func listening(ctx context.Context, address, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, slow)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if w, err := dial(ctx, address); err == nil {
			return w.conn.Close()
		}
		select {
		case <-ctx.Done():
			b, _ := os.ReadFile(filepath.Join(dir, "said")) // the error tells without it, too
			return fmt.Errorf("it does not listen on %s: %w\n%s", address, ctx.Err(), tail(b, 2000))
		case <-tick.C:
		}
	}
}

// lay writes what stands in a peer's folder.
func (f *field) lay(name, dir string, env map[string]string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a folder for %s: %w", name, err)
	}
	folder := "peers/guard/" + name
	list, err := fs.ReadDir(written, folder)
	if err != nil {
		return err
	}
	for _, e := range list {
		b, err := written.ReadFile(folder + "/" + e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), []byte(filled(filled(string(b), f.env), env)), 0o600); err != nil {
			return fmt.Errorf("write what %s reads: %w", name, err)
		}
	}
	return nil
}

// startQuiet starts a program that serves until it is interrupted, and reads so many
// lines of its output. What it says besides goes to a file: reading it would take this
// process's time.
func startQuiet(ctx context.Context, dir string, lines int, env []string, name string, args ...string) (pid int, said []string, stop func() error, err error) {
	file, err := os.OpenFile(filepath.Join(dir, "said"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return 0, nil, nil, err
	}
	defer file.Close()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env, c.Stderr, c.Stdout = dir, append(os.Environ(), env...), file, file
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // its own processes are its own to end
	c.WaitDelay = 20 * time.Second
	var out io.ReadCloser
	if lines > 0 {
		c.Stdout = nil
		if out, err = c.StdoutPipe(); err != nil {
			return 0, nil, nil, err
		}
	}
	if err := c.Start(); err != nil {
		return 0, nil, nil, err
	}
	s := &server{c}
	if lines > 0 {
		in := bufio.NewReader(out)
		for range lines {
			line, err := in.ReadString('\n')
			if err != nil {
				b, _ := os.ReadFile(file.Name()) // the error tells without it, too
				return 0, nil, nil, errors.Join(fmt.Errorf("%w\n%s", err, tail(b, 2000)), s.stop())
			}
			said = append(said, strings.TrimSpace(line))
		}
		go func() { _, _ = io.Copy(io.Discard, in) }()
	}
	return c.Process.Pid, said, s.stop, nil
}

// treeCPU is the CPU time of a process and those that it started.
func treeCPU(pid int) time.Duration {
	sum := time.Duration(0)
	for _, p := range tree(pid) {
		sum += cpuOf(p)
	}
	return sum
}

// tree are a process and those below it, as proc_pid_stat(5) tells parents.
func tree(pid int) []int {
	out := []int{pid}
	list, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return out
	}
	parent := map[int]int{}
	for _, name := range list {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil || len(f) < 2 {
			continue
		}
		if of, err := strconv.Atoi(string(f[1])); err == nil {
			parent[id] = of
		}
	}
	for i := 0; i < len(out); i++ {
		for id, of := range parent {
			if of == out[i] {
				out = append(out, id)
			}
		}
	}
	return out
}

// memory is what a process holds in RAM: all, what is its own, and what is of files,
// which other processes share (proc_pid_status(5)).
type memory struct{ all, own, file int64 }

func memoryOf(pid int) memory {
	var m memory
	for _, p := range tree(pid) {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(p) + "/status")
		if err != nil {
			continue // it has ended
		}
		m.all += statusField(b, "VmRSS:")
		m.own += statusField(b, "RssAnon:")
		m.file += statusField(b, "RssFile:")
	}
	return m
}

// question is a request as it goes over the connection.
func question(path, header string, streams bool) []byte {
	u := url.URL{Path: path}
	text := strings.Repeat("text ", answerSize/5-20)
	body := fmt.Sprintf(`{"tenant_id":"acme","text":%q,"tags":["one","two"],"priority":3}`, text)
	if path != "/v1/notes" {
		body = fmt.Sprintf(`{"model":"gpt-4o-mini","max_tokens":256,"messages":[{"role":"system","content":"You answer in one sentence."},{"role":"user","content":%q}],"stream":%t}`, text[:len(text)-100], streams)
	}
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: app.test\r\nContent-Type: application/json\r\nAccept: */*\r\nUser-Agent: bench\r\n%sContent-Length: %d\r\n\r\n%s", u.EscapedPath(), header, len(body), body)
}

func keyHash() string {
	sum := sha256.Sum256([]byte(virtualKey))
	return hex.EncodeToString(sum[:])
}
