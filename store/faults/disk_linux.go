package faults

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// FullDisk lets no file of the process grow beyond a length, as a full disk would, until
// what it gives is called, or the test is over. Tests beside it must not write long files.
func FullDisk(t testing.TB, length uint64) (room func()) {
	t.Helper()
	full := make(chan os.Signal, 1)
	signal.Notify(full, syscall.SIGXFSZ) // else it ends the process
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: length, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	room = func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() {
		room()
		signal.Stop(full)
	})
	return room
}
