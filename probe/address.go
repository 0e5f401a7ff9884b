package probe

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// address is where a request goes, with the bytes of its request target.
type address struct {
	scheme string
	host   string // host or host:port, as in the Host header
	target string // path and query, sent byte for byte
}

func (a address) String() string { return a.scheme + "://" + a.host + a.target }

func (a address) origin() string { return a.scheme + "://" + strings.ToLower(a.host) }

// resolve places a request's path below the base. A path that is an absolute
// URL, as targets hand out for downloads, stands for itself.
func resolve(base *url.URL, path string) (address, error) {
	for i := range len(path) {
		if path[i] < 0x20 || path[i] == 0x7f {
			return address{}, errors.New("address: the path holds a control character, which HTTP cannot carry")
		}
	}
	if scheme, rest, ok := strings.Cut(path, "://"); ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		host, target := rest[:end], rest[end:]
		target, _, _ = strings.Cut(target, "#")
		if host == "" || strings.ContainsAny(host, "@\\ ") {
			return address{}, fmt.Errorf("address: the URL has no plain host: %q", host)
		}
		if !strings.HasPrefix(target, "/") {
			target = "/" + target
		}
		return address{strings.ToLower(scheme), host, target}, nil
	}
	if path == "*" { // RFC 9112, 3.2.4: the asterisk form of OPTIONS
		return address{base.Scheme, base.Host, path}, nil
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return address{base.Scheme, base.Host, strings.TrimSuffix(base.EscapedPath(), "/") + path}, nil
}

// url carries the target past net/url, which would clean it.
func (a address) url() *url.URL {
	u := &url.URL{Scheme: a.scheme, Host: a.host, Opaque: a.target}
	if !strings.HasPrefix(a.target, "//") {
		return u
	}
	// An opaque target that starts with two slashes would be written in absolute
	// form. As a path it is written as it is, where its bytes allow.
	path, query, ask := strings.Cut(a.target, "?")
	plain, err := url.PathUnescape(path)
	if err == nil {
		v := &url.URL{Scheme: a.scheme, Host: a.host, Path: plain, RawPath: path, RawQuery: query, ForceQuery: ask}
		if v.RequestURI() == a.target {
			return v
		}
	}
	u.Opaque = "//" + a.host + a.target
	return u
}
