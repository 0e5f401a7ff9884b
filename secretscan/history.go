package secretscan

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
)

// Seen remembers which git objects were read by these rules, so that a second run
// reads what is new. Keys are object ids and marks of the state of a repository; they
// hold nothing of any content. An implementation must be safe for one goroutine.
type Seen interface {
	Has(key string) bool
	Add(key string) error
}

// RulesVersion changes when a document may be judged in another way than before: what was
// read by other rules is not seen.
const RulesVersion = "1"

// object is one that history has to read.
type object struct {
	id   string
	kind string // blob, commit, tag
	size int64
	path string // one of those it had; empty when nothing refers to it
}

// History scans every blob of the repository at dir once, whatever refers to it (branches,
// tags, stash, reflog, nothing at all), and the messages of commits and tags. Where a
// blob has a finding, its path and the first commit that brought it are looked up. What
// cannot be read (no git, no repository, blobs that a partial clone lacks) is in the
// coverage, and the error is nil; an error means that ctx ended or seen refused.
// Findings of objects that an earlier run saw are the caller's to keep.
func (s *Scanner) History(ctx context.Context, dir string, seen Seen) (Result, error) {
	c := s.collect()
	g := git{dir: dir}
	if _, err := g.output(ctx, "rev-parse", "--git-dir"); err != nil {
		if ctx.Err() != nil {
			return c.result(), ctx.Err()
		}
		c.coverage.skip(dir, NoGit, g.why(err))
		return c.result(), nil
	}
	err := s.history(ctx, c, g, seen)
	if err != nil {
		c.coverage.skip(dir, Interrupted, reasonOf(err))
		return c.result(), fmt.Errorf("scan the history of %s: %w", dir, err)
	}
	return c.result(), nil
}

func (s *Scanner) history(ctx context.Context, c *collector, g git, seen Seen) error {
	// Names alone need no look into the packs: the second run ends here.
	fresh, err := s.fresh(ctx, c, g, seen)
	if err != nil {
		return err
	}
	refs, err := g.output(ctx, "for-each-ref", "--format=%(objectname)")
	if err != nil {
		c.coverage.skip(g.dir, Malformed, g.why(err))
	}
	head, _ := g.output(ctx, "rev-parse", "-q", "--verify", "HEAD") // a repository without commits has none
	state := "refs:" + RulesVersion + ":" + fingerprint([]byte("refs"), string(refs)+string(head))
	if len(fresh) == 0 && seen != nil && seen.Has(state) {
		return nil
	}
	paths, complete, err := g.paths(ctx, c, fresh)
	if err != nil {
		return err
	}
	if err := s.objects(ctx, c, g, fresh, paths, seen); err != nil {
		return err
	}
	if err := g.commits(ctx, c); err != nil {
		return err
	}
	if complete && seen != nil {
		if err := seen.Add(state); err != nil {
			return fmt.Errorf("remember what was read: %w", err)
		}
	}
	return nil
}

// fresh lists the ids of objects that no earlier run read.
func (s *Scanner) fresh(ctx context.Context, c *collector, g git, seen Seen) (map[string]bool, error) {
	fresh := map[string]bool{}
	err := g.lines(ctx, nil, func(line []byte) error {
		id := string(line)
		if seen != nil && seen.Has(RulesVersion+":"+id) {
			c.coverage.Known++
			return nil
		}
		fresh[id] = true
		return nil
	}, "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c.coverage.skip(g.dir, Malformed, g.why(err))
	}
	return fresh, nil
}

// paths walks what is reachable once: the path of each fresh object, and what is missing.
func (g git) paths(ctx context.Context, c *collector, fresh map[string]bool) (map[string]string, bool, error) {
	paths := make(map[string]string, len(fresh)/2)
	complete := true
	err := g.lines(ctx, nil, func(line []byte) error {
		if len(line) > 0 && line[0] == '?' {
			complete = false
			c.coverage.skip(string(line[1:min(len(line), 41)]), Missing, "the clone is partial or damaged")
			return nil
		}
		id, name, ok := bytes.Cut(line, []byte(" "))
		if ok && len(name) > 0 && fresh[string(id)] {
			paths[string(id)] = string(name)
		}
		return nil
	}, "rev-list", "--objects", "--all", "--reflog", "--missing=print")
	if err != nil {
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		complete = false
		c.coverage.skip(g.dir, Malformed, g.why(err))
	}
	if shallow, err := g.output(ctx, "rev-parse", "--is-shallow-repository"); err == nil && strings.TrimSpace(string(shallow)) == "true" {
		complete = false
		c.coverage.skip(g.dir, Missing, "the clone is shallow: earlier commits are not there")
	}
	return paths, complete, nil
}

