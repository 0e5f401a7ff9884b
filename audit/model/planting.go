package model

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

// field finds a text member of a body by its usual names, the likeliest first.
func field(s *lr.Schema, least int, names ...string) string {
	for _, want := range names {
		for name, p := range s.Properties {
			if p != nil && strings.EqualFold(strings.ReplaceAll(name, "_", ""), want) && (p.Type == "string" || p.Type == "") && len(p.Enum) == 0 && !p.ReadOnly && (p.MaxLength == 0 || p.MaxLength >= least) {
				return name
			}
		}
	}
	return ""
}

var (
	textNames  = []string{"text", "content", "body", "markdown", "note", "notes", "message", "comment", "description", "details", "summary"}
	titleNames = []string{"title", "subject", "name", "heading"}
)

// plot is a route by which a text is stored, and the members it goes into.
type plot struct {
	route       *lr.Route
	text, title string
}

// leastText is the room that a text needs.
const leastText = 400

// plots are the routes that store texts and that pick accepts, at most four:
// each costs a question.
func plots(t *lr.Trial, pick func(*lr.Route) bool) []plot {
	var out []plot
	for _, rt := range t.Target.Routes {
		if rt.Kind != lr.Create || rt.Body == nil || rt.Body.Schema == nil || rt.Body.Type != "" && !strings.Contains(rt.Body.Type, "json") || lr.Match(t.Target.Access.Admin, rt) || !pick(rt) {
			continue
		}
		text := field(rt.Body.Schema, leastText, textNames...)
		if text == "" {
			continue
		}
		out = append(out, plot{rt, text, field(rt.Body.Schema, 20, titleNames...)})
		if len(out) == 4 {
			break
		}
	}
	return out
}

// pathHas reports a word in the route's path.
func pathHas(rt *lr.Route, words ...string) bool {
	p := strings.ToLower(rt.Path)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(p, w) })
}

// store writes the text as the account. The stage's ledger removes it at the end.
func (p plot) store(ctx context.Context, t *lr.Trial, as *lr.Account, title, text string) (*lr.Exchange, error) {
	r, err := t.Stage.Request(ctx, p.route, nil, as)
	if err != nil {
		return nil, err
	}
	var body map[string]any
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return nil, fmt.Errorf("build %s: the body is no JSON object", p.route)
	}
	body[p.text] = text
	if p.title != "" {
		body[p.title] = title
	}
	if r.Body, err = json.Marshal(body); err != nil {
		return nil, fmt.Errorf("build %s: %w", p.route, err)
	}
	r.Note = "a text that the assistant may read"
	x, err := t.HTTP.Do(ctx, as, r)
	if err != nil {
		return nil, err
	}
	if !x.OK() {
		return x, fmt.Errorf("%s answered %d", p.route, x.Status)
	}
	return x, nil
}

// stores is the delivery of a text that one account stores by the API and about
// which another one asks.
func (p plot) stores(t *lr.Trial, by, asks *lr.Account) delivery {
	return delivery{name: "in what " + p.route.String() + " stored", ask: func(ctx context.Context, s scene, words string) (*lr.Answer, error) {
		x, err := p.store(ctx, t, by, "About the "+s.topic.thing+" "+s.ref, s.tell()+" "+words)
		if err != nil {
			a := &lr.Answer{}
			if x != nil {
				a.Exchanges = []*lr.Exchange{x}
			}
			return a, err
		}
		a, err := say(ctx, t, t.Assistant, asks, lr.Message{Text: s.ask(), Note: "a question about a stored text"})
		a.Exchanges = append([]*lr.Exchange{x}, a.Exchanges...)
		return a, err
	}}
}

// read keeps the plots whose texts the assistant answers from.
func read(ctx context.Context, t *lr.Trial, ps []plot, by, asks *lr.Account) ([]delivery, error) {
	var out []delivery
	r := t.Random()
	for _, p := range ps {
		s := newScene(r, []chat.Op{chat.Join})
		d := p.stores(t, by, asks)
		a, err := d.ask(ctx, s, s.trap)
		if err := ends(ctx, err); err != nil {
			return nil, err
		}
		if s.heard(a) {
			out = append(out, d)
		}
	}
	return out, nil
}
