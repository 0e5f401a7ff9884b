package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/cors"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/plan"
)

// openShare is how much of what a check asked may stay open before the check is
// Unknown: one subject in five. The open subjects are listed whatever the verdict.
const openShare = 5

// failed lists the outcomes that are confirmed failures.
func (res *result) failed() []lr.Outcome {
	var out []lr.Outcome
	for _, o := range res.outcomes {
		if o.Verdict == lr.Failed && o.Confidence == lr.Confirmed {
			out = append(out, o)
		}
	}
	return out
}

// verdict rolls a check's outcomes up: a confirmed failure fails it; it passes
// when something was asked and at most one subject in five stayed open; it is
// skipped when the question does not arise.
func (res *result) verdict() lr.Verdict {
	var passed, open, skipped int
	for _, o := range res.outcomes {
		switch {
		case o.Verdict == lr.Failed && o.Confidence == lr.Confirmed:
			return lr.Failed
		case o.Verdict == lr.Passed:
			passed++
		case o.Verdict == lr.Skipped:
			skipped++
		default:
			open++
		}
	}
	switch {
	case res.reason != "":
		return lr.Unknown
	case passed > 0 && open*openShare <= passed+open:
		return lr.Passed
	case passed == 0 && open == 0 && skipped > 0:
		return lr.Skipped
	}
	return lr.Unknown
}

// report rolls the run up.
func (r *run) report(ctx context.Context) *lr.Report {
	now := r.Now()
	rep := &lr.Report{
		Schema: lr.ReportSchema, Run: r.Run, Product: r.Target.Product, Target: r.Target.Base.String(), Environment: r.Target.Environment,
		Started: r.started.UTC(), Seconds: now.Sub(r.started).Seconds(), Requests: r.Client.Requests(),
		Partial: r.partial || len(r.rows) < len(lr.RowIDs()), Only: r.Only, Interrupted: ctx.Err() != nil, Tool: r.Tool, Seed: r.Seed, FailOn: r.FailOn,
		Waivers: r.Waivers, Warnings: r.Warnings, Orphans: r.orphans,
	}
	if r.Noticed != nil {
		rep.Warnings = append(slices.Clone(rep.Warnings), r.Noticed()...)
	}
	if rep.Waivers == nil {
		rep.Waivers = []lr.Waiver{}
	}
	for _, row := range r.rows {
		rep.Rows = append(rep.Rows, r.row(row, now))
	}
	rep.Warnings = append(slices.Clone(rep.Warnings), idleWaivers(rep, now)...)
	rep.Coverage, rep.Routes, rep.Description = r.coverage(), surfaceOf(r.Target), r.Description
	r.put(rep.Routes)
	rep.Front = cors.Front(&r.memo)
	rep.Readiness, rep.Reasons = readiness(rep)
	rep.Plan, rep.RedFlags = plan.Make(plan.Input{Rows: rep.Rows, FailOn: r.FailOn, Owners: r.Owners})
	rep.Rates = r.Rates
	rep.Assistant = r.talked()
	if r.Spent != nil {
		rep.SpentUSD = r.Spent().USD
	}
	return rep
}

func (r *run) row(row lr.Row, now time.Time) lr.RowReport {
	out := lr.RowReport{ID: row.ID, Title: row.Title, Pass: row.Pass, Verdict: lr.Skipped}
	var unknown []lr.CheckReport
	var failed []string
	for _, c := range row.Checks {
		cr := r.checkReport(c, now)
		out.Checks = append(out.Checks, cr)
		if cr.Verdict == lr.Unknown && !cr.Required {
			continue
		}
		out.Verdict = lr.Worse(out.Verdict, cr.Verdict)
		switch cr.Verdict {
		case lr.Failed:
			failed = append(failed, c.ID)
		case lr.Unknown:
			unknown = append(unknown, cr)
		}
	}
	switch out.Verdict {
	case lr.Failed:
		out.Reason = fmt.Sprintf("%d of %d checks failed", len(failed), len(row.Checks))
	case lr.Unknown:
		out.Reason = unasked(unknown)
	case lr.Skipped:
		out.Reason = "does not apply, or waived"
	case lr.Passed:
		for _, c := range out.Checks {
			if c.Latency != nil {
				out.Reason = c.Reason
			}
		}
	}
	return out
}

