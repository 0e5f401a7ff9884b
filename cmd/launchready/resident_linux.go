package main

import (
	"bufio"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// lean gives back what only the start needed, once: garbage, and what is mapped of the
// program's own file. The kernel maps sixteen pages where one is touched, and every
// package's beginning touches some; what serves is two thirds of that. The pages are
// clean and stay in the kernel's cache, where those that are wanted are found again: the
// process has less in RAM, and the machine as much.
func lean() {
	debug.FreeOSMemory()
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	for _, m := range clean(f, self) {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED) // it stays as it was when that fails
	}
}

// stretch is a part of the address space.
type stretch struct{ from, to uintptr }

// clean lists what is mapped of a file and as that file has it, of proc_pid_smaps(5).
// That it may not be written to is not enough: where a program can be loaded anywhere,
// its relocations were written before their pages were closed (RELRO), and they are
// nowhere else.
func clean(smaps io.Reader, file string) []stretch {
	var out []stretch
	var at stretch // of the file, if it is one that can be had again
	for s := bufio.NewScanner(smaps); s.Scan(); {
		w := strings.Fields(s.Text())
		switch {
		case len(w) > 0 && !strings.HasSuffix(w[0], ":"): // the first line of a mapping
			at = stretch{}
			if len(w) != 6 || w[5] != file || w[1] != "r-xp" && w[1] != "r--p" {
				continue
			}
			from, to, _ := strings.Cut(w[0], "-")
			a, err1 := strconv.ParseUint(from, 16, strconv.IntSize)
			b, err2 := strconv.ParseUint(to, 16, strconv.IntSize)
			if err1 == nil && err2 == nil && a < b {
				at = stretch{uintptr(a), uintptr(b)}
			}
		case at.to > 0 && len(w) == 3 && w[0] == "Anonymous:" && w[1] == "0":
			out = append(out, at)
		}
	}
	return out
}