// objects reads what is fresh, in the order of the packs.
func (s *Scanner) objects(ctx context.Context, c *collector, g git, fresh map[string]bool, paths map[string]string, seen Seen) error {
	if len(fresh) == 0 {
		return nil
	}
	var todo []object
	err := g.lines(ctx, nil, func(line []byte) error {
		f := strings.Fields(string(line))
		if len(f) == 2 && fresh[f[0]] {
			c.coverage.skip("object "+f[0], Malformed, "git cannot read it")
		}
		if len(f) != 3 || !fresh[f[0]] {
			return nil
		}
		size, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil {
			return nil
		}
		o := object{f[0], f[1], size, paths[f[0]]}
		switch {
		case o.kind == "tree":
			return remember(seen, o.id)
		case size > s.options.MaxFile:
			c.coverage.skip(o.place(), TooLarge, fmt.Sprintf("%d bytes", size))
			return nil
		case o.kind == "blob" && isMediaName(o.path):
			c.coverage.skip(o.place(), Media, "")
			return remember(seen, o.id)
		}
		todo = append(todo, o)
		return nil
	}, "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.coverage.skip(g.dir, Malformed, g.why(err))
	}
	return s.contents(ctx, c, g, todo, seen)
}

func remember(seen Seen, id string) error {
	if seen == nil {
		return nil
	}
	if err := seen.Add(RulesVersion + ":" + id); err != nil {
		return fmt.Errorf("remember what was read: %w", err)
	}
	return nil
}

func (o object) place() string {
	if o.path != "" {
		return o.path
	}
	return o.kind + " " + o.id[:min(len(o.id), 12)]
}

// contents reads the objects through one git cat-file, which is fed with their ids.
func (s *Scanner) contents(ctx context.Context, c *collector, g git, todo []object, seen Seen) error {
	feed := func(w io.Writer) {
		b := bufio.NewWriter(w)
		for _, o := range todo {
			if _, err := b.WriteString(o.id + "\n"); err != nil {
				return
			}
		}
		_ = b.Flush() // git has gone: the reader is told
	}
	buf := &buffers{}
	read := 0
	err := g.stream(ctx, feed, func(r *bufio.Reader) error {
		for _, o := range todo {
			head, err := r.ReadString('\n')
			if err != nil {
				return fmt.Errorf("read the object after %d others: %w", read, err)
			}
			f := strings.Fields(head)
			if len(f) != 3 {
				c.coverage.skip(o.place(), Missing, "git does not have it")
				continue
			}
			size, err := strconv.ParseInt(f[2], 10, 64)
			if err != nil {
				return fmt.Errorf("read the size of an object: %w", err)
			}
			body := io.LimitReader(r, size)
			gaps := c.coverage.gaps()
			if err := s.object(ctx, c, o, body, buf); err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
			if _, err := io.Copy(io.Discard, body); err != nil {
				return fmt.Errorf("read an object: %w", err)
			}
			if _, err := r.Discard(1); err != nil {
				return fmt.Errorf("read an object: %w", err)
			}
			read++
			if c.coverage.gaps() > gaps {
				continue // what was not read whole is said again the next time
			}
			if err := remember(seen, o.id); err != nil {
				return err
			}
		}
		return nil
	}, "cat-file", "--batch", "--buffer")
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if read < len(todo) {
			c.coverage.skip(todo[read].place(), Malformed, fmt.Sprintf("%d objects were not read: %s", len(todo)-read, g.why(err)))
			return nil
		}
		c.coverage.skip(g.dir, Malformed, g.why(err))
	}
	return nil
}

// object scans one blob, or the message of a commit or a tag.
func (s *Scanner) object(ctx context.Context, c *collector, o object, r io.Reader, b *buffers) error {
	c.blob = o.id
	defer func() { c.blob = "" }()
	if o.kind != "blob" {
		c.coverage.Commits++
		files := c.coverage.Files
		err := s.read(ctx, c, o.kind+" "+o.id[:min(12, len(o.id))], r, b, mostNested)
		c.coverage.Files = files // a message is no file
		return err
	}
	return s.read(ctx, c, o.place(), r, b, 0)
}

func isMediaName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".bmp", ".tiff", ".avif", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3", ".mp4", ".webm", ".mov", ".avi", ".ogg", ".wav", ".flac", ".psd":
		return true
	}
	return false
}