// unasked says what a row lacks: the one reason of all its open checks, or the
// names of the first of them. Each check says its own reason below.
func unasked(open []lr.CheckReport) string {
	const most = 3
	var ids []string
	same := true
	for _, c := range open {
		ids = append(ids, c.ID)
		same = same && c.Reason != "" && c.Reason == open[0].Reason
	}
	switch more := len(ids) - most; {
	case same && more > 0:
		return fmt.Sprintf("%d checks could not be asked: %s", len(ids), open[0].Reason)
	case more > 1:
		return fmt.Sprintf("could not be asked: %s and %d more", strings.Join(ids[:most], ", "), more)
	}
	return "could not be asked: " + strings.Join(ids, ", ")
}

func (r *run) checkReport(c *lr.Check, now time.Time) lr.CheckReport {
	res := r.results[c.ID]
	out := lr.CheckReport{
		ID: c.ID, Title: c.Title, Why: c.Why, Severity: c.Severity, Required: !c.Extra, Mutates: c.Effect > lr.Reads, Refs: c.Refs,
		Verdict: res.verdict(), Reason: res.reason, Seconds: res.took.Seconds(), Findings: []lr.Finding{},
	}
	for _, o := range res.outcomes {
		if o.Allowance != nil {
			out.Allowance = o.Allowance
		}
		if o.Latency != nil {
			out.Latency = o.Latency
			if o.Verdict == lr.Passed {
				out.Reason = o.Message // the figures are the answer
			}
		}
		switch o.Verdict {
		case lr.Skipped:
			if out.Reason == "" {
				out.Reason = o.Message
			}
			continue
		case lr.Unknown:
			out.Open = append(out.Open, o.Subject+": "+o.Message)
		case lr.Passed:
			out.Passed++
		}
		out.Asked++
	}
	out.Rate = pooled(res.outcomes)
	slices.Sort(out.Open)
	out.Open = slices.Compact(out.Open)
	if out.Verdict == lr.Unknown && out.Reason == "" {
		out.Reason = "nothing could be decided"
		if slices.ContainsFunc(res.outcomes, func(o lr.Outcome) bool { return o.Verdict == lr.Failed && o.Confidence == lr.Suspected }) {
			out.Reason = "what it found is suspected only, and nothing was found to be right"
		}
		if len(out.Open) > 0 {
			out.Reason = fmt.Sprintf("%d of %d subjects could not be asked, the first: %s", len(out.Open), out.Asked, out.Open[0])
		}
	}
	out.Findings = r.findings(c, res)
	r.waive(&out, now)
	return out
}

// pooled is the rate over all outcomes that have one: how often what a check
// tried came true, and how high the true rate may be. Nil where nothing was left
// to chance.
func pooled(os []lr.Outcome) *lr.Rate {
	hits, n := 0, 0
	for _, o := range os {
		if o.Rate != nil {
			hits, n = hits+o.Rate.Hits, n+o.Rate.N
		}
	}
	if n == 0 {
		return nil
	}
	r := oracle.Rate(hits, n)
	return &r
}

// findings makes one finding of each subject, however many identities showed it,
// and one of the whole application where nearly every subject fails alike.
func (r *run) findings(c *lr.Check, res *result) []lr.Finding {
	bySubject := map[string][]lr.Outcome{}
	var order []string
	decided := map[string]bool{}
	for _, o := range res.outcomes {
		if o.Verdict == lr.Passed || o.Verdict == lr.Failed {
			decided[o.Subject] = true
		}
		if o.Verdict != lr.Failed {
			continue
		}
		if bySubject[o.Subject] == nil {
			order = append(order, o.Subject)
		}
		bySubject[o.Subject] = append(bySubject[o.Subject], o)
	}
	sort.Strings(order)
	var sure []string
	for _, s := range order {
		if confirmed(bySubject[s]) != nil {
			sure = append(sure, s)
		}
	}
	out := []lr.Finding{}
	if !eachByItself(c) && len(sure) >= 5 && len(sure)*openShare >= len(decided)*(openShare-1) {
		out = append(out, r.whole(c, bySubject, sure, len(decided), "fail alike"))
		order = slices.DeleteFunc(order, func(s string) bool { return slices.Contains(sure, s) })
	} else if same := oneFault(bySubject, sure); len(same) >= 5 {
		out = append(out, r.whole(c, bySubject, same, len(decided), "fail in the same way"))
		order = slices.DeleteFunc(order, func(s string) bool { return slices.Contains(same, s) })
	}
	for _, s := range order {
		out = append(out, r.finding(c, bySubject[s]))
	}
	slices.SortStableFunc(out, func(a, b lr.Finding) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(b.Severity, a.Severity))
	})
	return out
}

