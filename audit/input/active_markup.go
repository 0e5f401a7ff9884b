package input

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"strings"

	"golang.org/x/net/html"

	lr "github.com/launchready/launchready"
)

func activeMarkup() *lr.Check {
	return &lr.Check{
		ID:       "input/active-markup",
		Title:    "No input comes back as HTML that a browser runs",
		Why:      "What one user writes and another's browser runs acts as that other user: it reads their conversations and sends what it likes in their name.",
		Fix:      "Escape by context, with a template engine that does it by itself, and never mark a customer's text as safe HTML. Where formatting is wanted, render Markdown to a short list of elements. A Content-Security-Policy without `unsafe-inline` is the second wall.",
		Severity: lr.High,
		Refs:     []lr.Ref{{Source: "CWE", ID: "79"}, {Source: "ASVS", ID: "v5.0.0-1.2.1"}, {Source: "OWASP API", ID: "API8:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDoor(ctx, t, func(ctx context.Context, d *door, n *tries) (*hit, error) { return comesBack(ctx, t, d, n) })
		},
	}
}

// markup is an element that is known by its id, behind what closes the contexts
// in which a text may stand: an attribute, a title, a text area, a script.
func markup(id string) string {
	return `lr"'></title></textarea></script><b id="` + id + `" onmouseover="lr()">lr</b>`
}

// comesBack sends the element to each place, and reads it where it comes back:
// the reply itself, and every page that shows what was made. Errors are not read:
// hygiene/echoed-input does.
func comesBack(ctx context.Context, t *lr.Trial, d *door, n *tries) (*hit, error) {
	pages := []*lr.Route{}
	if d.route.Kind == lr.Create {
		pages = pagesOf(t, d)
	}
	for _, ps := range groups(d) {
		if ps[0].number || ps[0].body && len(pages) == 0 && !htmlRoute(d.route) || !ps[0].body && !htmlRoute(d.route) {
			continue
		}
		id := word(t)
		r := d.with(same(ps, markup(id)), ps...)
		if htmlRoute(d.route) {
			r.SetHeader("Accept", "text/html")
		}
		x, err := n.send(ctx, t, d, r, "markup")
		if err != nil {
			return nil, err
		}
		xs := []*lr.Exchange{x}
		if o := madeBy(d, x); o != nil {
			for _, rt := range pages {
				r, err := t.Stage.Request(ctx, rt, o, d.as)
				if err != nil {
					continue
				}
				r.SetHeader("Accept", "text/html")
				r.Note = "the page that shows it"
				y, err := t.HTTP.Do(ctx, d.as, r)
				if over := ended(ctx, err); over != nil {
					return nil, over
				}
				if err == nil {
					xs = append(xs, y)
				}
			}
		}
		for _, at := range xs {
			if !at.OK() || !isPage(at) || !element(at.Body, id) {
				continue
			}
			h := &hit{xs: []*lr.Exchange{x, at}, witness: []string{id}, say: fmt.Sprintf("%s comes back as an element of the page, not as text", names(ps))}
			if at != x && at.Route != nil {
				h.say = fmt.Sprintf("%s comes back in %s as an element of the page, not as text", names(ps), at.Route)
			}
			if holdsScripts(at) {
				h.gravity, h.say = lr.Medium, h.say+"; the page's Content-Security-Policy keeps scripts from running"
			}
			return h, nil
		}
	}
	return nil, nil
}

// pagesOf lists the pages, at most four, whose path is filled by what the door
// makes.
func pagesOf(t *lr.Trial, d *door) []*lr.Route {
	var out []*lr.Route
	for _, rt := range t.Target.Routes {
		names := rt.PathParams()
		if rt.Method != "GET" || !htmlRoute(rt) || len(names) == 0 || len(out) == 4 {
			continue
		}
		if rt.Keys[names[len(names)-1]].Resource == d.route.Resource {
			out = append(out, rt)
		}
	}
	return out
}

func htmlRoute(rt *lr.Route) bool {
	for _, m := range rt.Accepts {
		if strings.HasPrefix(m, "text/html") || strings.HasPrefix(m, "application/xhtml") {
			return true
		}
	}
	return false
}

// isPage reports whether a browser shows the reply as a page of its own.
func isPage(x *lr.Exchange) bool {
	media, _, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	return err == nil && (media == "text/html" || media == "application/xhtml+xml") && !attached(x)
}

// attached reports whether a browser saves the reply and does not show it.
func attached(x *lr.Exchange) bool {
	kind, _, _ := strings.Cut(x.Header.Get("Content-Disposition"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "attachment")
}

// element reports whether the document has an element with the id: parsed as a
// browser does, so that an escaped one, or one in a string of a script, is none.
func element(body []byte, id string) bool {
	doc, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return false
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == "id" && a.Val == id {
				return true
			}
		}
	}
	return false
}

// holdsScripts reports whether the page's policy keeps inline scripts from running
// (CSP Level 3, 6.1).
func holdsScripts(x *lr.Exchange) bool {
	var script, fallback string
	var had, sandbox bool
	for _, line := range strings.Split(strings.Join(x.Header.Values("Content-Security-Policy"), ";"), ";") {
		name, rest, _ := strings.Cut(strings.TrimSpace(strings.ToLower(line)), " ")
		switch name {
		case "script-src":
			script, had = rest, true
		case "default-src":
			fallback = rest
			had = true
		case "sandbox":
			sandbox = !strings.Contains(rest, "allow-scripts")
		}
	}
	if script == "" {
		script = fallback
	}
	return sandbox || had && !strings.Contains(script, "'unsafe-inline'")
}
