package export

import (
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// masks are what a report has in the place of a secret.
var masks = [...]string{"[secret]", "[key]"}

func masked(s string) bool { return strings.Contains(s, masks[0]) || strings.Contains(s, masks[1]) }

// parsed is a request as a report shows it.
type parsed struct {
	method     string
	bare       string // the path without its query
	query      string // with its question mark
	header     map[string]string
	hidden     []string // fields whose values the report masks, but for Authorization
	credential string   // the Authorization field
	media      string
	body       string
}

// secret reports a mask where it counts: a value that the request needs is gone.
func (p *parsed) secret() bool { return masked(p.body) || masked(p.bare+p.query) }

// parse reads the text of a request. It refuses one that was cut.
func parse(text string) (p parsed, ok bool) {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	words := strings.Fields(lines[0])
	if len(words) != 3 || !strings.HasPrefix(words[1], "/") {
		return p, false
	}
	path, query, has := strings.Cut(words[1], "?")
	if has {
		query = "?" + query
	}
	p = parsed{method: words[0], bare: path, query: query, header: map[string]string{}, body: strings.TrimSuffix(body, "\n")}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ":")
		if value = strings.TrimSpace(value); !ok {
			continue
		}
		switch strings.ToLower(name) {
		case "host", "content-length", "accept-encoding", "user-agent", "x-launchready-run", "connection":
		case "authorization":
			p.credential = value
		case "content-type":
			p.media = value
		default:
			if masked(value) {
				p.hidden = append(p.hidden, name)
				continue
			}
			p.header[name] = value
		}
	}
	return p, !strings.Contains(body, "…") && !strings.Contains(body, "```")
}

// requests are the items of the finding that were sent, in their order.
func requests(f lr.Finding) []lr.EvidenceItem {
	var seen []lr.EvidenceItem
	for _, e := range f.Evidence {
		if e.Status != 0 && e.Request != "" {
			seen = append(seen, e)
		}
	}
	return seen
}

// noted is the item whose note begins with the words.
func noted(seen []lr.EvidenceItem, words string) (lr.EvidenceItem, bool) {
	for _, e := range seen {
		if strings.HasPrefix(e.Note, words) {
			return e, true
		}
	}
	return lr.EvidenceItem{}, false
}

// match reports whether the path is one of the route's, and what fills its keys.
func match(rt *lr.Route, path string) (map[string]string, bool) {
	want, got := strings.Split(strings.Trim(rt.Path, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(want) != len(got) {
		return nil, false
	}
	values := map[string]string{}
	for i, w := range want {
		if name, ok := strings.CutPrefix(w, "{"); ok && strings.HasSuffix(name, "}") {
			v, err := url.PathUnescape(got[i])
			if err != nil || v == "" || v != got[i] {
				return nil, false
			}
			values[strings.TrimSuffix(name, "}")] = v
		} else if w != got[i] {
			return nil, false
		}
	}
	return values, true
}

// responseBody is the body of the item's reply.
func responseBody(e lr.EvidenceItem) string {
	_, body, _ := strings.Cut(e.Response, "\n\n")
	return strings.TrimSpace(body)
}

// object is the JSON object of a text, nil where it is none or was cut.
func object(text string) map[string]any {
	var m map[string]any
	if json.Unmarshal([]byte(text), &m) != nil {
		return nil
	}
	return m
}

// changes lists what differs between two replies, as paths for Hurl. Times, which
// change by themselves, are left out where something else tells.
func changes(before, after map[string]any) []string {
	var telling, times []string
	var walk func(at string, a, b map[string]any)
	walk = func(at string, a, b map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(a)) {
			v, w := a[name], b[name]
			if reflect.DeepEqual(v, w) {
				continue
			}
			here := at + "['" + name + "']"
			in, ok := v.(map[string]any)
			out, too := w.(map[string]any)
			switch {
			case strings.ContainsAny(name, `'"\{}`):
			case ok && too:
				walk(here, in, out)
			case isTime(v) && isTime(w):
				times = append(times, here)
			default:
				telling = append(telling, here)
			}
		}
	}
	walk("$", before, after)
	if len(telling) == 0 {
		return times
	}
	return telling
}

func isTime(v any) bool {
	s, ok := v.(string)
	return ok && len(s) >= 19 && s[4] == '-' && s[10] == 'T'
}

// fill puts variables where the report masks a value of a JSON body: name says
// which, by the field. A value that it names with a text in quotes is a variable;
// any other stands as it is.
func fill(body string, name func(field string) string) (string, bool) {
	if !masked(body) {
		return body, true
	}
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return "", false
	}
	fine := true
	var walk func(field string, v any) any
	walk = func(field string, v any) any {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				v[k] = walk(k, e)
			}
		case []any:
			for i, e := range v {
				v[i] = walk(field, e)
			}
		case string:
			if masked(v) {
				into := name(field)
				fine = fine && into != "" && (v == masks[0] || v == masks[1])
				var other any
				if !strings.Contains(into, "{{") && json.Unmarshal([]byte(into), &other) == nil {
					return other
				}
				return into
			}
		}
		return v
	}
	b, err := json.Marshal(walk("", v))
	return unescaped(b), err == nil && fine
}

// unescaped is JSON with the letters that Go escapes for pages as they are.
func unescaped(b []byte) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
}
