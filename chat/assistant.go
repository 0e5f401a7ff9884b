package chat

import (
	"context"
	"errors"
	"slices"

	lr "github.com/launchready/launchready"
)

// Assistant is an endpoint whose shape is known, and what it was found to do.
type Assistant struct {
	Endpoint
	skills lr.Skills
	twins  []lr.Assistant
}

var _ lr.Assistant = (*Assistant)(nil)

// mostCandidates bounds how many ways in are tried; each costs questions.
const mostCandidates = 8

// Tried are the candidates that Meet asks, in its order.
func Tried(candidates []Shape) []Shape {
	var out []Shape
	for _, c := range candidates {
		if c.placed() && len(out) < mostCandidates {
			out = append(out, c)
		}
	}
	return out
}

// Meet finds how the target's assistant is spoken to, as Detect does, and what
// it can do. Every candidate is asked: the first that remembers what was said
// before is the assistant, else the first that answers, and the others are its
// twins. Where none answers a computed question and one has places of its own
// and spoke there, that one is the assistant: it answers on its subject only, and
// computes nothing. The detections are there also with an error: what was tried,
// and why it was left.
func Meet(ctx context.Context, d *Detector, as *lr.Account, candidates []Shape, routes []*lr.Route) (*Assistant, []*Detection, error) {
	var all []*Detection
	var met []*Assistant
	var spoke *Detection
	fixed := -1
	for i, c := range Tried(candidates) {
		if c.guess && slices.ContainsFunc(met, func(a *Assistant) bool { return a.Shape.Subject() == c.Subject() }) {
			continue // the right guess is known
		}
		found, err := d.Detect(ctx, as, []Shape{c})
		all = append(all, found)
		if errors.Is(err, ErrNoShape) {
			if spoke == nil && found.Spoke {
				spoke = found
			}
			continue
		}
		if err != nil {
			// The money ran out over its twins: the assistant is known all the same.
			if errors.Is(err, lr.ErrMoney) && len(met) > 0 && len(found.Ops) == 0 {
				break
			}
			return nil, all, err
		}
		if i == 0 && d.Fixed {
			fixed = len(met)
		}
		met = append(met, acquainted(d, found, routes))
	}
	if spoke != nil && (len(met) == 0 || d.Fixed && fixed < 0 && spoke == all[0]) {
		if err := d.converse(ctx, as, spoke); err != nil {
			return nil, all, err
		}
		spoke.note("%s: it answers, but no question that asks for a computed answer: it may keep to its subject", spoke.Shape.Subject())
		met, fixed = append(met, acquainted(d, spoke, routes)), len(met)
	}
	if len(met) == 0 {
		return nil, all, ErrNoShape
	}
	first := fixed
	if first < 0 {
		first = max(slices.IndexFunc(met, func(a *Assistant) bool { return a.skills.Remembers }), 0)
	}
	a := met[first]
	for i, other := range met {
		if i != first {
			a.twins = append(a.twins, other)
		}
	}
	return a, all, nil
}

// acquainted makes an assistant of what was found.
func acquainted(d *Detector, found *Detection, routes []*lr.Route) *Assistant {
	a := &Assistant{Endpoint: d.Endpoint}
	a.Shape = found.Shape
	if a.Shape.Upload == nil {
		a.Shape.Upload = uploadOf(routes)
	}
	a.skills = lr.Skills{Subject: found.Shape.Subject(), Shape: found.Shape.Name, Remembers: found.Remembers, Uploads: a.Shape.Upload != nil}
	for _, op := range found.Ops {
		a.skills.Computes = append(a.skills.Computes, op.String())
	}
	if rt := found.Shape.Send.route(routes); rt != nil {
		a.skills.Route, a.skills.Subject = rt, rt.String()
	}
	for _, x := range found.Exchanges {
		a.skills.Streams = a.skills.Streams || len(Frames(x, found.Shape.Mode)) > 1
	}
	return a
}

// Twins are the other ways to the same model: an endpoint for clients of another
// protocol, a stream. A limit or a filter that one of them lacks does not hold.
func (a *Assistant) Twins() []lr.Assistant { return a.twins }

// Skills tells what the assistant was found to do.
func (a *Assistant) Skills() lr.Skills { return a.skills }

// Computes are the kinds of question that an assistant answers rightly, easiest
// first.
func Computes(a lr.Assistant) []Op {
	var out []Op
	for _, op := range Ops() {
		if slices.Contains(a.Skills().Computes, op.String()) {
			out = append(out, op)
		}
	}
	return out
}

// route is the route that the template's request addresses.
func (t Template) route(routes []*lr.Route) *lr.Route {
	for _, rt := range routes {
		if rt.Method == t.verb() && lr.Match([]string{rt.Path}, &lr.Route{Path: t.Path}) {
			return rt
		}
	}
	return nil
}

// Subject is the request that takes a message, as findings name it.
func (s Shape) Subject() string { return s.Send.verb() + " " + s.Send.Path }
