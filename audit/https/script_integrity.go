package https

import (
	"strings"

	lr "github.com/launchready/launchready"
)

var scriptIntegrity = &lr.Check{
	ID:       "https/script-integrity",
	Title:    "Scripts of other hosts are pinned to their content",
	Why:      "Whoever gets into that host runs code in the session of every user of yours.",
	Fix:      "Serve the script yourself, or add `integrity=\"sha384-…\" crossorigin=\"anonymous\"` for a version that does not change.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refHeaders, {Source: "CWE", ID: "353"}, {Source: "CWE", ID: "829"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachPage("loads no script of others unpinned", judgeScriptIntegrity),
}

func judgeScriptIntegrity(t *lr.Trial, p page) (lr.Severity, string) {
	for _, e := range elements(p.x) {
		host := e.to.Hostname()
		if e.name == "script" && !e.integrity && host != "" && host != t.Target.Domain.Name && !strings.HasSuffix(host, "."+t.Target.Domain.Name) && host != t.Target.Base.Hostname() {
			return 0, "loads " + e.to.String() + " without integrity"
		}
	}
	return 0, ""
}
