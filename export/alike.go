package export

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Words with a digit change from reply to reply: ids, times, what the request
// said. What is left of two replies is compared.
const loud = `[A-Za-z0-9_.:-]*[0-9][A-Za-z0-9_.:-]*`

var loudly = regexp.MustCompile(loud)

func quiet(body string) string { return loudly.ReplaceAllString(body, "~") }

// alike has two requests answered in the same words, with the same status.
func (g *regression) alike(first, second lr.EvidenceItem, send func(i int, response []string)) string {
	if first.Status == second.Status && quiet(responseBody(first)) == quiet(responseBody(second)) {
		return "it shows by what changes in every reply, or by time"
	}
	send(0, []string{"[Captures]", "first_status: status", "first_words: body replaceRegex /" + loud + `/ "~"`, "[Asserts]", "status < 500", "status != 429"})
	send(1, []string{"[Asserts]", "status == {{first_status}}", "body replaceRegex /" + loud + `/ "~" == {{first_words}}`})
	return ""
}

// enumerated: a user who exists is answered as one who does not.
func (g *regression) enumerated(seen []lr.EvidenceItem) string {
	if len(seen) != 2 {
		return unclear
	}
	var ps [2]parsed
	for i := range ps {
		var ok bool
		if ps[i], ok = g.from(seen[i]); !ok {
			return unsent
		}
	}
	known, unknown := object(ps[0].body), object(ps[1].body)
	var login string
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if known[k] != unknown[k] {
			if login != "" {
				return unclear
			}
			login = k
		}
	}
	stranger, _ := unknown[login].(string)
	if stranger == "" {
		return unclear
	}
	domain := ""
	if at := strings.IndexByte(stranger, '@'); at >= 0 {
		domain = stranger[at:]
	}
	if why := g.guest(g.o.A.Tenant, "member"); why != "" {
		return why
	}
	for i, who := range []string{"{{guest_user}}", "{{stranger}}"} {
		body, ok := fill(set(ps[i].body, map[string]any{login: who}), func(string) string { return "{{made_up}}" })
		if !ok {
			return unsent
		}
		body, _ = uncanary(body, "made_up")
		ps[i].body = body
	}
	g.own("stranger", "made_up")
	return g.alike(seen[0], seen[1], func(i int, response []string) {
		says := []string{"One asks about a user who exists, and just signed in.", "One asks about a user who does not, and is answered the same."}
		g.again(says[i], "", ps[i], []string{newest("stranger", "lrx{{newUuid}}"+domain), makeCanary("made_up")}, response)
	})
}

// existing: an object of another tenant is answered as one that does not exist.
func (g *regression) existing(seen []lr.EvidenceItem) string {
	foreign, ok := noted(seen, "foreign object")
	missing, too := noted(seen, "missing object")
	who, fine := g.caller(foreign)
	p, sent := g.from(foreign)
	q, also := g.from(missing)
	if !ok || !too || !fine || who == "" {
		return unclear
	}
	if !sent || !also || p.secret() || q.secret() {
		return unsent
	}
	owner, known := g.other(who)
	if !known {
		return unclear
	}
	g.alive(who)
	last, _ := g.addressed(&p, owner, "", true)
	if last == nil || !g.made[last.variable()] {
		return "its object went with the run, and nothing tells how to make another"
	}
	g.again(owner+" is shown its object. Else it is no object, and this is red.", owner, p, nil, []string{"[Asserts]", "status == 200"})
	return g.alike(foreign, missing, func(i int, response []string) {
		says := []string{who + " asks for the object of another tenant.", who + " asks for one that does not exist, and is answered the same."}
		g.again(says[i], who, []parsed{p, q}[i], nil, response)
	})
}

// other is an ordinary person of another tenant.
func (g *regression) other(who string) (string, bool) {
	mine := g.person(who).Tenant
	if mine == "" {
		return "", false
	}
	best := ""
	for _, p := range g.o.People {
		name := variableOf(p.Name)
		switch {
		case p.Tenant == mine || !variableName(name):
		case best == "", (p.Role == "member" || p.Role == "user") && g.person(best).Role != "member" && g.person(best).Role != "user":
			best = name
		}
	}
	return best, best != ""
}

// shapes: every error has the shape that most have.
func (g *regression) shapes() string {
	seen := requests(g.finding)
	if len(seen) != 2 {
		return unclear
	}
	most, odd := object(responseBody(seen[0])), object(responseBody(seen[1]))
	if most == nil {
		return "most errors are no JSON object"
	}
	asserts := []string{"[Asserts]"}
	for _, name := range slices.Sorted(maps.Keys(most)) {
		if _, has := odd[name]; !has && !strings.ContainsAny(name, `'"\{}`) {
			asserts = append(asserts, "jsonpath "+hurlText("$['"+name+"']")+" exists")
		}
	}
	if len(asserts) == 1 {
		return "the shapes differ in more than the names of fields"
	}
	for i, says := range []string{"Most errors have this shape. Where that changed, this is red: write the new fields into both.", "So has this one."} {
		p, ok := g.from(seen[i])
		who, known := g.caller(seen[i])
		if !ok || !known || p.secret() {
			return unsent
		}
		if i == 0 && who == "" {
			g.present()
		}
		g.alive(who)
		g.again(says, who, p, nil, append(slices.Clone(asserts), "status >= 400", "status != 429"))
	}
	return ""
}
