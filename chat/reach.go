package chat

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	lr "github.com/launchready/launchready"
)

// reach knows which requests get to the target's model.
type reach struct {
	base  string
	doors []door
}

// door is one way in: a method and the segments of a path, in which "*" is any
// one and "**" the rest.
type door struct {
	method string // "" is any that may change something
	socket bool
	path   []string
}

func (r *reach) add(method, at string, socket bool) {
	d := door{method: method, socket: socket, path: segments(at)}
	for i, s := range d.path {
		if strings.ContainsAny(s, "${") {
			d.path[i] = "*"
		}
	}
	r.doors = append(r.doors, d)
}

// pattern is METHOD /path or /path.
func (r *reach) pattern(t string) {
	method, at, ok := strings.Cut(strings.TrimSpace(t), " ")
	if !ok {
		method, at = "", method
	}
	r.add(strings.ToUpper(method), strings.TrimSpace(at), false)
}

// holds reports whether the request gets to the model. Spellings that servers
// take for one another count as one: what is asked to slip past a limit must not
// slip past the purse.
func (r *reach) holds(q *lr.Request, messages int) bool {
	at := segments(strings.TrimPrefix(plainPath(q.Path), strings.ToLower(strings.TrimRight(r.base, "/"))))
	for _, d := range r.doors {
		if d.socket != (messages > 0) && !(messages > 0 && d.method == "") {
			continue
		}
		switch q.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions, "":
			if messages == 0 && d.method != q.Method {
				continue
			}
		}
		if fits(d.path, at) {
			return true
		}
	}
	return false
}

// plainPath is the path of a request as most servers route it: without host,
// query and parameters, unescaped, small, cleaned.
func plainPath(p string) string {
	if i := strings.Index(p, "://"); i >= 0 {
		rest := p[i+3:]
		if j := strings.IndexByte(rest, '/'); j >= 0 {
			p = rest[j:]
		} else {
			p = "/"
		}
	}
	if i := strings.IndexAny(p, "?#"); i >= 0 {
		p = p[:i]
	}
	if u, err := url.PathUnescape(p); err == nil {
		p = u
	}
	p = strings.ReplaceAll(p, `\`, "/")
	if i := strings.IndexByte(p, ';'); i >= 0 {
		p = p[:i]
	}
	return lower(path.Clean("/" + p))
}

func segments(p string) []string {
	return strings.FieldsFunc(plainPath(p), func(c rune) bool { return c == '/' })
}

func fits(pattern, at []string) bool {
	for i, s := range pattern {
		if s == "**" {
			return true
		}
		if i >= len(at) || s != "*" && s != strings.Trim(at[i], " ") {
			return false
		}
	}
	return len(pattern) == len(at)
}

func lower(s string) string { return strings.ToLower(s) }
