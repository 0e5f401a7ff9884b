package stage

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// declaredBody is what the configuration wants in the body of a creation.
func (s *Stage) declaredBody(rt *lr.Route) map[string]any {
	for _, d := range s.opt.Declared {
		if sameRoute(d.Create, rt) {
			return d.Body
		}
	}
	return nil
}

func sameRoute(stated string, rt *lr.Route) bool {
	return stated != "" && lr.Match([]string{stated}, rt) && len(strings.Fields(stated)) == 2
}

// adoptDeclared puts an existing object that the configuration names by id on
// the stage.
func (s *Stage) adoptDeclared(d Declared, v *lr.Account) {
	id := d.IDs[v.Tenant]
	if id == "" || d.Read == "" {
		return
	}
	for _, rt := range s.opt.Target.Routes {
		if !sameRoute(d.Read, rt) || rt.Resource == "" {
			continue
		}
		o := &lr.Object{Resource: rt.Resource, Owner: v, Keys: map[string]string{}, ID: id}
		o.Keys[rt.Resource] = id
		s.put(o)
		return
	}
}
