// Package sample holds reports of a made-up product, in code: a flawed run, a
// clean one, and one whose every string is hostile. Renderers are tested, and
// their looks judged, on them.
package sample

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/redact"
	"github.com/launchready/launchready/report"
)

const (
	base   = "http://127.0.0.1:8080"
	canary = "lr1-7f3a09-acme-12-5be2c1d07a9f4e6680b3d1c2"
)

// Flawed is a run that a launch must wait for.
func Flawed() *lr.Report {
	r := frame()
	r.Readiness = lr.NotReady
	r.Reasons = []string{
		"isolation/foreign-read: another tenant's member reads any chat by its id",
		"auth/alg-none: an unsigned token is accepted",
		"auth/no-credential: invoices are readable without signing in",
		"email/dmarc-present: no DMARC record on harbor.test",
	}
	r.Rows = []lr.RowReport{
		row("auth", "Auth on all API routes", "no unauthenticated or badly authenticated request reads or changes customer data", lr.Failed, "2 of 8 required checks failed",
			noCredential(), algNone(), enumeration(),
			passed("auth/garbage-credential", "A garbage credential is refused", lr.Critical, 61),
			passed("auth/expired-token", "An expired token is refused", lr.Critical, 1),
			passed("auth/function-level", "A member cannot call what is the administrator's", lr.Critical, 14),
			unknown("auth/password-reset", "A password reset token works once", lr.High, false, "no mailbox is configured: the reset mail cannot be read"),
			skipped("auth/graphql-introspection", "GraphQL introspection is for signed-in callers", "the target has no GraphQL endpoint")),
		row("isolation", "Tenant isolation", "no tenant reads or changes another's data: by API, through the model, in the database, from a cache", lr.Failed, "1 of 6 required checks failed",
			foreignRead(), existence(),
			passed("isolation/list-leak", "A list holds the caller's tenant only", lr.Critical, 18),
			passed("isolation/foreign-update", "Another tenant's object cannot be changed", lr.Critical, 12),
			passed("isolation/foreign-delete", "Another tenant's object cannot be deleted", lr.Critical, 9),
			passed("isolation/shared-cache", "No cache serves one tenant's reply to another", lr.Critical, 22),
			predictable()),
		row("secrets", "Secrets handling", "zero secrets in repository, history, logs, client bundle, browser storage, CI output or error output", lr.Passed, "",
			passed("secrets/repository", "The repository and its history hold no secret", lr.Critical, 1),
			passed("secrets/client-bundle", "The client bundle holds no secret", lr.Critical, 4)),
		row("input", "Input validation", "every public input is schema-validated and size-limited; hostile input fails cleanly", lr.Passed, "",
			passed("input/body-size", "An oversized body is refused", lr.High, 31)),
		row("limits", "Rate limiting and cost", "per-IP, per-user and per-organisation limits, spend caps, concurrency caps, idempotency hold", lr.Passed, "",
			passed("limits/login", "Sign-in attempts are limited", lr.High, 1)),
		row("hygiene", "Error hygiene", "production errors expose no stack traces or internals", lr.Passed, "",
			passed("hygiene/stack-trace", "No error shows a stack trace", lr.Medium, 63)),
		row("cors", "CORS policy", "allowed origins are explicit and minimal", lr.Passed, "",
			passed("cors/reflected-origin", "An unknown origin is not reflected", lr.High, 63)),
		row("email", "Email auth setup", "SPF, DKIM and DMARC all pass on the sending domain", lr.Failed, "1 of 3 required checks failed",
			dmarc(), passed("email/spf-present", "SPF is published", lr.High, 1), passed("email/dkim-present", "DKIM is published", lr.High, 1)),
		row("https", "HTTPS, redirects, DNS, edge", "TLS everywhere, HTTP redirects to HTTPS, every subdomain resolves to something owned, the edge is configured, nothing private is cached", lr.Skipped, "waived",
			waived()),
		row("monitoring", "Monitoring and alerting", "uptime checks plus auth and error alerts are active within 5 minutes of failure, proved by a drill", lr.Unknown, "no drill has been run: nothing is known about how fast an alert arrives",
			unknown("monitoring/alert-drill", "An alert reaches a person within five minutes", lr.High, true, "no drill has been run")),
		row("model", "The model and its tools", "tool use is allow-listed; injected instructions cannot read, write, call out or leak; customer data is filtered", lr.Passed, "", injection()),
		row("latency", "Latency", "p95 under 500 ms for normal chat requests", lr.Passed, "", latency()),
		row("operations", "Operations", "no forgotten environment variable; roll-back rehearsed; every incident has an owner who can act within 15 minutes", lr.Unknown, "no owner is named for the incident “key-exposed”",
			unknown("operations/incident-owner", "Every incident has an owner", lr.High, true, "owners.incidents.key-exposed is not set in launchready.yaml")),
	}
	r.Waivers = []lr.Waiver{{Check: "https/hsts-preload", Reason: "The apex still serves a legacy page over HTTP until the move in January.", Owner: "cto@harbor.test", Until: "2027-01-31"}}
	r.Rates = &lr.Rates{Currency: "USD", Hour: 120, Senior: 180}
	r.Plan, r.RedFlags = plan.Make(plan.Input{Rows: r.Rows, FailOn: r.FailOn, Owners: plan.Owners{Default: "backend@harbor.test", Rows: map[string]string{"email": "ops@harbor.test"}, Incidents: map[string]string{"outage": "ops@harbor.test"}}})
	r.Assistant = &lr.AssistantReport{Subject: "POST /v1/chats/{chat_id}/messages", Preset: "auto", Computes: []string{"join", "initials"}, Remembers: true, Uploads: true,
		Twins: []string{"POST /v1/chat/completions"}, Calls: 214, Guessed: 3, Tokens: 91_244, Utility: &lr.Utility{Asked: 20, Answered: 18, Refused: 1, Failed: 1}}
	r.Warnings = []string{"openapi.yaml: 2 parameters without a schema were read as strings", "GET /v1/reports/{report_id} answered 500 three times and was passed over"}
	r.Orphans = []string{"POST /v1/exports made export exp_19; no route deletes it"}
	return r
}

