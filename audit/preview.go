package audit

import (
	lr "github.com/launchready/launchready"
)

// Preview is what a run would ask, and what it would leave open.
type Preview struct {
	Ask     []*lr.Check
	Open    []Lack
	Creates []*lr.Route // the routes that make objects, by which the run would seed
	Partial bool        // not every row is asked for
}

// Lack is a check that could not be asked, and why.
type Lack struct {
	Check *lr.Check
	Why   string
}

// Plan says what Run would do with the same options. It sends nothing.
func Plan(o Options) (*Preview, error) {
	rows, partial, err := Select(o.Rows, o.Only)
	if err != nil {
		return nil, &SetupError{err}
	}
	target := *o.Target
	target.Accounts = o.Cast.Accounts()
	o.Target = &target
	r := &run{Options: o, mute: noAssistant, expected: o.Ways > 0 && len(target.Accounts) > 0}
	p := &Preview{Partial: partial}
	for _, row := range rows {
		for _, c := range row.Checks {
			if why := r.lacks(c); why != "" {
				p.Open = append(p.Open, Lack{c, why})
			} else {
				p.Ask = append(p.Ask, c)
			}
		}
	}
	for _, rt := range target.Routes {
		if rt.Kind == lr.Create || rt.Kind == lr.Upload {
			p.Creates = append(p.Creates, rt)
		}
	}
	return p, nil
}
