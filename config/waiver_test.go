package config

import (
	"strings"
	"testing"
	"time"
)

// TestWaiversThatEnd: the day after, a pipeline gets a warning and a verdict,
// not a refusal to start.
func TestWaiversThatEnd(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		until string
		want  string // a warning holds it; "" is none
	}{
		"far off":                    {"2027-01-31", ""},
		"in 15 days":                 {"2026-12-08", ""},
		"in 14 days":                 {"2026-12-07", "ends on 2026-12-07"},
		"today":                      {"2026-11-23", "ends on 2026-11-23"},
		"yesterday, still somewhere": {"2026-11-22", "ended on 2026-11-22"},
		"long ago":                   {"2020-01-01", "ended on 2020-01-01 and does not count any more"},
	} {
		t.Run(name, func(t *testing.T) {
			text := head + "waivers: [{check: auth/no-credential, subject: /v1/reports/**, reason: r, owner: o, until: " + c.until + "}]\n"
			got, err := Parse("launchready.yaml", []byte(text), t.TempDir(), Options{Env: func(string) (string, bool) { return "", false }, Now: now})
			if err != nil {
				t.Fatalf("got %v, want it read", err)
			}
			said := strings.Join(got.Warnings, "\n")
			if c.want == "" && said != "" || !strings.Contains(said, c.want) {
				t.Errorf("got warnings %q, want %q", said, c.want)
			}
			if c.want != "" && !strings.HasPrefix(said, "launchready.yaml:4:") {
				t.Errorf("the warning names no place: %q", said)
			}
			if got.Waivers[0].Subject != "/v1/reports/**" {
				t.Errorf("subject: got %q", got.Waivers[0].Subject)
			}
		})
	}
}
