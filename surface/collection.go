package surface

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface/postman"
)

// Collection reads a decoded Postman collection. Variables that the environment
// holds are filled in where they stand in addresses.
func Collection(root any, env *postman.Environment, src Source) (*Surface, error) {
	c, err := postman.Read(root)
	if errors.Is(err, postman.ErrEmpty) {
		return nil, fmt.Errorf("%s: %w: %w", src.Location, ErrNoRoutes, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.Location, err)
	}
	return Requests(c, env, src)
}

// Requests makes routes of the requests of a collection.
func Requests(c *postman.Collection, env *postman.Environment, src Source) (*Surface, error) {
	k := &collecting{conversion: newConversion(src), hosts: map[string]int{}, byVariable: map[string]told{}}
	if env != nil {
		k.env = env.Values
	}
	for _, w := range c.Warnings {
		k.warn("%s: %s", src.Location, w)
	}
	var all []*placed
	for _, q := range c.Requests {
		if p := k.place(q); p != nil {
			all = append(all, p)
		}
	}
	host := k.host()
	for _, p := range all {
		if p.site == "" || p.site == host {
			k.request(p)
		}
	}
	for _, p := range all {
		k.examples(p)
	}
	k.variableFlows()
	s := &Surface{Title: c.Name, Format: "Postman " + c.Version + " collection", Schemes: map[string]Scheme{}, Routes: k.traffic.routes(), Warnings: nil}
	s.Servers = sortedKeys(k.hosts)
	s.Warnings = k.warnings
	if len(s.Routes) == 0 {
		return nil, fmt.Errorf("%s: %w: no request of the collection can be read", src.Location, ErrNoRoutes)
	}
	Link(s.Routes)
	return s, nil
}

// collecting turns requests of a collection into sightings.
type collecting struct {
	*conversion
	env        []postman.Variable
	hosts      map[string]int  // by site
	byVariable map[string]told // which request's script sets a variable
	sightings  []*sighting
}

// placed is a request whose address has been taken apart.
type placed struct {
	q      *postman.Request
	values postman.Values
	site   string // "" where only the target can be meant
	path   string
	query  []seenParam
	seen   *sighting
}

// place fills in and splits a request's address.
func (k *collecting) place(q *postman.Request) *placed {
	p := &placed{q: q, values: postman.Values{}.With(q.Scope).With(k.env)}
	head, path := splitAddress(q.URL.Raw)
	if head = p.values.Fill(head); head != "" && !strings.Contains(head, "{{") {
		if !strings.Contains(head, "://") {
			head = "http://" + head
		}
		u, err := url.Parse(head)
		if err != nil || u.Host == "" {
			k.warn("%s: request %q has no address that can be read; left out", k.src.Location, shorten(q.Name))
			return nil
		}
		p.site = siteOf(u)
		path = strings.TrimSuffix(u.Path, "/") + path
		k.hosts[p.site]++
	}
	p.path = k.pathOf(p, path)
	for _, f := range q.URL.Query {
		v := p.values.Fill(f.Value.Reveal())
		p.query = append(p.query, seenParam{name: f.Name, value: v, optional: f.Disabled || strings.Contains(v, "{{")})
	}
	return p
}

func (k *collecting) request(p *placed) {
	q := p.q
	path := p.path
	if k.base != nil {
		if path = belowBase(&url.URL{Path: k.base.Path}, p.path); path == "" || p.site == "" {
			path = p.path
		}
	}
	s := &sighting{method: q.Method, path: path, name: q.Name, tags: q.Folder, query: p.query, carries: k.carries(p)}
	k.sent(s, p)
	for _, h := range q.Header {
		if strings.EqualFold(h.Name, "Accept") && !h.Disabled && strings.Contains(h.Value.Reveal(), "event-stream") {
			s.types = addType(s.types, "text/event-stream")
		}
		if strings.EqualFold(h.Name, "Upgrade") && strings.EqualFold(h.Value.Reveal(), "websocket") {
			s.socket = true
		}
	}
	for _, r := range q.Replies {
		if r.Status >= 200 && r.Status < 300 || r.Status == 0 {
			s.types = addType(s.types, r.Type)
			if v := cutJSON([]byte(r.Body)); v != nil {
				s.reply = v
			}
		}
	}
	p.seen = s
	k.traffic.add(s)
	k.sightings = append(k.sightings, s)
	for _, set := range q.Sets {
		if _, have := k.byVariable[set.Variable]; !have {
			k.byVariable[set.Variable] = told{s, set.Pointer}
		}
	}
}

// carries reports that a request sends a credential.
func (k *collecting) carries(p *placed) bool {
	if a := p.q.Auth; a != nil && a.Type != "noauth" {
		return true
	}
	return slices.ContainsFunc(p.q.Header, func(h postman.Field) bool {
		return !h.Disabled && (CredentialHeader(h.Name) || strings.EqualFold(h.Name, "Cookie"))
	})
}

// sent reads the body of a request.
func (k *collecting) sent(s *sighting, p *placed) {
	b := p.q.Body
	if b == nil {
		return
	}
	s.media = mediaType(b.Type)
	switch b.Mode {
	case "raw":
		if !strings.Contains(s.media, "json") {
			return
		}
		text := quoted(p.values.Fill(b.Text))
		if s.body = cutJSON([]byte(text)); s.body == nil {
			s.body = cutJSON(uncommented([]byte(text)))
		}
		if s.body == nil {
			k.warn("%s: the body of %q is no JSON", k.src.Location, shorten(p.q.Name))
		}
		s.graph = graphQL(s.body)
	case "graphql":
		s.graph = true
		m := map[string]any{"query": b.Text}
		if v := cutJSON([]byte(quoted(p.values.Fill(b.Variables)))); v != nil {
			m["variables"] = v
		}
		s.body = m
	case "urlencoded", "formdata":
		m := map[string]any{}
		for _, f := range b.Fields {
			switch {
			case f.Disabled:
			case f.File:
				s.files = append(s.files, f.Name)
			default:
				m[f.Name] = shorten(p.values.Fill(f.Value.Reveal()))
			}
		}
		s.body = m
	}
}

// examples notes what saved replies tell: their ids may stand in other requests.
func (k *collecting) examples(p *placed) {
	if p.seen == nil {
		return
	}
	for _, r := range p.q.Replies {
		if r.Status >= 200 && r.Status < 300 {
			k.traffic.tell(p.seen, cutJSON([]byte(r.Body)))
		}
	}
}

// variableFlows follows variables from the script that sets them to the
// addresses that hold them.
func (k *collecting) variableFlows() {
	for _, s := range k.sightings {
		s.flows = map[string]told{}
		for _, name := range (&lr.Route{Path: s.path}).PathParams() {
			if from, ok := k.byVariable[name]; ok {
				s.flows[name] = from
			}
		}
	}
}
