package hygiene

import (
	"encoding/json"
	"html"
	"mime"
	"net/url"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

// most is how much of a reply is kept and read: debug pages are long, and say
// what they are near the top.
const most = 96 << 10

// reply is the answer to a request that was made to fail.
type reply struct {
	x         *lr.Exchange
	request   *lr.Request // to ask once more; nil where the stage asked
	route     *lr.Route   // nil where the address is made up
	subject   string
	as        *lr.Account
	input     string // what was wrong with the request: "broken JSON"
	malformed bool   // the request was wrong, not only the caller or the object
	mark      string // the active HTML that it carried, "" for none
	secret    string // the made-up credential that it carried, "" for none

	check, name, hit string // the check that the reply belongs to, and why
}

// failed reports a reply that says that something went wrong.
func (r *reply) failed() bool {
	return r.x.Status >= 400 || r.streamedError()
}

// streamedError reports an error that comes after the head was sent.
func (r *reply) streamedError() bool {
	if !r.x.OK() || mediaOf(r.x) != "text/event-stream" {
		return false
	}
	body := string(r.x.Body)
	return strings.Contains(body, "event: error") || strings.Contains(body, `data: {"error"`)
}

// mediaOf is the media type that a reply claims, "" when it claims none.
func mediaOf(x *lr.Exchange) string {
	mt, _, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	if err != nil {
		mt, _, _ = strings.Cut(x.Header.Get("Content-Type"), ";")
	}
	return strings.ToLower(strings.TrimSpace(mt))
}

// isHTML reports a body that a browser takes for a page, whatever its type says.
func isHTML(body []byte) bool {
	head := strings.ToLower(strings.TrimSpace(string(body[:min(len(body), 512)])))
	for _, p := range []string{"<!doctype html", "<html", "<head", "<body", "<h1", "<title", "<pre", "<center"} {
		if strings.HasPrefix(head, p) {
			return true
		}
	}
	return strings.HasPrefix(head, "<!--") && strings.Contains(head, "<html")
}

// classify decides to which check the reply belongs.
func (r *reply) classify(fs []family) {
	raw, said := texts(r.x)
	clean := r.unsaid()
	plain, whole, spoken := newText(clean(raw)), newText(clean(raw+"\n"+said)), newText(clean(said))
	failed, shown := r.failed(), isHTML(r.x.Body)
	for _, f := range fs {
		t := whole
		switch {
		case f.page:
			t = plain
		case f.said:
			t = spoken
		}
		if !failed && !(f.page && shown) {
			continue
		}
		if name, hit := match(f.signs, t); hit != "" {
			r.check, r.name, r.hit = f.check, name, hit
			return
		}
	}
}

// unsaid returns a function that takes out of a text what the request said: a
// reply that repeats an address or a value tells nothing.
func (r *reply) unsaid() func(string) string {
	var said []string
	add := func(v string) {
		if len(v) >= 4 {
			said = append(said, v)
		}
	}
	if u, err := url.Parse(r.x.URL); err == nil {
		add(r.x.URL)
		add(u.RequestURI())
		add(u.EscapedPath())
		add(u.Path)
		for seg := range strings.SplitSeq(u.Path, "/") {
			add(seg)
		}
		for _, vs := range u.Query() {
			for _, v := range vs {
				add(v)
			}
		}
	}
	add(string(r.x.Sent))
	var doc any
	if json.Unmarshal(r.x.Sent, &doc) == nil {
		scalars(doc, "", func(_, v string) { add(v) })
	}
	// The longest first: a Replacer prefers earlier pairs.
	sort.Slice(said, func(i, j int) bool { return len(said[i]) > len(said[j]) })
	pairs := make([]string, 0, 2*len(said))
	for _, v := range said {
		pairs = append(pairs, v, "…")
	}
	return strings.NewReplacer(pairs...).Replace
}

// texts gives what a reply holds as it is, with its header, and what it says:
// the texts in its JSON without those that are addresses, or the text of its page.
func texts(x *lr.Exchange) (raw, said string) {
	body := string(x.Body[:min(len(x.Body), most)])
	var b strings.Builder
	for _, k := range sortedNames(x) {
		for _, v := range x.Header[k] {
			b.WriteString(k + ": " + v + "\n")
		}
	}
	b.WriteString(body)
	raw = b.String()
	b.Reset()
	var doc any
	if json.Unmarshal([]byte(body), &doc) == nil {
		scalars(doc, "", func(name, v string) {
			if !addressField(name) {
				b.WriteString(v + "\n")
				// An error within an error travels as JSON in a text.
				var inner any
				if strings.HasPrefix(v, "{") && json.Unmarshal([]byte(v), &inner) == nil {
					scalars(inner, "", func(_, w string) { b.WriteString(w + "\n") })
				}
			}
		})
		return raw, b.String()
	}
	if strings.ContainsRune(body, '&') {
		body = html.UnescapeString(body)
	}
	return raw, body
}

func sortedNames(x *lr.Exchange) []string {
	names := make([]string, 0, len(x.Header))
	for k := range x.Header {
		names = append(names, k)
	}
	sort.Strings(names)
	return names
}

// addressField reports a member that holds an address of the API: the type and
// instance of RFC 9457, links, the path that was asked.
func addressField(name string) bool {
	switch strings.ToLower(name) {
	case "type", "instance", "href", "url", "uri", "path", "link", "self", "documentation_url", "docs", "help":
		return true
	}
	return false
}

// scalars calls f for each scalar in a JSON document, with the name that it has.
func scalars(v any, name string, f func(name, v string)) {
	switch v := v.(type) {
	case string:
		f(name, v)
	case []any:
		for _, e := range v {
			scalars(e, name, f)
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for k := range v {
			names = append(names, k)
		}
		sort.Strings(names)
		for _, k := range names {
			scalars(v[k], k, f)
		}
	}
}

// withheld is the exchange without what its body says: it may hold the secrets
// of the owner or the data of customers, which no report may repeat.
func withheld(x *lr.Exchange, instead string) *lr.Exchange {
	y := *x
	y.Body = []byte(instead)
	return &y
}
