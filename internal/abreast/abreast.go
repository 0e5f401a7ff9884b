// Package abreast lets tests run side by side that wait most of their time: for
// replies, for processes, for what never comes.
package abreast

import (
	"flag"
	"fmt"
	"runtime"
	"strconv"
)

// Tests lets so many tests of this process run at a time for each core, where -parallel
// does not say how many in all. It reads the command line, so that TestMain is the place
// for it.
func Tests(perCore int) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(perCore*runtime.GOMAXPROCS(0))); err != nil {
		panic(fmt.Sprintf("set -parallel: %v", err)) // the testing package has the flag
	}
}
