package input

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

func templateInjection() *lr.Check {
	return &lr.Check{
		ID:       "input/template-injection",
		Title:    "No input is read as a template",
		Why:      "A template engine runs what it reads. A customer's text that reaches it as a template, not as a value, reads the application's data and, in most engines, runs its code.",
		Fix:      "Hand texts to templates as values. Where customers may write placeholders, replace a fixed list of them yourself, or use an engine without logic and without access to objects.",
		Severity: lr.Critical,
		Refs:     []lr.Ref{{Source: "CWE", ID: "1336"}, {Source: "ASVS", ID: "v5.0.0-1.3.7"}, {Source: "OWASP API", ID: "API8:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			q := newSum(t.Random())
			return eachDoor(ctx, t, func(ctx context.Context, d *door, n *tries) (*hit, error) {
				return rendered(ctx, t, d, n, q)
			})
		},
	}
}

// engine is a family of template engines: what it is sent, and what it makes of
// it. The halves of a word are sent in the wrong order, so that what only strips
// the signs does not join them.
type engine struct{ name, text, makes string }

func engines(q sum, a, b string) []engine {
	return []engine{
		{"Jinja, Twig, Nunjucks or alike", fmt.Sprintf("{{%d*%d}}", q.a, q.b), q.answer()},
		{"an expression language (FreeMarker, Spring, Mako, Pug or alike)", fmt.Sprintf("${%[1]d*%[2]d}#{%[1]d*%[2]d}", q.a, q.b), q.answer()},
		{"ERB, EJS or alike", fmt.Sprintf("<%%= %d*%d %%>", q.a, q.b), q.answer()},
		{"Go's text/template", fmt.Sprintf(`{{printf "%%[2]s%%[1]s" %q %q}}`, b, a), a + b},
		{"Handlebars", fmt.Sprintf(`{{#with %q}}%s{{this}}{{/with}}`, b, a), a + b},
		{"Liquid", fmt.Sprintf(`{{ %q | prepend: %q }}`, b, a), a + b},
	}
}

func rendered(ctx context.Context, t *lr.Trial, d *door, n *tries, q sum) (*hit, error) {
	for _, ps := range groups(d) {
		if !ps[0].body && (ps[0].number || ps[0].in == lr.InPath) {
			continue
		}
		a, b := halves(t)
		for _, e := range engines(q, a, b) {
			x, err := n.send(ctx, t, d, d.with(same(ps, e.text), ps...), "a template of "+e.name)
			if err != nil {
				return nil, err
			}
			xs, err := shown(ctx, t, d, x)
			if err != nil {
				return nil, err
			}
			at := showsAny(xs, e.makes)
			if at == nil {
				continue
			}
			// What computes or strips without an engine's signs is no engine.
			plain := fmt.Sprintf("%d*%d }}%s %s{{", q.a, q.b, b, a)
			y, err := n.send(ctx, t, d, d.with(same(ps, plain), ps...), "the same without the signs of a template")
			if err != nil {
				return nil, err
			}
			ys, err := shown(ctx, t, d, y)
			if err != nil {
				return nil, err
			}
			if busy(y) || showsAny(ys, e.makes) != nil {
				continue
			}
			return &hit{xs: []*lr.Exchange{y, x, at}, witness: []string{e.makes}, say: fmt.Sprintf("%s is read as a template of %s: it came back computed", names(ps), e.name)}, nil
		}
	}
	return nil, nil
}
