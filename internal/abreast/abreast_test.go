package abreast

import (
	"flag"
	"runtime"
	"strconv"
	"testing"
)

// TestTests: the number is taken, and what the command line says is kept.
func TestTests(t *testing.T) {
	f := flag.Lookup("test.parallel")
	before := f.Value.String()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	want := strconv.Itoa(7 * runtime.GOMAXPROCS(0))
	Tests(7)
	if got := f.Value.String(); !given && got != want || given && got != before {
		t.Errorf("-parallel is %s, want %s, or %s where it was given", got, want, before)
	}
	Tests(9) // it is given now
	if got := f.Value.String(); !given && got != want || given && got != before {
		t.Errorf("-parallel is %s after a second call", got)
	}
}