// commits looks up the first commit that brought each blob with a finding: one walk over the paths
// of all of them.
func (g git) commits(ctx context.Context, c *collector) error {
	at := map[string][]int{}
	names := map[string]bool{}
	for i, f := range c.findings {
		p := &c.findings[i].Place
		if kind, _, ok := strings.Cut(f.Place.Path, " "); ok && (kind == "commit" || kind == "tag") {
			if kind == "commit" {
				p.Commit = f.Place.Blob
			}
			continue
		}
		at[f.Place.Blob] = append(at[f.Place.Blob], i)
		name, _, _ := strings.Cut(f.Place.Path, "!")
		names[name] = true
	}
	if len(at) == 0 {
		return nil
	}
	args := []string{"--literal-pathspecs", "log", "--all", "--reflog", "--raw", "--no-abbrev", "--no-renames", "--root", "--format=%H"}
	if len(names) <= 500 {
		args = append(args, "--")
		for n := range names {
			args = append(args, n)
		}
	}
	commit := ""
	err := g.lines(ctx, nil, func(line []byte) error {
		if len(line) == 0 {
			return nil
		}
		if line[0] != ':' {
			commit = string(line)
			return nil
		}
		f := bytes.Fields(line)
		if len(f) < 5 {
			return nil
		}
		for _, i := range at[string(f[3])] {
			c.findings[i].Place.Commit = commit // the log goes back in time: the last is the first
		}
		return nil
	}, args...)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return nil // a place without its commit is still a place
}

// git runs the program in a repository, with nothing of the user's configuration that would
// start another program or ask a network.
type git struct {
	dir string
}

func (g git) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "git", append([]string{"-C", g.dir, "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "safe.directory=*", "-c", "log.showSignature=false"}, args...)...) //nolint:gosec // the arguments are ours; the folder is the user's
	c.Env = append(os.Environ(), "GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_REPLACE_OBJECTS=1", "LC_ALL=C")
	return c
}

func (g git) output(ctx context.Context, args ...string) ([]byte, error) {
	out, err := g.command(ctx, args...).Output()
	if err != nil {
		return out, fmt.Errorf("run git %s: %w", args[0], err)
	}
	return out, nil
}

// why is what git said, in one line.
func (g git) why(err error) string {
	if errors.Is(err, exec.ErrNotFound) {
		return "the git program is not installed"
	}
	var e *exec.ExitError
	if errors.As(err, &e) && len(e.Stderr) > 0 {
		line, _, _ := strings.Cut(strings.TrimSpace(string(e.Stderr)), "\n")
		return line
	}
	return err.Error()
}

// lines runs git and hands over its output line by line.
func (g git) lines(ctx context.Context, feed func(io.Writer), line func([]byte) error, args ...string) error {
	return g.stream(ctx, feed, func(r *bufio.Reader) error {
		for {
			b, err := r.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				continue // a path of more than a buffer: no path
			}
			if len(b) > 0 {
				if err := line(bytes.TrimRight(b, "\n")); err != nil {
					return err
				}
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read from git: %w", err)
			}
		}
	}, args...)
}

// stream runs git, feeds it and reads its output.
func (g git) stream(ctx context.Context, feed func(io.Writer), read func(*bufio.Reader) error, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := g.command(ctx, args...)
	var said limited
	c.Stderr = &said
	out, err := c.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run git %s: %w", args[0], err)
	}
	var in io.WriteCloser
	if feed != nil {
		if in, err = c.StdinPipe(); err != nil {
			return fmt.Errorf("run git %s: %w", args[0], err)
		}
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("run git %s: %w", args[0], err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if feed != nil {
			feed(in)
			_ = in.Close() // git ends by it
		}
	}()
	err = read(bufio.NewReaderSize(out, 64<<10))
	if err != nil {
		cancel()
	}
	waited := c.Wait()
	<-done
	var exit *exec.ExitError
	if errors.As(waited, &exit) {
		exit.Stderr = said.b
	}
	if err != nil {
		return errors.Join(err, waited)
	}
	if waited != nil {
		return fmt.Errorf("run git %s: %w", args[0], waited)
	}
	return nil
}

// limited keeps the first words of what git complains about.
type limited struct{ b []byte }

func (l *limited) Write(p []byte) (int, error) {
	if room := 1000 - len(l.b); room > 0 {
		l.b = append(l.b, p[:min(len(p), room)]...)
	}
	return len(p), nil
}
