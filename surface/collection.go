package surface

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
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
	for _, h := range sortedKeys(k.hosts) {
		s.Servers = append(s.Servers, h)
	}
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
	head = p.values.Fill(head)
	if strings.Contains(head, "{{") || head == "" {
		head = ""
	} else {
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

// splitAddress cuts a raw address before its path.
func splitAddress(raw string) (head, path string) {
	rest := raw
	if i := strings.Index(raw, "://"); i >= 0 {
		rest = raw[i+3:]
	} else if strings.HasPrefix(raw, "/") {
		return "", raw
	}
	i := strings.IndexByte(rest, '/')
	if i < 0 {
		return raw, "/"
	}
	at := len(raw) - len(rest) + i
	return raw[:at], raw[at:]
}

var wholeVariable = regexp.MustCompile(`^\{\{\s*([^{}]+?)\s*\}\}$`)

// pathOf writes a path with {name} for each variable that stands for a key. A
// variable that stands for a part of the address, {{version}}, is filled in.
func (k *collecting) pathOf(p *placed, path string) string {
	params := map[string]string{}
	for _, v := range p.q.URL.Params {
		params[v.Name] = v.Value.Reveal()
	}
	var out []string
	for seg := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		switch m := wholeVariable.FindStringSubmatch(seg); {
		case strings.HasPrefix(seg, ":") && len(seg) > 1:
			name := paramName.FindString(seg[1:])
			out = append(out, "{"+cmp.Or(name, "id")+"}"+strings.TrimPrefix(seg[1:], name))
			continue
		case m != nil && (idName(m[1]) || keyName(m[1]) || strings.HasPrefix(m[1], "$") || p.values[m[1]].IsZero()):
			out = append(out, "{"+strings.Trim(clean(m[1]), "_$")+"}")
			continue
		}
		seg = p.values.Fill(seg)
		for _, name := range postman.Names(seg) {
			seg = strings.Replace(seg, "{{"+name+"}}", "{"+clean(name)+"}", 1)
		}
		out = append(out, seg)
	}
	joined := "/" + strings.Trim(strings.Join(out, "/"), "/")
	if strings.HasSuffix(path, "/") && joined != "/" {
		joined += "/"
	}
	return joined
}

func clean(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && paramName.MatchString(string(r)) {
			return r
		}
		return '_'
	}, strings.TrimSpace(name))
}

// host is the site whose requests are the target's: its own where the collection
// names it, or else the one that most requests go to.
func (k *collecting) host() string {
	if k.base != nil && k.hosts[siteOf(k.base)] > 0 {
		k.leave(siteOf(k.base))
		return siteOf(k.base)
	}
	best := ""
	for _, h := range sortedKeys(k.hosts) {
		if best == "" || k.hosts[h] > k.hosts[best] {
			best = h
		}
	}
	if best != "" && k.base != nil {
		k.warn("%s: its requests go to %s; taken as routes of %s", k.src.Location, best, k.base.Host)
	}
	k.leave(best)
	return best
}

func (k *collecting) leave(host string) {
	n := 0
	for h, c := range k.hosts {
		if h != host {
			n += c
		}
	}
	if n > 0 {
		k.warn("%s: %d requests to other hosts were left out", k.src.Location, n)
	}
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

// quoted puts variables that stand outside of texts into quotes, so that the
// body is JSON: {"id": {{id}}}.
func quoted(text string) string {
	var b strings.Builder
	inText := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && inText && i+1 < len(text):
			b.WriteByte(c)
			i++
		case c == '"':
			inText = !inText
		case !inText && strings.HasPrefix(text[i:], "{{"):
			if j := strings.Index(text[i:], "}}"); j > 0 && !strings.ContainsAny(text[i+2:i+j], "{\":\n") {
				name, _ := json.Marshal(text[i : i+j+2]) // a text is always JSON
				b.Write(name)
				i += j + 1
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// uncommented takes // and /* */ out of JSON, and commas that end a list.
func uncommented(text []byte) []byte {
	var out []byte
	inText := false
	for i := 0; i < len(text); i++ {
		rest := string(text[i:min(len(text), i+2)])
		switch {
		case inText && text[i] == '\\' && i+1 < len(text):
			out = append(out, text[i])
			i++
		case text[i] == '"':
			inText = !inText
		case !inText && rest == "//":
			for i < len(text) && text[i] != '\n' {
				i++
			}
			continue
		case !inText && rest == "/*":
			for i += 2; i < len(text)-1 && !(text[i] == '*' && text[i+1] == '/'); i++ {
			}
			i++
			continue
		case !inText && (text[i] == '}' || text[i] == ']'):
			if trimmed := strings.TrimRight(string(out), " \t\r\n"); strings.HasSuffix(trimmed, ",") {
				out = []byte(strings.TrimSuffix(trimmed, ","))
			}
		}
		if i < len(text) {
			out = append(out, text[i])
		}
	}
	return out
}

// environmentNear finds the environment that was exported beside a collection:
// the file of the same name, or else the only one in the folder.
func environmentNear(location string) string {
	if isURL(location) {
		return ""
	}
	const ending = ".postman_environment.json"
	all, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.FromSlash(location)), "*"+ending))
	if err != nil {
		return ""
	}
	stem, _, _ := strings.Cut(filepath.Base(location), ".")
	for _, f := range all {
		if strings.TrimSuffix(filepath.Base(f), ending) == stem {
			return f
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return ""
}
