package secrets

import (
	"context"

	lr "github.com/launchready/launchready"
)

var log = &lr.Check{
	ID:       "secrets/log",
	Title:    "Logs hold no secret",
	Why:      "Logs are copied to a vendor, kept for years and read by everybody who debugs. A token in a log is a session that anybody of them can take over, and CI logs of a public repository are public.",
	Fix:      "Change what is in there. Mask headers, tokens and addresses where the log is written (launchready redact filters a stream), and never print the environment in CI.",
	Severity: lr.High,
	Refs:     []lr.Ref{logged, asvsLogs},
	Needs:    lr.Logs,
	Last:     true, // what the others asked is in there by then
	Run: func(ctx context.Context, t *lr.Trial) error {
		return files(ctx, t, t.Target.Material.Logs, "a log")
	},
}
