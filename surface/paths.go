package surface

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// minSiblings is how many names must stand in one place, with replies of one
// shape, before they are taken for keys.
const minSiblings = 3

// templates turns the concrete paths of all sightings into templates, in place.
// A segment is a key by its looks, because a reply told it, or because many
// stand in its place whose replies have one shape.
func (t *traffic) templates() {
	for _, s := range t.seen {
		s.path = t.template(s)
	}
	t.siblings()
	t.join()
	t.agree()
}

func (t *traffic) template(s *sighting) string {
	segs := split(s.path)
	used := map[string]bool{}
	for _, g := range segs {
		if g.param != "" {
			used[g.param] = true
		}
	}
	var b strings.Builder
	for i, g := range segs {
		b.WriteByte('/')
		name, tail := "", ""
		switch stem, ext := stemOf(g.text); {
		case strings.Contains(g.text, "{"):
		case i == 0 && !numberRE.MatchString(g.text) && !uuidRE.MatchString(g.text):
		case keyLike(g.text), opaque(g.text):
			name = keyCalled(segs, i, t.fieldOf(g.text))
		case ext != "" && keyLike(stem) && !numberRE.MatchString(stem):
			name, tail = keyCalled(segs, i, t.fieldOf(stem)), ext
		case t.told(segs, i):
			name = keyCalled(segs, i, t.fieldOf(g.text))
		}
		if name == "" {
			b.WriteString(g.text)
			continue
		}
		for n, base := 2, name; used[name]; n++ {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		used[name] = true
		b.WriteString("{" + name + "}" + tail)
	}
	if strings.HasSuffix(s.path, "/") && len(segs) > 0 || len(segs) == 0 {
		b.WriteByte('/')
	}
	return b.String()
}

// opaque reports a segment without any word in it: a random token of letters.
func opaque(seg string) bool {
	if len(seg) < 22 {
		return false
	}
	for _, r := range seg {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// stemOf cuts the ending of a file's name.
func stemOf(seg string) (stem, ext string) {
	if i := strings.LastIndexByte(seg, '.'); i > 0 && len(seg)-i <= 6 {
		return seg[:i], seg[i:]
	}
	return seg, ""
}

// keyCalled names the parameter at segment i: by the collection before it, and by
// the member that told its value.
func keyCalled(segs []segment, i int, field string) string {
	noun := ""
	if i > 0 && segs[i-1].param == "" && !frame(segs[i-1].text) && !keyLike(segs[i-1].text) {
		noun = strings.ReplaceAll(nounOf(segs[i-1].text), " ", "_")
	}
	last := "id"
	if w := wordsOf(field); len(w) > 0 && slices.Contains(keyWords, w[len(w)-1]) {
		last = w[len(w)-1]
	}
	switch {
	case noun == "":
		return last
	case last == "slug", last == "username", last == "handle":
		return last
	}
	return noun + "_" + last
}

// fieldOf is the name of the member in which a reply told the value.
func (t *traffic) fieldOf(value string) string {
	for _, o := range t.origins[value] {
		return pointerName(o.pointer)
	}
	return ""
}

// told reports a word of a path that is a key because a reply said so: below a
// collection, and no verb.
func (t *traffic) told(segs []segment, i int) bool {
	if len(t.origins[segs[i].text]) == 0 || i == 0 || segs[i-1].param != "" || !plural(segs[i-1].text) || verbs[strings.ToLower(segs[i].text)] != "" {
		return false
	}
	return true
}

// siblings finds literals that vary in one place while the replies keep a shape.
func (t *traffic) siblings() {
	type place struct {
		names  map[string]bool
		shapes map[string]bool
		at     []*sighting
		seg    int
	}
	places := map[string]*place{}
	for _, s := range t.seen {
		segs := split(s.path)
		i := len(segs) - 1
		if s.method != "GET" || i < 1 || segs[i].param != "" || segs[i-1].param != "" || !plural(segs[i-1].text) || !s.ok() || strings.Count(s.shape, ",") < 1 || s.shape[0] != '{' || verbs[strings.ToLower(segs[i].text)] != "" {
			continue
		}
		key := emptied(segs[:i])
		p := places[key]
		if p == nil {
			p = &place{names: map[string]bool{}, shapes: map[string]bool{}, seg: i}
			places[key] = p
		}
		p.names[segs[i].text], p.shapes[s.shape] = true, true
		p.at = append(p.at, s)
	}
	for _, key := range slices.Sorted(maps.Keys(places)) {
		if p := places[key]; len(p.names) >= minSiblings && len(p.shapes) == 1 {
			for _, s := range p.at {
				segs := split(s.path)
				s.path = strings.TrimSuffix(s.path, segs[p.seg].text) + "{" + keyCalled(segs, p.seg, "") + "}"
			}
		}
	}
}

// join gives a concrete path the template that it fits, where both replies have
// the same shape: the same kind of object was opened by its address.
func (t *traffic) join() {
	type group struct {
		path  string
		shape map[string]bool
	}
	known := map[string][]*group{}
	for _, s := range t.seen {
		if !strings.Contains(s.path, "{") || !s.ok() || !strings.HasPrefix(s.shape, "{") {
			continue
		}
		key := fmt.Sprint(s.method, len(split(s.path)))
		i := slices.IndexFunc(known[key], func(g *group) bool { return g.path == s.path })
		if i < 0 {
			known[key] = append(known[key], &group{s.path, map[string]bool{}})
			i = len(known[key]) - 1
		}
		known[key][i].shape[s.shape] = true
	}
	for _, s := range t.seen {
		segs := split(s.path)
		for _, g := range known[fmt.Sprint(s.method, len(segs))] {
			if g.path != s.path && g.shape[s.shape] && s.ok() && fits(split(g.path), segs) {
				s.path = g.path
				break
			}
		}
	}
}

// fits reports that a path is one of a template's, with the last parameter in
// the place of a word below a collection.
func fits(template, segs []segment) bool {
	differs := 0
	for i, g := range template {
		if g.text == segs[i].text || g.param != "" && segs[i].param != "" {
			continue
		}
		if g.param == "" || g.tail != "" || i == 0 || !plural(segs[i-1].text) || verbs[strings.ToLower(segs[i].text)] != "" {
			return false
		}
		differs++
	}
	return differs == 1
}

// agree gives the parameter at one place of several paths one name: the one that
// says most.
func (t *traffic) agree() {
	names := map[string]string{}
	each := func(s *sighting, visit func(place string, g segment) string) string {
		segs := split(s.path)
		var b strings.Builder
		for i, g := range segs {
			b.WriteByte('/')
			if g.param == "" {
				b.WriteString(g.text)
				continue
			}
			b.WriteString("{" + visit(emptied(segs[:i]), g) + "}" + g.tail)
		}
		if strings.HasSuffix(s.path, "/") {
			b.WriteByte('/')
		}
		return b.String()
	}
	for _, s := range t.seen {
		each(s, func(place string, g segment) string {
			if old := names[place]; old == "" || strings.HasSuffix(old, "id") && !strings.HasSuffix(g.param, "id") {
				names[place] = g.param
			}
			return g.param
		})
	}
	for _, s := range t.seen {
		taken := map[string]bool{}
		s.path = each(s, func(place string, g segment) string {
			name := names[place]
			if taken[name] {
				name = g.param
			}
			taken[name] = true
			if f, ok := s.flows[g.param]; ok && name != g.param {
				s.flows[name] = f
			}
			return name
		})
	}
}
