package plan

import (
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Ids of the red flags: signs that call for a senior engineer, because no single
// fix removes their cause.
const (
	ScatteredAuth   = "scattered-auth"
	OpenTools       = "open-tools"
	UnfilteredData  = "unfiltered-data"
	UnknownSecrets  = "unknown-secrets"
	NoIncidentOwner = "no-incident-owner"
)

// Flag is a red flag as it reads, whoever raises it.
type Flag struct{ ID, Title, Advice, Raised string }

var redFlagTexts = [...]Flag{
	{ScatteredAuth, "Auth is decided in several places",
		"Bring in a senior engineer to make one decision of it: who the caller is, what their role may do and whose data it is, in one layer that every route passes. Routes that are mended one by one break again with the next route.",
		"by the audit, when at least two of three decisions (the caller's identity, the caller's role, the owner of the data) are made on some routes and missing on others, on at least three groups of routes; and by the self-check"},
	{OpenTools, "Tools without an allow-list",
		"Bring in a senior engineer to list the tools that the model may call, with the arguments that each may get, and to let the server decide as the signed-in user, not the model.",
		"by the self-check"},
	{UnfilteredData, "Customer data reaches prompts unfiltered",
		"Bring in a senior engineer to put one filter between the data and the prompt: the caller's own tenant, the fields that the answer needs, nothing else.",
		"by the self-check"},
	{UnknownSecrets, "Nobody knows where the secrets live",
		"Bring in a senior engineer to list every secret with its place, its owner and how it is replaced, and to move them into one store.",
		"by the self-check"},
	{NoIncidentOwner, "No incident has an owner",
		"Name under owners.incidents who acts within 15 minutes on an outage, a leak, abuse and an exposed key. Where nobody can, bring in a senior engineer who sets the on-call up.",
		"by the audit, when the configuration names nobody under owners.incidents; and by the self-check"},
}

// Flags are the red flags, with what raises each.
func Flags() []Flag { return append([]Flag{}, redFlagTexts[:]...) }

func raise(id string, evidence []string) lr.RedFlag {
	for _, f := range redFlagTexts {
		if f.ID == id {
			return lr.RedFlag{ID: id, Title: f.Title, Evidence: evidence, Advice: f.Advice}
		}
	}
	return lr.RedFlag{ID: id, Title: id, Evidence: evidence}
}

// redFlags raises what the findings and the configuration show, and nothing that
// they do not. The second result holds the findings that are evidence.
func redFlags(in Input) ([]lr.RedFlag, map[string]bool) {
	var flags []lr.RedFlag
	evidence, findings := scattered(in.Rows)
	if evidence != nil {
		flags = append(flags, raise(ScatteredAuth, evidence))
	}
	if !in.Owners.anyIncident() {
		flags = append(flags, raise(NoIncidentOwner, []string{"launchready.yaml names nobody under owners.incidents"}))
	}
	return flags, findings
}

// What a pattern takes: two decisions, on three groups of routes. A single route
// that forgot something is a mistake, not a design.
const (
	leastDecisions = 2
	leastGroups    = 3
	mostNamed      = 4 // subjects, or checks, in a line of evidence
)

// gap is a decision that is made on some routes and missing on others.
type gap struct {
	of            decision
	subjects      []string
	checks        []string
	passed, asked int
}

// scattered looks for decisions that are made on some routes and missing on
// others. One that is missing everywhere is one missing layer, and no evidence:
// such a check passed nowhere, or its finding is the application's.
func scattered(rows []lr.RowReport) (evidence []string, findings map[string]bool) {
	gaps := []gap{{of: credential}, {of: role}, {of: tenant}}
	groups := map[string]bool{}
	findings = map[string]bool{}
	for i := range rows {
		row := &rows[i]
		for j := range row.Checks {
			c := &row.Checks[j]
			e, _ := effortOf(row, c)
			at := slices.IndexFunc(gaps, func(g gap) bool { return g.of == e.decides })
			if at < 0 || c.Verdict != lr.Failed || c.Passed == 0 {
				continue
			}
			shows := false
			for _, f := range c.Findings {
				g := group(f.Subject)
				if f.Confidence != lr.Confirmed || f.Waived != nil || g == "" {
					continue
				}
				groups[g], findings[f.ID], shows = true, true, true
				gaps[at].subjects = append(gaps[at].subjects, f.Subject)
			}
			if shows {
				gaps[at].checks = append(gaps[at].checks, c.ID)
				gaps[at].passed += c.Passed
				gaps[at].asked += c.Asked
			}
		}
	}
	for _, g := range gaps {
		if len(g.subjects) > 0 {
			evidence = append(evidence, fmt.Sprintf("%s is not decided on %s, while %d of %d questions of the same checks passed (%s)", g.of, few(g.subjects), g.passed, g.asked, few(g.checks)))
		}
	}
	if len(evidence) < leastDecisions || len(groups) < leastGroups {
		return nil, nil
	}
	return evidence, findings
}

func few(list []string) string {
	if n := len(list) - mostNamed; n > 1 {
		return strings.Join(list[:mostNamed], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(list, ", ")
}

// group is the part of the application that a route belongs to: the first word
// of its path that names something. "" is no route.
func group(subject string) string {
	method, path, ok := strings.Cut(subject, " ")
	if !ok || !strings.HasPrefix(path, "/") || method != strings.ToUpper(method) {
		return ""
	}
	path, _, _ = strings.Cut(path, " ")
	path, _, _ = strings.Cut(path, "?")
	for _, word := range strings.Split(path, "/") {
		if word == "" || word == "api" || strings.HasPrefix(word, "{") || version(word) {
			continue
		}
		return strings.ToLower(word)
	}
	return ""
}

// version reports a segment like v1 or v2beta.
func version(word string) bool {
	return len(word) > 1 && (word[0] == 'v' || word[0] == 'V') && word[1] >= '0' && word[1] <= '9'
}
