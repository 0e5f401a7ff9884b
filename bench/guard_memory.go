package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// spare are the descriptors that a proxy has open besides those of streams.
const spare = 128

// settled is how long a process is left alone before its memory is read.
const settled = 12 * time.Second

// idle reads the memory of processes that have served little.
func (f *field) idle(ctx context.Context) (err error) {
	var all []*subject
	defer func() { err = errors.Join(err, stopAll(all)) }()
	policy, chat, err := policies()
	if err != nil {
		return err
	}
	bare, err := f.startBare(ctx)
	if err != nil {
		return err
	}
	small, _, err := f.startGuard(ctx, "guard, auth, tenant, limits", staged(policy, 3))
	if err != nil {
		return errors.Join(err, bare.stop())
	}
	all = []*subject{bare, small}
	front, models, err := f.startGuard(ctx, "guard, everything and the model listener", chat)
	if err != nil {
		return err
	}
	all = append(all, front, models)
	if err := pause(ctx, settled); err != nil {
		return err
	}
	fresh := []memory{memoryOf(bare.pid), memoryOf(small.pid), memoryOf(front.pid)}
	var rows [][]string
	for i, s := range []*subject{bare, small, front} {
		path := "/v1/notes"
		if s == front {
			path = "/v1/chat/completions"
		}
		err := s.over(ctx, f.s.guard.callers, func(lines callers) error {
			_, err := lines.closed(ctx, question(path, s.header, false), time.Second)
			return err
		})
		if err != nil {
			return err
		}
		if err := pause(ctx, settled); err != nil {
			return err
		}
		after := memoryOf(s.pid)
		rows = append(rows, []string{s.name, megabytes(fresh[i].all), megabytes(fresh[i].own), megabytes(fresh[i].file), megabytes(after.all), megabytes(after.own), megabytes(after.file)})
	}
	return table(f.s, fmt.Sprintf("idle, MB in RAM: %s after the start, and %s after a second of load", settled, settled),
		[]string{"proxy", "all", "its own", "of files", "after load: all", "its own", "of files"}, rows)
}

// measureStreams is the part of -only guard that looks at streams, by itself.
func measureStreams(ctx context.Context, s *settings) error {
	for range s.runs {
		if err := (&field{s: s}).streaming(ctx); err != nil {
			return err
		}
	}
	return nil
}

// streaming reads the memory of proxies through which many event streams are open. Who
// reads them and who writes them are other processes.
func (f *field) streaming(ctx context.Context) error {
	n := f.s.guard.streams
	if n == 0 {
		return nil
	}
	if got := descriptors(uint64(2*n + spare)); got < uint64(2*n+spare) { //nolint:gosec // above 0
		n = (int(got) - spare) / 2 //nolint:gosec // a limit of descriptors
		fmt.Fprintf(f.s.out, "no more than %d descriptors are to be had: %d streams in place of %d\n", got, n, f.s.guard.streams)
	}
	// The upstream has to be one that was started with that many.
	again, stop, err := newField(ctx, f.s)
	if err != nil {
		return err
	}
	rows, err := again.streams(ctx, n)
	if err := errors.Join(err, stop()); err != nil {
		return err
	}
	return table(f.s, fmt.Sprintf("%d open event streams, MB in RAM after %s, three pieces each", n, 2*beat+settled),
		[]string{"proxy", "before: all", "its own", "open: all", "its own", "of files", "KB a stream", "most"}, rows)
}

func (f *field) streams(ctx context.Context, n int) ([][]string, error) {
	_, chat, err := policies()
	if err != nil {
		return nil, err
	}
	front, _, err := f.startGuard(ctx, "guard, front with spend", chat)
	if err != nil {
		return nil, err
	}
	all := []*subject{front}
	rows, err := f.held(ctx, front, n, nil)
	if err == nil {
		var bare *subject
		if bare, err = f.startBare(ctx); err == nil {
			all = append(all, bare)
			rows, err = f.held(ctx, bare, n, rows)
		}
	}
	return rows, errors.Join(err, stopAll(all))
}

// held opens the streams, lets them run, and reads what the proxy holds then.
func (f *field) held(ctx context.Context, s *subject, n int, rows [][]string) ([][]string, error) {
	if err := pause(ctx, settled); err != nil {
		return nil, err
	}
	before := memoryOf(s.pid)
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, self, "-part", fmt.Sprintf("hold=%d,%s", n, s.address))
	c.Env = append(os.Environ(), "BENCH_PATH=/v1/streams", "BENCH_HEADER="+s.header)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start who reads: %w", err)
	}
	holder := &server{c}
	in := bufio.NewReader(out)
	said, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(said, "open ") {
		return nil, errors.Join(fmt.Errorf("%s: the streams were not opened: %s", s.name, said), err, holder.stop())
	}
	if err := pause(ctx, 2*beat+settled); err != nil {
		return nil, errors.Join(err, holder.stop())
	}
	open := memoryOf(s.pid)
	err = holder.stop()
	if left, _ := in.ReadString('\n'); left != "" { // it says nothing where all were open to the end
		err = errors.Join(err, fmt.Errorf("%s: %s", s.name, strings.TrimSpace(left)))
	}
	return append(rows, []string{s.name, megabytes(before.all), megabytes(before.own), megabytes(open.all), megabytes(open.own), megabytes(open.file), fmt.Sprintf("%.1f", float64(open.all-before.all)/float64(n)/1024), megabytes(highWater(s.pid))}), err
}

// pause waits, or ends early.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
