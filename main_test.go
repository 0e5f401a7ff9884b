package launchready_test

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
)

// TestMain lets more audits run side by side than there are cores: each waits
// for replies, sockets and streams most of its time. -parallel still decides.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)+2)); err != nil {
			panic(err) // the testing package has the flag
		}
	}
	debug.SetGCPercent(400) // short-lived audits: memory is cheaper here than collecting it
	os.Exit(m.Run())
}
