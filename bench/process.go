package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// cost is what one process took.
type cost struct {
	wall time.Duration
	cpu  time.Duration // user and system
	peak int64         // resident bytes at most; 0 where the system does not tell
	code int
}

// spend runs the program in a folder to its end. Exit codes above most are an
// error: an audit that could not be asked measures nothing.
func spend(ctx context.Context, dir string, most int, name string, args ...string) (cost, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	started := time.Now()
	if err := c.Start(); err != nil {
		return cost{}, fmt.Errorf("start %s: %w", name, err)
	}
	ended := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- watch(c.Process.Pid, ended) }()
	err := c.Wait()
	took := cost{wall: time.Since(started)}
	close(ended)
	took.peak = <-peak
	took.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	took.code = c.ProcessState.ExitCode()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return took, ctx.Err()
	case err != nil && (!errors.As(err, &exit) || took.code < 0 || took.code > most):
		return took, fmt.Errorf("%s %v: %w\n%s", name, args, err, said.Bytes())
	}
	return took, nil
}

// watch reads the process's high-water mark until it ends. The kernel's own
// figure for a dead child (ru_maxrss) counts the parent's pages before the exec,
// and would say how large the bench is.
func watch(pid int, ended <-chan struct{}) int64 {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var peak int64
	for {
		peak = max(peak, highWater(pid))
		select {
		case <-ended:
			return peak
		case <-tick.C:
		}
	}
}

// highWater is VmHWM of proc_pid_status(5), in bytes; 0 when it is not told.
func highWater(pid int) int64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	return statusField(b, "VmHWM:")
}

// statusField reads a size in kB.
func statusField(status []byte, name string) int64 {
	for line := range bytes.Lines(status) {
		rest, ok := bytes.CutPrefix(line, []byte(name))
		if !ok {
			continue
		}
		f := bytes.Fields(rest)
		if len(f) != 2 || string(f[1]) != "kB" {
			return 0
		}
		n, err := strconv.ParseInt(string(f[0]), 10, 64)
		if err != nil {
			return 0
		}
		return n << 10
	}
	return 0
}

// ticks of a second in proc_pid_stat(5): USER_HZ, 100 on every Linux.
const userHz = 100

// cpuOf is the CPU time of a process that runs; 0 when it is not told.
func cpuOf(pid int) time.Duration {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	return statCPU(b)
}

// statCPU adds utime and stime, the 12th and 13th field after the name in
// brackets, which may hold spaces.
func statCPU(stat []byte) time.Duration {
	f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(f) < 13 {
		return 0
	}
	user, err1 := strconv.ParseInt(string(f[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(f[12]), 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * (time.Second / userHz)
}
