package export

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// changed is the thing that the finding says can be changed or deleted, and how.
func (g *regression) changed() (*thing, *call) {
	for _, t := range g.r.things {
		for _, c := range []*call{t.update, t.remove} {
			if c != nil && strings.EqualFold(c.label(), g.finding.Subject) {
				return t, c
			}
		}
	}
	return nil, nil
}

// cast is who owned what was asked for, and who asked: "" is nobody.
func (g *regression) cast() (owner, attacker string, ok bool) {
	for _, e := range requests(g.finding) {
		who, known := g.caller(e)
		if !known {
			return "", "", false
		}
		if owner == "" {
			owner = who
		} else if who != owner {
			attacker, ok = who, true
		}
	}
	return owner, attacker, ok && owner != ""
}

// attempt is the test of a write: the owner reads back.
func (g *regression) attempt(t *thing, c *call) string {
	owner, attacker, ok := g.cast()
	if !ok {
		return unclear
	}
	g.alive(attacker)
	g.ensure(t, owner, "", true)
	has := []string{"[Asserts]", "status == 200", `body contains "{{` + t.canary() + `}}"`}
	g.h.request(owner+" is shown it. Else an object or a token is stale, and this is red.", owner, t.read, nil, has)
	var options []string
	if strings.Contains(c.body, "{{canary}}") {
		c = c.with("canary", "canary_b")
		options = []string{makeCanary("canary_b")}
		has = append(slices.Clone(has), `body not contains "{{canary_b}}"`)
	}
	g.h.request(nobody(attacker)+" tries: "+c.label(), attacker, c, options, []string{"[Asserts]", "status < 500", "status != 429"})
	g.h.request(owner+" finds it as it was.", owner, t.read, nil, has)
	return ""
}

// written is the test of any other write that the owner's read-back decided: what
// the owner reads before, the attempt, and the owner reads the same.
func (g *regression) written(seen []lr.EvidenceItem) string {
	if len(seen) != 3 || seen[0].As != seen[2].As {
		return unclear
	}
	owner, fine := g.caller(seen[0])
	who, known := g.caller(seen[1])
	read, ok := g.from(seen[0])
	act, too := g.from(seen[1])
	switch {
	case !fine || !known || owner == "":
		return goneUser
	case !ok || !too || read.secret() || act.secret() || who == "" && (masked(act.credential) || len(act.hidden) > 0):
		return unsent
	}
	g.alive(who)
	last, telling := g.addressed(&act, owner, "", true)
	if inner, tells := g.inBody(&act, owner); inner != nil {
		last, telling = inner, tells
	}
	if last == nil || !g.made[last.variable()] {
		return "its object went with the run, and nothing tells how to make another"
	}
	g.addressed(&read, owner, "", true)
	asserts := []string{"status == 200"}
	if telling && shownIn(responseBody(seen[0])) {
		asserts = append(asserts, `body contains "{{`+last.canary()+`}}"`)
	} else {
		asserts = append(asserts, `body contains "{{`+last.variable()+`}}"`)
	}
	before, after := object(responseBody(seen[0])), object(responseBody(seen[2]))
	var control []string
	if before != nil && after != nil && seen[2].Status == 200 && !strings.HasSuffix(asserts[1], last.variable()+`}}"`) {
		fields := changes(before, after)
		if len(fields) > 0 {
			c, a := g.kept(fields)
			control = c[:len(c)-2]
			asserts = append(asserts, a[2:]...)
		}
	}
	first := append([]string{"[Asserts]"}, asserts[:2]...)
	var options []string
	if body, has := uncanary(act.body, "canary_b"); has {
		act.body, options = body, []string{makeCanary("canary_b")}
		asserts = append(asserts, `body not contains "{{canary_b}}"`)
		g.own("canary_b")
	}
	g.again(owner+" is shown it. Else an object or a token is stale, and this is red.", owner, read, nil, append(control, first...))
	g.again(nobody(who)+" tries: "+seen[1].Note, who, act, options, []string{"[Asserts]", "status < 500", "status != 429"})
	g.again(owner+" finds it as it was.", owner, read, nil, append([]string{"[Asserts]"}, asserts...))
	return ""
}

// shownIn reports whether a reply shows a text of the run.
func shownIn(body string) bool { return canaried([]string{body}) }
