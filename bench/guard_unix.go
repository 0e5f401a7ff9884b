//go:build unix

package main

import "syscall"

// descriptors raises how many files a process may have open, this one and those that it
// starts, and gives how many that is.
func descriptors(want uint64) uint64 {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	if l.Cur >= want {
		want = l.Cur // to be set by hand: what is started inherits the limit only then
	}
	for _, hard := range []uint64{max(want, l.Max), l.Max} {
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: min(want, hard), Max: hard}) == nil {
			return min(want, hard)
		}
	}
	return l.Cur
}
