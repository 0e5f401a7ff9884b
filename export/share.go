package export

import (
	"net/url"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

// shared: a link opens what was shared, until the share is withdrawn.
func (g *regression) shared(seen []lr.EvidenceItem) string {
	gone, ok := noted(seen, "withdraw the share")
	link, too := noted(seen, "open the link after")
	owner, fine := g.caller(gone)
	del, sent := g.from(gone)
	open, also := g.from(link)
	if !ok || !too {
		return "the token that was guessed is made of an id in a way that Hurl cannot repeat"
	}
	if !fine || owner == "" || !sent || !also || strings.LastIndexByte(open.bare, '/') < 1 {
		return unsent
	}
	t, telling := g.addressed(&del, owner, "", true)
	method, _, _ := strings.Cut(g.finding.Subject, " ")
	if t == nil || !telling || method != "POST" {
		return unclear
	}
	take := "link: regex " + linkOf(open.bare)
	open.bare = open.bare[:strings.LastIndexByte(open.bare, '/')+1] + "{{link}}"
	share := parsed{method: "POST", bare: del.bare, header: map[string]string{"Accept": "application/json"}}
	shows := `body contains "{{` + t.canary() + `}}"`
	g.again(owner+" shares it by a link.", owner, share, nil, []string{"[Captures]", take, "[Asserts]", "status < 300"})
	g.own("link")
	g.again("The link opens it. Else it is none, and this is red.", "", open, nil, []string{"[Asserts]", "status == 200", shows})
	g.again(owner+" withdraws the share.", owner, del, nil, []string{"[Asserts]", "status < 300"})
	g.again("The link opens nothing any more.", "", open, nil, []string{"[Asserts]", "status < 500", "status != 429", `body not contains "{{` + t.canary() + `}}"`})
	return ""
}

// signed: a signature opens the file that it was made for.
func (g *regression) signed(seen []lr.EvidenceItem) string {
	own, _ := noted(seen, "owner's own link")
	try := seen[len(seen)-1]
	p, ok := g.from(own)
	method, path, _ := strings.Cut(g.finding.Subject, " ")
	attacker, owner := "", ""
	for _, person := range g.o.People {
		if name := variableOf(person.Name); strings.Contains(own.Response, "-"+person.Tenant+"-") && (owner == "" || person.Role == "member") {
			owner = name
		}
	}
	attacker, fine := g.other(owner)
	if !ok || !fine || owner == "" || method != "POST" {
		return unclear
	}
	rt, _ := routeOf(g.o, method, path)
	for _, r := range g.o.Routes {
		if r.Method == method && r.Path == path {
			rt = r
		}
	}
	if rt == nil || len(rt.PathParams()) != 1 {
		return unclear
	}
	t := g.r.of(rt.Keys[rt.PathParams()[0]].Resource)
	if t == nil || !t.makeable() || !t.telling() {
		return unclear
	}
	ask := func(prefix string) parsed {
		return parsed{method: "POST", bare: strings.Replace(path, "{"+rt.PathParams()[0]+"}", "{{"+prefix+t.variable()+"}}", 1), header: map[string]string{"Accept": "application/json"}}
	}
	// The link stands in the reply with an ampersand as it is, or as JSON escapes it.
	pattern := regexp.QuoteMeta(p.bare[:strings.LastIndexByte(p.bare, '/')+1])
	take := func(into string) []string {
		out := []string{"[Captures]"}
		query, _ := url.ParseQuery(strings.TrimPrefix(p.query, "?"))
		for _, name := range sortedKeys(query) {
			out = append(out, into+variableOf(name)+`: regex /(?:[?&]|\\u0026)`+regexp.QuoteMeta(name)+`=([^"&\\]+)/`)
		}
		out = append(out, into+"at: regex /"+strings.ReplaceAll(pattern, "/", `\/`)+`([^?"]+)\?/`)
		return append(out, "[Asserts]", "status < 300")
	}
	link := func(from, signature string) parsed {
		q := p
		q.bare = p.bare[:strings.LastIndexByte(p.bare, '/')+1] + "{{" + from + "at}}"
		var parts []string
		for part := range strings.SplitSeq(strings.TrimPrefix(p.query, "?"), "&") {
			name, _, _ := strings.Cut(part, "=")
			parts = append(parts, name+"={{"+signature+variableOf(name)+"}}")
		}
		q.query = "?" + strings.Join(parts, "&")
		return q
	}
	g.ensure(t, owner, "", true)
	g.again(owner+" asks for a link to it.", owner, ask(""), nil, take("link_"))
	shows := `"{{` + t.canary() + `}}"`
	g.again("The link gives the file. Else this is red.", "", link("link_", "link_"), nil, []string{"[Asserts]", "status == 200", "body contains " + shows})
	hidden := []string{"[Asserts]", "status < 500", "status != 429", "body not contains " + shows}
	switch {
	case strings.Contains(try.Note, "own signature"):
		g.ensure(t, attacker, "own_", true)
		g.again(attacker+" asks for a link to a file of its own.", attacker, ask("own_"), nil, take("own_link_"))
		g.again("Its signature does not open the other file.", "", link("link_", "own_link_"), nil, hidden)
	case strings.Contains(try.Note, "no signature"):
		bare := link("link_", "link_")
		bare.query = ""
		g.again("Without a signature it gives nothing.", "", bare, nil, hidden)
	default:
		changed := link("link_", "link_")
		changed.query = regexp.MustCompile(`(=\{\{link_(?:sig|signature|hmac|token|x_amz_signature)\}\})`).ReplaceAllString(changed.query, "${1}0")
		if changed.query == link("link_", "link_").query {
			return unclear
		}
		g.again("With a signature that was changed it gives nothing.", "", changed, nil, hidden)
	}
	return ""
}
