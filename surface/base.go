package surface

import (
	"net/url"
	"path"
	"strings"
)

// servers reads the servers of a description, a path item or an operation, and
// the path that has to be joined in front of paths below the base URL.
func (r *reader) servers(n node) (names []string, prefix string) {
	if r.swagger {
		return r.swaggerServer(n)
	}
	best := ""
	for i := range r.get(n, "servers").list() {
		s := r.at(r.get(n, "servers"), i)
		raw := r.get(s, "url").text()
		if s.object() == nil && s.text() != "" { // a plain string where an object belongs
			raw = s.text()
		}
		vars := r.get(s, "variables")
		for _, name := range vars.keys() {
			raw = strings.ReplaceAll(raw, "{"+name+"}", r.get(r.get(vars, name), "default").text())
		}
		names = append(names, raw)
		// The server on the target's own host is the one that is audited.
		if i == 0 || r.src.Base != nil && best != raw && sameHost(raw, r.src.Base) && !sameHost(best, r.src.Base) {
			best = raw
		}
	}
	return names, below(r.src.Base, r.serverPath(best))
}

func (r *reader) swaggerServer(n node) (names []string, prefix string) {
	base := r.get(n, "basePath").text()
	if host := r.get(n, "host").text(); host != "" {
		scheme := "https"
		if l := r.get(n, "schemes").list(); len(l) > 0 {
			if s, ok := l[0].(string); ok {
				scheme = s
			}
		}
		names = append(names, scheme+"://"+host+base)
	} else if base != "" {
		names = append(names, base)
	}
	return names, below(r.src.Base, r.serverPath(base))
}

// serverPath gives the path of a server URL, which may be relative to where
// the description was found (OpenAPI 3.1, 4.8.5).
func (r *reader) serverPath(raw string) string {
	if raw == "" {
		return ""
	}
	if strings.HasPrefix(raw, "//") {
		raw = "https:" + raw
	}
	if i := strings.Index(raw, "{"); i >= 0 && !strings.Contains(raw, "://") || strings.HasPrefix(raw, "{") {
		r.warn("server %s has a variable without default; its path is ignored", raw)
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil {
		r.warn("server %q is no URL; ignored", raw)
		return ""
	}
	if u.Host == "" && !strings.HasPrefix(u.Path, "/") && isURL(r.src.Location) {
		if at, err := url.Parse(r.src.Location); err == nil {
			u = at.ResolveReference(u)
		}
	}
	return u.Path
}

func sameHost(raw string, base *url.URL) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Host == "" || strings.EqualFold(u.Host, base.Host))
}

// below gives the part of a server's path that the base URL does not hold.
func below(base *url.URL, server string) string {
	server = path.Clean("/" + server)
	if server == "/" {
		return ""
	}
	if base == nil {
		return server
	}
	have := path.Clean("/" + base.Path)
	switch {
	case have == "/":
		return server
	case have == server || strings.HasSuffix(have, server):
		return ""
	case strings.HasPrefix(server, have+"/"):
		return strings.TrimPrefix(server, have)
	}
	return server
}

// joinPath puts a prefix in front of a template, once.
func joinPath(prefix, p string) string {
	prefix = strings.TrimSuffix(prefix, "/")
	if prefix == "" || versioned(prefix) && strings.HasPrefix(p+"/", prefix+"/") {
		return p
	}
	if p == "/" {
		return prefix + "/"
	}
	return prefix + p
}

// versioned reports a prefix that no API nests in itself: where a description
// names "/api/v1" in the server and in every path, the paths are meant.
func versioned(prefix string) bool {
	for seg := range strings.SplitSeq(prefix, "/") {
		if versionSegment(seg) {
			return true
		}
	}
	return false
}