// eachByItself reports a check whose subjects are mended one by one, however many
// there are: a secret is changed where it was issued, and what a file of the
// repository lacks is written there. Nothing of them is set in one place.
func eachByItself(c *lr.Check) bool {
	return c.Needs&(lr.Repository|lr.Logs) != 0 || strings.HasPrefix(c.ID, "secrets/")
}

// isRoute reports a subject like "GET /v1/chats as globex_member".
func isRoute(subject string) bool {
	method, path, ok := strings.Cut(subject, " ")
	return ok && strings.HasPrefix(path, "/") && method == strings.ToUpper(method)
}

// whole is one finding of the application for subjects that fail alike. It shows
// the one that is told best: what this run wrote can be written again, by whoever
// repeats the finding, and a value that was there before cannot.
func (r *run) whole(c *lr.Check, bySubject map[string][]lr.Outcome, alike []string, decided int, how string) lr.Finding {
	shown := alike[0]
	for _, s := range alike {
		if oracle.Planted(confirmed(bySubject[s]).Evidence) {
			shown = s
			break
		}
	}
	o := *confirmed(bySubject[shown])
	which := "The first"
	if shown != alike[0] {
		which = shown
	}
	o.Subject = application
	asked := "routes asked"
	if !slices.ContainsFunc(alike, isRoute) {
		asked = "asked"
	}
	o.Message = fmt.Sprintf("%d of %d %s %s, so the fault is the application's: %s. %s: %s", len(alike), decided, asked, how, strings.Join(alike, ", "), which, o.Message)
	f := r.finding(c, []lr.Outcome{o})
	f.Subjects = alike
	return f
}

// oneFault lists the subjects of the fault that most of them name: some checks
// know that what they see on many routes is set in one place.
func oneFault(bySubject map[string][]lr.Outcome, sure []string) []string {
	of := map[string][]string{}
	var most string
	for _, s := range sure {
		o := confirmed(bySubject[s])
		if o.Fault == "" {
			continue
		}
		key := o.Severity.String() + " " + o.Fault
		if of[key] = append(of[key], s); len(of[key]) > len(of[most]) {
			most = key
		}
	}
	return of[most]
}

func confirmed(os []lr.Outcome) *lr.Outcome {
	for i := range os {
		if os[i].Confidence == lr.Confirmed {
			return &os[i]
		}
	}
	return nil
}

func (r *run) finding(c *lr.Check, os []lr.Outcome) lr.Finding {
	best := confirmed(os)
	if best == nil {
		best = &os[0]
	}
	f := lr.Finding{
		ID: lr.Fingerprint(c.ID, best.Subject), Confidence: best.Confidence, Severity: best.Severity, Subject: best.Subject, Subjects: best.Subjects,
		Message: best.Message, Fix: c.Fix, Guard: c.Guard, Refs: c.Refs, Rate: best.Rate,
	}
	if best.Fix != "" {
		f.Fix += "\n\n" + best.Fix
	}
	f.Replay = "launchready audit replay " + f.ID
	f.Replay += consents(c)
	if r.Again != "" {
		f.Replay += " " + r.Again
	}
	if f.Severity == 0 {
		f.Severity = c.Severity
	}
	if n := len(os) - 1; n > 0 {
		f.Message += fmt.Sprintf(" (and %d more %s)", n, plural(n, "way"))
	}
	f.Evidence = r.Evidence(best.Evidence)
	return f
}

// consents are the flags without which the check is not asked again.
func consents(c *lr.Check) string {
	out := ""
	if c.Effect == lr.Writes || c.Effect == lr.Destroys || c.Needs&lr.Changes != 0 {
		out += " --mutate"
	}
	switch c.Effect {
	case lr.Spends:
		out += " --spend 1"
	case lr.Loads:
		out += " --load"
	}
	return out
}

func (r *run) coverage() lr.Coverage {
	probed, conclusive := map[string]bool{}, map[string]bool{}
	known := map[string]bool{}
	for _, rt := range r.Target.Routes {
		if rt.Declared {
			known[rt.String()] = true
		}
	}
	for _, res := range r.results {
		for _, o := range res.outcomes {
			subject, _, _ := strings.Cut(o.Subject, " as ")
			if known[subject] {
				probed[subject] = true
				if o.Verdict == lr.Passed || o.Verdict == lr.Failed {
					conclusive[subject] = true
				}
			}
		}
	}
	return lr.Coverage{Routes: len(known), Probed: len(probed), Conclusive: len(conclusive)}
}
