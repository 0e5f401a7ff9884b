package surface

import (
	"cmp"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/launchready/launchready/surface/postman"
)

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
