package export

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
)

// alone is the test of a finding that one request shows, whoever owns what: the
// request again, and the sign must be gone from the reply.
func (g *regression) alone() string {
	var seen []lr.EvidenceItem
	for _, e := range g.finding.Evidence {
		if e.Status != 0 && e.Request != "" && !strings.HasPrefix(e.As, "a page of") && !strings.HasPrefix(e.As, "a sandboxed page") {
			seen = append(seen, e)
		}
	}
	if len(seen) == 0 {
		return "its evidence is no request that can be sent again"
	}
	switch {
	case g.check.ID == "cors/vary-origin": // for either origin
	case strings.HasPrefix(g.check.ID, "cors/"):
		seen = seen[:1] // the others show what a page reads by it
	default:
		seen = seen[len(seen)-1:]
	}
	var why string
	for i, e := range seen {
		if why = g.repeat(e, i == 0); why != "" {
			return why
		}
	}
	return ""
}

// repeat sends the request of the evidence again and asserts that its sign is gone.
func (g *regression) repeat(e lr.EvidenceItem, first bool) string {
	p, ok := parse(e.Request)
	p.bare = local(g.o, p.bare)
	who, known := g.caller(e)
	switch {
	case e.Status == 101:
		return overSocket
	case !ok || masked(p.bare+p.query):
		return "its request is cut or masked in the report"
	case !known:
		return goneUser
	case !plain(p.body):
		return "its body is no text that a Hurl file can hold"
	}
	asserts, why := g.gone(e)
	if why != "" {
		return why
	}
	var options []string
	if g.check.ID == "hygiene/echoed-secret" {
		// What was sent was made up, and masked all the same: another does as well.
		if who != "" || !masked(p.credential) {
			return "its request is cut or masked in the report"
		}
		p.credential = strings.ReplaceAll(p.credential, "[secret]", "{{made_up}}")
		options = []string{makeCanary("made_up")}
	}
	if who == "" && (len(p.hidden) > 0 || masked(p.credential)) {
		return "its request is cut or masked in the report"
	}
	if masked(p.body) {
		if p.body, ok = fill(p.body, g.malformed(p.body)); !ok {
			return "its request is cut or masked in the report"
		}
		if strings.Contains(p.body, "{{made_up}}") {
			options = []string{makeCanary("made_up")}
		}
	}
	if first && who == "" {
		g.present()
	} else if first {
		g.alive(who)
	}
	asked, owner := p.bare, who
	if a := variableOf(g.o.A.Name); owner == "" && g.o.A.User != "" && variableName(a) {
		owner = a
	}
	if last, _ := g.addressed(&p, owner, "", false); last != nil && last.read != nil && p.bare != asked && owner != "" && first {
		g.h.request(owner+" is shown the object. Else its key is stale, and this is red.", owner, last.read, nil, []string{"[Asserts]", "status == 200"})
	}
	g.again(nobody(who)+" asks: "+e.Note, who, p, options, append([]string{"[Asserts]"}, append(answered(e.Status), asserts...)...))
	return ""
}

// present asks whether the API is there: another address, which has nothing, shows
// nothing either.
func (g *regression) present() {
	if c := g.whoami(""); c != nil {
		g.h.request("The API is here. Elsewhere nothing is shown either, and this is red.", "", c, nil, []string{"[Asserts]", "status < 500", "status != 404", "status != 429"})
	}
}

// malformed says what stands for a masked value of a request that was made wrong
// on purpose: the person's own password beside the person's name, what all other
// fields have, or a text that nobody has as a password.
func (g *regression) malformed(body string) func(field string) string {
	if p, ok := g.named(body); ok {
		return func(string) string { return g.password(p) }
	}
	var others []string
	for name, v := range object(body) {
		b, err := json.Marshal(v)
		if err == nil && !masked(string(b)) && !strings.EqualFold(name, "password") {
			others = append(others, string(b))
		}
	}
	slices.Sort(others)
	if others = slices.Compact(others); len(others) == 1 && others[0][0] != '"' {
		return func(string) string { return others[0] }
	}
	return func(string) string { return "{{made_up}}" }
}

// answered asserts that the reply is one to judge. Where the sign was found in a
// server error, a clean server error is no finding of the check.
func answered(status int) []string {
	if status < 500 {
		return []string{"status < 500", "status != 429"}
	}
	return []string{"status != 429", "status != 502", "status != 503", "status != 504"}
}

// plain reports a text that stands between the fences of a Hurl file as it is.
func plain(body string) bool {
	return utf8.ValidString(body) && !strings.Contains(body, "{{") && !strings.ContainsFunc(body, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == utf8.RuneError
	})
}
