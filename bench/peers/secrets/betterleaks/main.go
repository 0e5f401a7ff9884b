// Command betterleaks scans a folder with the library of Betterleaks as its own command
// "dir" does, by the options that the bench gives to Gitleaks. Its own program cannot be
// fetched by the Go module proxy; its packages config, detect and sources can. The regular
// expressions are the standard library's, which is its default.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/betterleaks/betterleaks/config"
	"github.com/betterleaks/betterleaks/detect"
	"github.com/betterleaks/betterleaks/report"
	"github.com/betterleaks/betterleaks/sources"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "dir" {
		return fmt.Errorf("usage: betterleaks dir --report-path FILE FOLDER")
	}
	f := flag.NewFlagSet("dir", flag.ContinueOnError)
	f.Bool("no-banner", true, "")
	f.String("exit-code", "0", "")
	f.String("report-format", "json", "")
	to := f.String("report-path", "", "file for what was found")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	cfg, err := config.Default()
	if err != nil {
		return err
	}
	d := detect.NewDetectorContext(ctx, cfg, detect.ValidationOptions{})
	d.MaxDecodeDepth = 5
	d.SkipFindingAppend = true
	found := []report.Finding{}
	for r := range d.Run(ctx, &sources.Files{ShouldSkip: d.SkipFunc(), Path: f.Arg(0), Sema: d.Sema}) {
		if r.Err != nil {
			return r.Err
		}
		found = append(found, r.Finding)
	}
	b, err := json.Marshal(found)
	if err != nil {
		return err
	}
	return os.WriteFile(*to, b, 0o600)
}
