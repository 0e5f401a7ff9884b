package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var searchLeak = &lr.Check{
	ID:       "isolation/search-leak",
	Title:    "Search finds the caller's tenant only",
	Why:      "A search index is often shared by all tenants and filtered in one query. Where the filter is missing, a tester finds another customer's chats by typing a common word.",
	Fix:      "Store the tenant with every indexed document and filter by it inside the index query, not on the results.",
	Guard:    "tenant_binding",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsCross},
	Needs:    lr.Routes | lr.TwoTenants,
	Run:      runSearchLeak,
}

func runSearchLeak(ctx context.Context, t *lr.Trial) error {
	asked := false
	for _, p := range pairs(t) {
		for _, rt := range t.Target.Routes {
			if rt.Kind != lr.Search || len(rt.PathParams()) > 0 || rt.Method != "GET" && rt.Method != "POST" || oracle.Public(t, rt, nil) {
				continue
			}
			asked = true
			if err := searchAs(ctx, t, rt, p); err != nil {
				return err
			}
		}
		break
	}
	// A search below an object is asked like a read of it.
	list, missing := foreignReads(t, func(p oracle.Probe) bool { return p.Route.Kind == lr.Search && len(p.Route.PathParams()) > 0 })
	if len(list)+len(missing) > 0 {
		return ask(ctx, t, list, missing)
	}
	if !asked {
		t.NotApplicable("no route searches")
	}
	return nil
}

// searchAs asks as the victim and then as the attacker for words that stand in
// the victim's objects, until one finds something for the victim. What the
// question itself says is no witness: the objects' ids and further texts are.
func searchAs(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair) error {
	last := "nothing of the owner's to search for"
	for _, term := range terms(t, p.victim) {
		owner, r, err := search(ctx, t, rt, p.victim, term, "owner control")
		if err != nil {
			return open(ctx, t, rt.String(), err)
		}
		if owner == nil || !owner.OK() {
			last = fmt.Sprintf("the owner's own search was answered %d", statusOf(owner))
			continue
		}
		said := oracle.RequestText(r)
		witness := oracle.Witness(t, p.victim, owner, oracle.Sources{Request: said})
		witness = append(witness, oracle.Without(oracle.Find(secrets(t, p.victim), owner), said)...)
		if len(witness) == 0 {
			last = "the owner's own search found none of the owner's objects"
			continue
		}
		anon, _, err := search(ctx, t, rt, nil, term, "anonymous control")
		if err != nil {
			return open(ctx, t, rt.String(), err)
		}
		var j oracle.Judgement
		for i, note := range []string{"another tenant's search", "another tenant's search once more"} {
			x, _, err := search(ctx, t, rt, p.attacker, term, note)
			if err != nil {
				return open(ctx, t, rt.String(), err)
			}
			again := oracle.Judge(oracle.Case{Witness: witness, Probe: x, Owner: owner, Anonymous: anon, Attacker: p.attacker, Shared: lr.Match(t.Target.Access.Shared, rt)})
			if i == 1 && again.Verdict != lr.Failed {
				j.Confidence = lr.Suspected
				j.Reason += "; a second try did not show it"
				break
			}
			if j = again; j.Verdict != lr.Failed {
				break
			}
		}
		if j.Verdict == lr.Failed && j.Confidence == lr.Confirmed {
			who, err := oracle.Operator(ctx, t, nil, p.victim, p.attacker, j.Hits)
			if err != nil {
				return err
			}
			if who != nil {
				j.Confidence = lr.Suspected
				j.Reason += oracle.OperatorSays(who)
			}
		}
		oracle.Report(t, rt.String(), j.Message("%s searches for %s's words", p.attacker.Name, p.victim.Tenant))
		return nil
	}
	t.Unknown(rt.String(), "%s", last)
	return nil
}

// terms lists what to search for: the mark that every canary of the run starts
// with, then whole canaries of different kinds of objects.
func terms(t *lr.Trial, a *lr.Account) []string {
	c := t.Stage.Canary(a.Tenant)
	parts := strings.SplitN(c, "-", 3)
	out := []string{parts[0] + "-" + parts[1]}
	seen := map[string]bool{}
	for _, rt := range t.Target.Routes {
		if o := t.Stage.Object(rt.Resource, a); o != nil && len(o.Canaries) > 0 && !seen[rt.Resource] && len(out) < 8 {
			seen[rt.Resource] = true
			out = append(out, o.Canaries[0])
		}
	}
	return out
}

// secrets lists the ids and canaries of the tenant's objects.
func secrets(t *lr.Trial, a *lr.Account) []string {
	var out []string
	seen := map[string]bool{}
	for _, rt := range t.Target.Routes {
		if o := t.Stage.Object(rt.Resource, a); o != nil && !seen[rt.Resource] {
			seen[rt.Resource] = true
			out = append(out, o.Secrets...)
		}
	}
	return out
}

func search(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, term, note string) (*lr.Exchange, *lr.Request, error) {
	r, err := t.Stage.Request(ctx, rt, nil, as)
	if err != nil {
		return nil, nil, nil //nolint:nilerr // a request that cannot be built is an open subject, not a broken run
	}
	r.Note = note
	r.Path = withTerm(r.Path, rt, term)
	r.Body = bodyWithTerm(r.Body, term)
	x, err := t.HTTP.Do(ctx, as, r)
	return x, r, err
}

func withTerm(path string, rt *lr.Route, term string) string {
	base, query, _ := strings.Cut(path, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return path
	}
	for _, p := range rt.Params {
		if p.In == lr.InQuery && searchWord(p.Name) {
			q.Set(p.Name, term)
		}
	}
	for name := range q {
		if searchWord(name) {
			q.Set(name, term)
		}
	}
	if len(q) == 0 {
		return base
	}
	return base + "?" + q.Encode()
}

func bodyWithTerm(body []byte, term string) []byte {
	var m map[string]any
	if json.Unmarshal(body, &m) != nil {
		return body
	}
	for name := range m {
		if searchWord(name) {
			m[name] = term
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return body
	}
	return b
}

func searchWord(name string) bool {
	switch strings.ToLower(name) {
	case "q", "query", "search", "term", "text", "keyword", "keywords", "filter", "question":
		return true
	}
	return false
}

func statusOf(x *lr.Exchange) int {
	if x == nil {
		return 0
	}
	return x.Status
}