// Clean is a run that found nothing.
func Clean() *lr.Report {
	r := Flawed()
	r.Run, r.Readiness, r.Started = "20261124-091500-c1ea", lr.Ready, r.Started.Add(19*time.Hour)
	r.Reasons, r.Waivers, r.Plan, r.Warnings, r.Orphans = nil, nil, nil, nil, nil
	r.RedFlags, r.Rates = nil, nil
	r.Coverage = lr.Coverage{Routes: 63, Probed: 63, Conclusive: 63}
	for i := range r.Rows {
		row := &r.Rows[i]
		row.Verdict, row.Reason = lr.Passed, ""
		for j := range row.Checks {
			c := &row.Checks[j]
			c.Findings, c.Open, c.Waived = nil, nil, nil
			if c.Verdict != lr.Skipped || c.Reason == "waived" {
				c.Verdict, c.Reason = lr.Passed, ""
			}
			c.Asked = max(c.Asked, 1)
			c.Passed = c.Asked
		}
	}
	return r
}

// Hostile is Flawed with every string a finding or a target could control made
// to break out of a renderer, and a body of the given size.
func Hostile(size int) *lr.Report {
	r := Flawed()
	r.Product, r.Target, r.Config = Attack, "javascript:alert(1)//"+Attack, "../../"+Attack
	r.Warnings, r.Orphans, r.Reasons = []string{Attack}, []string{Attack}, []string{Attack}
	r.Baseline = &lr.Baseline{Run: Attack, Fixed: []lr.FixedFinding{{ID: Attack, Check: Attack, Subject: Attack, Message: Attack}}}
	r.Rates = &lr.Rates{Currency: Attack, Hour: 1}
	r.Assistant.Subject, r.Assistant.Preset, r.Assistant.Twins = Attack, Attack, []string{Attack}
	r.RedFlags = []lr.RedFlag{{ID: Attack, Title: Attack, Evidence: []string{Attack, ""}, Advice: Attack}}
	for i := range r.Plan {
		w := &r.Plan[i]
		w.ID, w.Title, w.Package, w.Owner, w.Guard, w.Steps = Attack, Attack, Attack, Attack, []string{Attack}, []string{Attack, ""}
		w.How = []string{Attack, "guard", "senior engineer"}[i%3]
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		row.Reason = Attack
		for j := range row.Checks {
			c := &row.Checks[j]
			c.Reason, c.Open = Attack, []string{Attack}
			if c.Waived != nil {
				c.Waived = &lr.Waiver{Check: c.ID, Reason: Attack, Owner: Attack, Until: Attack}
			}
			for k := range c.Findings {
				f := &c.Findings[k]
				f.Subject, f.Message, f.Fix, f.Replay, f.Guard = Attack, Attack, Attack, Attack, Attack
				for n := range f.Evidence {
					e := &f.Evidence[n]
					e.Request, e.Response, e.Note, e.As, e.Curl, e.Text = Attack, Attack+strings.Repeat("A", size), Attack, Attack, Attack, Attack
					e.Witness = []string{Attack, "", "A"}
				}
			}
		}
	}
	return r
}

