package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard"
)

// Kinds of a gap between a policy and a description.
const (
	Uncovered   = "uncovered"   // no route of the policy covers it: it is denied
	Unguarded   = "unguarded"   // the description wants a credential, and the policy asks for none
	Unlimited   = "unlimited"   // it costs, guesses or loads, and has no limit
	Unvalidated = "unvalidated" // it takes a body that nothing looks at
	Undescribed = "undescribed" // a route of the policy that the description lacks
)

// Gap is one difference. Line and Column say where in the policy; 0 where it has
// no line of its own.
type Gap struct {
	Kind, Subject, Why string
	Line, Column       int
}

// Compare tells where a policy that Parse gave and an API's description differ.
func (p *Policy) Compare(routes []*lr.Route) ([]Gap, error) {
	table := p.table()
	t, err := guard.NewTable(table)
	if err != nil {
		return nil, err
	}
	at := map[*guard.Route]int{} // routes that Build adds are past the policy's own
	for i, r := range table {
		at[r] = i
	}
	used := map[int]bool{}
	var out []Gap
	for _, rt := range routes {
		gap := func(kind, why string, i int) {
			g := Gap{Kind: kind, Subject: rt.String(), Why: why}
			if i >= 0 {
				g.Line, g.Column = p.text.place(fmt.Sprintf("routes[%d]", i))
			}
			out = append(out, g)
		}
		r, _ := t.Find(rt.Method, sample(rt.Path))
		if r == nil || at[r] >= len(p.Routes) {
			gap(Uncovered, "no route of the policy covers it, so that it is denied", -1)
			continue
		}
		i := at[r]
		used[i] = true
		own := p.Routes[i]
		if own.Blocked {
			continue
		}
		switch {
		case rt.Secured && own.Public:
			gap(Unguarded, "the description wants a credential, and the route is public", i)
		case !own.Public && !p.on("auth", own):
			gap(Unguarded, "authentication is not enforced", i)
		}
		if why := costly(rt.Kind); why != "" && (len(own.Limits) == 0 || !p.on("limits", own)) {
			gap(Unlimited, why+", and the route has no limit", i)
		}
		if rt.Body != nil && (p.Input == nil || !p.on("input", own)) {
			gap(Unvalidated, "it takes a body, and nothing looks at it: there is no input, or it is not enforced", i)
		}
	}
	for i, r := range p.Routes {
		if !used[i] && !r.Blocked && !(len(r.Methods) == 1 && r.Methods[0] == "OPTIONS") {
			g := Gap{Kind: Undescribed, Subject: strings.TrimSpace(strings.Join(r.Methods, ",") + " " + r.Path), Why: "the description names nothing that it covers"}
			g.Line, g.Column = p.text.place(fmt.Sprintf("routes[%d]", i))
			out = append(out, g)
		}
	}
	slices.SortStableFunc(out, func(a, b Gap) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Subject, b.Subject)) })
	return out, nil
}

// on reports that a protection is enforced on a route.
func (p *Policy) on(protection string, r Route) bool {
	m, ok := r.Modes[protection]
	if !ok {
		m = p.Modes[protection]
	}
	return m == "" || m == guard.Enforce
}

// costly says why a kind of route needs a limit; "" for one that can do without.
func costly(k lr.Kind) string {
	switch k {
	case lr.ChatKind, lr.Stream:
		return "it asks the model"
	case lr.SignIn, lr.Password, lr.Refresh:
		return "credentials can be guessed there"
	case lr.SignUp, lr.Invite:
		return "it sends mail or makes users"
	case lr.Upload:
		return "it stores files"
	case lr.Export:
		return "it gives data in bulk"
	case lr.GraphQL:
		return "one request can ask for anything"
	}
	return ""
}

// sample is a path that a template covers. Nothing else names such a segment.
func sample(template string) string {
	segments := strings.Split(template, "/")
	for i, s := range segments {
		if strings.Contains(s, "{") {
			segments[i] = "x0"
		}
	}
	return strings.Join(segments, "/")
}
