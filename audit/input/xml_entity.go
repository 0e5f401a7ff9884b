package input

import (
	"context"
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

func xmlEntity() *lr.Check {
	return &lr.Check{
		ID:       "input/xml-entity",
		Title:    "No XML parser resolves external entities",
		Why:      "An entity of a document names a file of the server or an address of its network, and the parser puts what is there into the text. SVG, DOCX and feeds are XML too.",
		Fix:      "Switch DTDs off in every XML parser (`disallow-doctype-decl`, `resolve_entities=False`), and refuse documents that have one.",
		Severity: lr.Critical,
		Refs:     []lr.Ref{{Source: "CWE", ID: "611"}, {Source: "ASVS", ID: "v5.0.0-1.5.1"}, {Source: "OWASP API", ID: "API8:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Beside:   true, // it waits for what comes to the listener
		Run: func(ctx context.Context, t *lr.Trial) error {
			doors, err := xmlDoors(ctx, t)
			if err != nil {
				return err
			}
			return askAll(ctx, t, doors, func(ctx context.Context, d *door, n *tries) (*hit, error) { return resolves(ctx, t, d, n) })
		},
	}
}

// offered is how many routes that say nothing of XML are offered it all the same:
// frameworks choose their parser by the media type.
const offered = 8

// xmlDoors lists the routes that take XML, and some that take JSON.
func xmlDoors(ctx context.Context, t *lr.Trial) ([]*door, error) {
	doors, err := doorsOf(ctx, t)
	if err != nil {
		return nil, err
	}
	var out, others []*door
	known := map[*lr.Route]bool{}
	for _, d := range doors {
		known[d.route] = true
		switch {
		case d.route.Body == nil:
		case takesXML(d.route):
			out = append(out, d)
		case len(others) < offered:
			others = append(others, d)
		}
	}
	for _, rt := range t.Target.Routes {
		if known[rt] || !takesXML(rt) || !rt.Declared || risky(rt) || rt.Kind == lr.Webhook {
			continue
		}
		d := &door{route: rt, as: oracle.Caller(t, rt)}
		d.object = objectOf(t, rt, d.as)
		if d.base, err = t.Stage.Request(ctx, rt, d.object, d.as); err == nil {
			out = append(out, d)
		}
	}
	return append(out, others...), ctx.Err()
}

func takesXML(rt *lr.Route) bool { return rt.Body != nil && strings.Contains(rt.Body.Type, "xml") }

// resolves sends documents of the shapes that are usual, whose texts are entities:
// a file that every system has, and an address of the listener's.
func resolves(ctx context.Context, t *lr.Trial, d *door, n *tries) (*hit, error) {
	media := "application/xml"
	if takesXML(d.route) {
		media = d.route.Body.Type
	}
	send := func(dtd, value, note string) (*lr.Exchange, error) {
		r := d.base.Clone()
		r.SetHeader("Content-Type", media)
		r.Body = []byte(document(dtd, value, d))
		return n.send(ctx, t, d, r, note)
	}
	x, err := send(`<!ENTITY lr SYSTEM "file:///etc/passwd">`, "&lr;", "an entity that names a file")
	if err != nil {
		return nil, err
	}
	xs, err := shown(ctx, t, d, x)
	if err != nil {
		return nil, err
	}
	for _, at := range xs {
		if name, _ := readsFile(at); name != "" {
			return &hit{xs: []*lr.Exchange{withoutBody(at)}, records: []string{"the reply held the line of root of " + name + "; its content is withheld"}, say: "an external entity is resolved: it showed " + name}, nil
		}
	}
	if t.Listener == nil {
		return nil, nil
	}
	general, parameter := t.Listener.Bait(lr.Page{Type: "text/plain", Body: []byte("lr")}), t.Listener.Bait(lr.Page{Type: "application/xml-dtd", Body: []byte(`<!ENTITY lr "lr">`)})
	x, err = send(fmt.Sprintf(`<!ENTITY %% p SYSTEM %q> %%p; <!ENTITY lr SYSTEM %q>`, parameter.URL, general.URL), "&lr;", "entities that name an address")
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	hits := t.Listener.Wait(wait, general.Nonce)
	if hits = append(hits, t.Listener.Hits(parameter.Nonce)...); len(hits) > 0 {
		return &hit{xs: []*lr.Exchange{x}, records: []string{"callback: " + hits[0].Line + " from " + hits[0].From}, say: "an external entity is resolved: the parser fetched an address that only the document named"}, nil
	}
	return nil, nil
}

// document is one of the shapes that routes take: a feed, or an element for each
// field of the body.
func document(dtd, value string, d *door) string {
	head := `<?xml version="1.0"?><!DOCTYPE lr [` + dtd + `]>`
	if strings.Contains(strings.ToLower(d.route.Path+" "+d.route.Summary), "feed") || strings.Contains(strings.ToLower(d.route.Body.Type), "rss") {
		return head + fmt.Sprintf(`<rss version="2.0"><channel><title>lr</title><item><title>lr</title><description>%s</description><link>https://lr.test/</link></item></channel></rss>`, value)
	}
	var b strings.Builder
	b.WriteString(head + "<lr>")
	names := []string{"title", "name", "content", "text", "description"}
	for _, p := range d.fields() {
		names = append(names, p.name)
	}
	for _, name := range names {
		fmt.Fprintf(&b, "<%s>%s</%s>", name, value, name)
	}
	b.WriteString("</lr>")
	return b.String()
}
