package cloudflare

import (
	"maps"
	"net/http"
	"slices"
)

func rulesets(r *http.Request, z *Zone, part []string) (any, *info, error) {
	byID := func(id string) int {
		return slices.IndexFunc(z.Rulesets, func(s *Ruleset) bool { return s.ID == id })
	}
	switch {
	case len(part) == 0 && r.Method == http.MethodGet:
		return z.Rulesets, nil, nil
	case len(part) == 0 && r.Method == http.MethodPost:
		set := &Ruleset{}
		if err := read(r, set); err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(z.Rulesets, func(s *Ruleset) bool { return s.Phase == set.Phase }) {
			return nil, nil, refuse(http.StatusBadRequest, 20217, "exceeded maximum number of zone rulesets for phase %s", set.Phase)
		}
		set.ID = ""
		set.fill()
		z.Rulesets = append(z.Rulesets, set)
		return set, nil, nil
	case len(part) == 3 && part[0] == "phases" && part[2] == "entrypoint" && r.Method == http.MethodGet:
		for _, s := range z.Rulesets {
			if s.Phase == part[1] {
				return s, nil, nil
			}
		}
		return nil, nil, refuse(http.StatusNotFound, 10003, "could not find entrypoint ruleset in the %s phase", part[1])
	}
	i := -1
	if len(part) > 0 {
		i = byID(part[0])
	}
	if i < 0 {
		return nil, nil, refuse(http.StatusNotFound, 10000, "ruleset not found")
	}
	set := z.Rulesets[i]
	switch {
	case len(part) == 1 && r.Method == http.MethodDelete:
		z.Rulesets = slices.Delete(z.Rulesets, i, i+1)
		return nil, nil, nil
	case len(part) == 2 && part[1] == "rules" && r.Method == http.MethodPost:
		rule := Rule{}
		if err := read(r, &rule); err != nil {
			return nil, nil, err
		}
		if rule["expression"] == nil || rule["action"] == nil {
			return nil, nil, refuse(http.StatusBadRequest, 20127, "a rule needs an action and an expression")
		}
		rule.fill()
		set.Rules = append(set.Rules, rule)
		return set, nil, nil
	case len(part) == 3 && part[1] == "rules":
		j := slices.IndexFunc(set.Rules, func(r Rule) bool { return r["id"] == part[2] })
		if j < 0 {
			return nil, nil, refuse(http.StatusNotFound, 10000, "rule not found")
		}
		switch r.Method {
		case http.MethodDelete:
			set.Rules = slices.Delete(set.Rules, j, j+1)
			return set, nil, nil
		case http.MethodPatch:
			rule := maps.Clone(set.Rules[j])
			if err := read(r, &rule); err != nil {
				return nil, nil, err
			}
			rule.fill()
			set.Rules[j] = rule
			return set, nil, nil
		}
	}
	return nil, nil, refuse(http.StatusMethodNotAllowed, 10405, "Method not allowed")
}
