//go:build unix

package transport

import "syscall"

// kept are the descriptors that are for no connection: listeners, files, stores.
const kept = 64

// Room is how many of so many connections the process has descriptors for: a request
// takes two of them, one towards its caller and one towards the upstream. Without it a
// flood takes those that the requests of others need.
func Room(connections int) int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return connections
	}
	if l.Cur > 1<<31 {
		return connections
	}
	return min(connections, max((int(l.Cur)-kept)/2, 1)) //nolint:gosec // under 2^31
}
