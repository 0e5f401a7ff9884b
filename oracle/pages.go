package oracle

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

// maxPages bounds how many further pages of one list are read.
const maxPages = 10

// nextLink finds the next page in a Link field (RFC 8288, section 3).
var nextLink = regexp.MustCompile(`<([^>]*)>[^,]*;\s*rel="?next"?`)

// NextPage builds the request for the page after a reply, nil when the reply is
// the last one or tells no way on: by a Link field, by a link or a cursor in the
// body, or by a page number or an offset that the route takes.
func NextPage(base *url.URL, rt *lr.Route, r *lr.Request, x *lr.Exchange) *lr.Request {
	if x == nil || !x.OK() {
		return nil
	}
	to := func(path string) *lr.Request {
		if path == "" || path == r.Path {
			return nil
		}
		n := r.Clone()
		n.Path = path
		return n
	}
	for _, h := range x.Header.Values("Link") {
		if m := nextLink.FindStringSubmatch(h); m != nil {
			return to(below(base, m[1]))
		}
	}
	v, ok := decodeJSON(x)
	if !ok {
		return nil
	}
	token, field := onward(v, 0)
	switch {
	case strings.Contains(token, "://") || pathOf(below(base, token)) == pathOf(r.Path):
		return to(below(base, token))
	case token != "":
		return to(withQuery(r.Path, cursorName(rt, field), token))
	}
	n := elements(v)
	if n == 0 {
		return nil
	}
	for _, p := range rt.Params {
		if p.In != lr.InQuery {
			continue
		}
		switch plain(p.Name) {
		case "page", "pagenumber", "pageno", "p":
			// Some count from 0: asking page 1 first reads one page twice at worst.
			return to(withQuery(r.Path, p.Name, strconv.Itoa(queryInt(r.Path, p.Name)+1)))
		case "offset", "skip", "start":
			return to(withQuery(r.Path, p.Name, strconv.Itoa(queryInt(r.Path, p.Name)+n)))
		}
	}
	return nil
}

// below is a link's path and query below the target's base, "" for another host.
func below(base *url.URL, link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Host != "" && (base == nil || u.Host != base.Host) || !strings.HasPrefix(u.Path, "/") {
		return ""
	}
	p := u.EscapedPath()
	if base != nil {
		p = strings.TrimPrefix(p, strings.TrimSuffix(base.EscapedPath(), "/"))
	}
	if u.RawQuery != "" {
		p += "?" + u.RawQuery
	}
	return p
}

func pathOf(path string) string {
	p, _, _ := strings.Cut(path, "?")
	return p
}

func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", "$", "", "@odata.", "").Replace(name))
}

// onward finds the link or cursor of the next page in a reply's envelope.
func onward(v any, depth int) (value, field string) {
	m, ok := v.(map[string]any)
	if !ok || depth > 2 {
		return "", ""
	}
	for k, e := range m {
		switch plain(k) {
		case "next", "nextlink", "nexturl", "nextpageurl", "nextcursor", "nextpagetoken", "nexttoken", "endcursor", "continuationtoken":
			if s, ok := e.(string); ok && s != "" {
				return s, k
			}
			if in, ok := e.(map[string]any); ok {
				if s, ok := in["href"].(string); ok {
					return s, k
				}
			}
		}
	}
	for k, e := range m {
		switch plain(k) {
		case "meta", "pagination", "paging", "links", "pageinfo", "page":
			if s, f := onward(e, depth+1); s != "" {
				return s, f
			}
		}
	}
	return "", ""
}

// cursorName is the parameter that takes a cursor: a declared one, or else the
// one that the field's own name suggests.
func cursorName(rt *lr.Route, field string) string {
	for _, p := range rt.Params {
		if p.In == lr.InQuery {
			switch plain(p.Name) {
			case "cursor", "pagetoken", "after", "startingafter", "next", "nexttoken", "nextpagetoken", "continuationtoken", "startafter":
				return p.Name
			}
		}
	}
	if strings.Contains(plain(field), "token") {
		return "page_token"
	}
	return "cursor"
}

// elements counts the first array of objects in a reply.
func elements(v any) int {
	switch v := v.(type) {
	case []any:
		return len(v)
	case map[string]any:
		for _, e := range v {
			if n := elements(e); n > 0 {
				return n
			}
		}
	}
	return 0
}

func withQuery(path, name, value string) string {
	p, query, _ := strings.Cut(path, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	q.Set(name, value)
	return p + "?" + q.Encode()
}

func queryInt(path, name string) int {
	_, query, _ := strings.Cut(path, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// foreignPage reads on in a list until a page holds a canary of the tenant, and
// returns that page and how it was asked for; nil when none of the pages read does.
func foreignPage(ctx context.Context, t *lr.Trial, p Probe, tenant string, r *lr.Request, x *lr.Exchange) (*lr.Request, *lr.Exchange, error) {
	for range maxPages {
		if r = NextPage(t.Target.Base, p.Route, r, x); r == nil {
			return nil, nil, nil
		}
		r.Note = "the next page"
		var err error
		if x, err = t.HTTP.Do(ctx, p.As, r); err != nil {
			if Fatal(ctx, err) {
				return nil, nil, err
			}
			return nil, nil, nil
		}
		if len(Foreign(t, tenant, x, RequestText(r))) > 0 {
			return r, x, nil
		}
	}
	return nil, nil, nil
}

// Foreign lists the canaries of the tenant that a reply holds and the request
// did not say.
func Foreign(t *lr.Trial, tenant string, x *lr.Exchange, request string) []string {
	var out []string
	for _, c := range CanariesIn(x) {
		if t.Stage.TenantOf(c) == tenant {
			out = append(out, c)
		}
	}
	return Without(out, request)
}
