// Command launchready audits a live multi-tenant chatbot before its buyer does.
//
// Its manners: stdout is the result and nothing else; stderr is progress, logs
// and the table of an audit. Exit codes: 0 ready, 1 not ready, 2 usage,
// configuration or set-up, 3 not enough tested, 4 an error inside the program,
// 130 interrupted.
package main

import (
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