// Rerun is Flawed against an earlier run: a finding is new, two are gone, and
// of those one was not decided again.
func Rerun() *lr.Report {
	r := Flawed()
	r.Baseline = &lr.Baseline{
		Run: "20261116-091133-5d02", Started: r.Started.Add(-7 * 24 * time.Hour),
		Fixed:    []lr.FixedFinding{{ID: "lr-0f1e2d3c4b5a", Check: "isolation/foreign-update", Subject: "PATCH /v1/chats/{chat_id}", Message: "globex_member renames acme's chat."}},
		Unproven: []lr.FixedFinding{{ID: "lr-5a4b3c2d1e0f", Check: "auth/password-reset", Subject: "POST /v1/auth/reset", Message: "A reset token works twice."}},
	}
	for i := range r.Rows {
		for j := range r.Rows[i].Checks {
			for k := range r.Rows[i].Checks[j].Findings {
				f := &r.Rows[i].Checks[j].Findings[k]
				f.State = lr.StateUnchanged
				if r.Rows[i].Checks[j].ID == "auth/alg-none" {
					f.State = lr.StateNew
				}
			}
		}
	}
	return r
}

// Attack holds what breaks out of HTML, CSS, scripts, XML, Markdown, logs of CI and
// terminals.
const Attack = "</style></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`" +
	"\x1b[2J\x1b]8;;http://evil.test\x07\u202eevil\u2028\u2029\u200b\r\n[x](javascript:alert(1)) ![x](http://evil.test/x.png) {{.}} \xff\x00" +
	"]]>--><!--\n::error::forged\n::add-mask::a ##[add-mask]a\n```\n~~~\n</details>\n@everyone alert(1) #1 GH-1 a@evil.test | x | {0} $(id) \ufffe\uffff"

func frame() *lr.Report {
	return &lr.Report{
		Schema: lr.ReportSchema, Run: "20261123-140210-7f3a", Product: "Harbor Assist", Target: base, Environment: "staging",
		Started: time.Date(2026, 11, 23, 14, 2, 10, 0, time.UTC), Seconds: 8.42, Requests: 1874, SpentUSD: 0.03,
		Tool: "launchready 0.1.0", Seed: 1, FailOn: lr.High, Coverage: lr.Coverage{Routes: 63, Probed: 63, Conclusive: 58},
	}
}

func row(id, title, pass string, v lr.Verdict, reason string, checks ...lr.CheckReport) lr.RowReport {
	return lr.RowReport{ID: id, Title: title, Pass: pass, Verdict: v, Reason: reason, Checks: checks}
}

func exchange(as, note, method, path string, status int, body string, took time.Duration) *lr.Exchange {
	x := &lr.Exchange{
		As: as, Note: note, Method: method, URL: base + path, Request: http.Header{"Accept": {"application/json"}},
		Status: status, Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "X-Request-Id": {fmt.Sprintf("req_%s%d", as[:2], status)}},
		Body: []byte(body), Took: took,
	}
	if as != "anonymous" {
		x.Request.Set("Authorization", "Bearer [secret]")
	}
	return x
}

func evidence(witness string, xs ...*lr.Exchange) []lr.EvidenceItem {
	return report.Items(lr.Evidence{Exchanges: xs, Witness: []string{witness}}, "log", redact.New())
}
