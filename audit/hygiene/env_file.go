package hygiene

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/expr"
)

func envFile() *lr.Check {
	return &lr.Check{
		ID:    "hygiene/env-file",
		Title: "No environment file is served",
		Why:   "A `.env` holds the keys of the database, of the model provider and of the tokens. It is the first file that scanners ask for, and one request is enough to lose everything.",
		Fix: "Serve a folder of built files only, never the folder of the project, and let the server refuse names that begin with a dot. " +
			"Take every value that was in the file for known: replace the keys today.",
		Guard:    "block_paths",
		Severity: lr.Critical,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "538"}, {Source: "CWE", ID: "200"}, {Source: "ASVS", ID: "v5.0.0-13.4.7"}},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return look(ctx, t, []string{
				"/.env", "/.env.local", "/.env.production", "/.env.prod", "/.env.development", "/.env.staging", "/.env.bak", "/.env.old", "/.env~",
				"/config/.env", "/backend/.env", "/api/.env",
			}, func(_ string, x *lr.Exchange) proof { return envProof(x) })
		},
	}
}

var envLine = expr.Lazy(`^(?:export )?([A-Za-z_][A-Za-z0-9_]+) ?= ?(.*)$`)

// envProof knows a file of NAME=value lines. Neither names nor values go into
// what is said; the evidence has the names alone.
func envProof(x *lr.Exchange) proof {
	body := string(x.Body[:min(len(x.Body), most)])
	if isHTML(x.Body) || strings.ContainsRune(body, 0) {
		return proof{}
	}
	var names []string
	filled, other := 0, 0
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := envLine().FindStringSubmatch(line)
		if m == nil || strings.ToUpper(m[1]) != m[1] && !strings.Contains(m[1], "_") {
			other++
			continue
		}
		if names = append(names, m[1]+"="); !placeholder(m[2]) {
			filled++
		}
	}
	if len(names) == 0 || other > len(names) || len(names) == 1 && (other > 0 || len(body) > 4096) {
		return proof{}
	}
	p := proof{witness: names[0], secret: strings.Join(names[:min(len(names), 60)], "[value withheld]\n") + "[value withheld]\n"}
	if filled == 0 {
		p.what, p.severity = fmt.Sprintf("an environment file of %d names without values", len(names)), lr.Low
		return p
	}
	p.what = fmt.Sprintf("an environment file of %d names, %d of them with a value", len(names), filled)
	return p
}

// placeholder reports a value that stands for one that is to be filled in.
func placeholder(v string) bool {
	v = strings.ToLower(strings.Trim(strings.TrimSpace(v), `"'`))
	switch v {
	case "", "changeme", "change_me", "change-me", "todo", "xxx", "xxxx", "null", "none":
		return true
	}
	return strings.HasPrefix(v, "your") || strings.HasPrefix(v, "<") && strings.HasSuffix(v, ">") || strings.HasPrefix(v, "${")
}
