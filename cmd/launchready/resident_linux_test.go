package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestClean: only what a file holds as it is mapped may be forgotten.
func TestClean(t *testing.T) {
	mapping := func(at, mode, file string, anonymous int) string {
		return fmt.Sprintf("%s %s 00000000 08:01 131 %s\nSize:                 64 kB\nRss:                  64 kB\nAnonymous:      %8d kB\nVmFlags: rd mr mw me\n", at, mode, file, anonymous)
	}
	const self = "/usr/bin/launchready"
	for name, c := range map[string]struct {
		smaps string
		want  []stretch
	}{
		"code and constants":           {mapping("00400000-00500000", "r-xp", self, 0) + mapping("00500000-00600000", "r--p", self, 0), []stretch{{0x400000, 0x500000}, {0x500000, 0x600000}}},
		"what may be written to":       {mapping("00600000-00700000", "rw-p", self, 0), nil},
		"what was, before it was shut": {mapping("00700000-00800000", "r--p", self, 8), nil},
		"shared with others":           {mapping("00400000-00500000", "r--s", self, 0), nil},
		"another file":                 {mapping("7f0000000000-7f0000001000", "r-xp", "/lib/libc.so.6", 0), nil},
		"no file":                      {mapping("7f0000000000-7f0000001000", "r--p", "", 0), nil},
		"one behind another file's":    {mapping("00400000-00500000", "r-xp", self, 4) + mapping("7f0000000000-7f0000001000", "r-xp", "/lib/libc.so.6", 0), nil},
		"no addresses":                 {mapping("x-y", "r-xp", self, 0) + mapping("00500000-00400000", "r-xp", self, 0), nil},
		"nothing":                      {"", nil},
	} {
		if got := clean(strings.NewReader(c.smaps), self); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %x, want %x", name, got, c.want)
		}
	}
}

// TestLean: what was given back is found again, and there is something to give back.
func TestLean(t *testing.T) {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Skip(err)
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	if len(clean(f, self)) == 0 {
		t.Errorf("nothing of %s is mapped as it is", self)
	}
	before := scorecard()
	lean()
	if after := scorecard(); len(after) != len(before) || len(after) == 0 || after[0].Title != before[0].Title {
		t.Errorf("the scorecard has %d rows, and had %d", len(after), len(before))
	}
}
