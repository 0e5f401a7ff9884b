package isolation

import (
	"context"
	"maps"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var nestedParent = &lr.Check{
	ID:    "isolation/nested-parent",
	Title: "A child is found below its own parent only",
	Why: "Where only the parent in the path is checked, a caller puts an own parent and a foreign child into one path: `/chats/{own}/messages/{foreign}`. " +
		"Reviewers try this second, after plain ids.",
	Fix:      "Load the child by its id, its parent's id and the tenant together (`WHERE id = ? AND chat_id = ? AND tenant_id = ?`).",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsItem},
	Needs:    lr.Routes | lr.TwoTenants,
	Run: func(ctx context.Context, t *lr.Trial) error {
		list, open := foreignReads(t, func(p oracle.Probe) bool {
			return len(p.Route.PathParams()) > 1 && p.Object != nil && p.Object.Resource == p.Route.Resource && p.Route.Kind != lr.List
		})
		var own []asking
		for _, a := range list {
			mine := t.Stage.Object(a.probe.Route.Resource, a.probe.As)
			if mine == nil {
				t.Unknown(a.subject, "%s has no object of its own to take the parent from", a.probe.As.Name)
				continue
			}
			a.probe.Vary = at(ctx, t, a.probe.Route, under(mine, a.probe.Object), a.probe.As)
			a.probe.Note += ", below an own parent"
			own = append(own, a)
		}
		return ask(ctx, t, own, open)
	},
}

// under is the victim's object addressed below the parents of the attacker's own.
func under(mine, theirs *lr.Object) *lr.Object {
	o := *theirs
	o.Keys = maps.Clone(mine.Keys)
	o.Keys[o.Resource] = o.ID
	o.Owner, o.Parent = mine.Owner, mine.Parent
	return &o
}

// at replaces a request's path by the one that addresses the object.
func at(ctx context.Context, t *lr.Trial, rt *lr.Route, o *lr.Object, as *lr.Account) func(*lr.Request) {
	r, err := t.Stage.Request(ctx, rt, o, as)
	if err != nil {
		return nil
	}
	return func(attack *lr.Request) { attack.Path = r.Path }
}
