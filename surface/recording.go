package surface

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/launchready/launchready/surface/har"
)

// Recording reads a HAR recording as a stream and makes routes of the requests
// that went to the target. Where src names no base, the host that most of the
// recording talks to is the target.
func Recording(ctx context.Context, r io.ReadSeeker, src Source) (*Surface, error) {
	c, hosts := newConversion(src), newHostCount()
	if c.base == nil { // only then it has to be read twice
		counted, err := countHosts(ctx, r)
		if err != nil {
			return nil, located(src.Location, err)
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("read %s: %w", src.Location, err)
		}
		c.base = counted.most()
	}
	info, err := har.Read(r, har.Options{}, func(e *har.Entry) error {
		hosts.count(e)
		c.entry(e)
		return ctx.Err()
	})
	if err != nil {
		return nil, located(src.Location, err)
	}
	if hosts.of(c.base) == 0 {
		return nil, fmt.Errorf("%s: the recording holds no request to %s, only to %s: set target.url to the one that is audited, or record that one", src.Location, hostOf(c.base), hosts.names())
	}
	for _, w := range info.Warnings {
		c.warn("%s: %s", src.Location, w)
	}
	if n := hosts.others(c.base); n > 0 {
		c.warn("%s: %d requests to other hosts than %s were left out: %s", src.Location, n, c.base.Host, hosts.without(c.base))
	}
	s := &Surface{Format: "HAR " + cmp.Or(info.Version, "1.2"), Schemes: map[string]Scheme{}, Servers: []string{c.base.Scheme + "://" + c.base.Host}}
	s.Routes = c.traffic.routes()
	s.Warnings = c.warnings
	if len(s.Routes) == 0 {
		return nil, fmt.Errorf("%s: %w: the recording shows %d requests to %s, and none of them is one of an API: record a session in which somebody signs in and works", src.Location, ErrNoRoutes, hosts.of(c.base), c.base.Host)
	}
	Link(s.Routes)
	return s, nil
}

// located puts the file's name in front of a fault.
func located(location string, err error) error {
	var syn *har.SyntaxError
	if errors.As(err, &syn) && syn.Line > 0 {
		return fmt.Errorf("%s:%w", location, err)
	}
	return fmt.Errorf("%s: %w", location, err)
}

// conversion turns entries into sightings.
type conversion struct {
	src      Source
	base     *url.URL
	traffic  *traffic
	warnings []string
}

func newConversion(src Source) *conversion {
	c := &conversion{src: src, base: src.Base}
	from := src.Location
	if from == "" {
		from = "recording"
	}
	c.traffic = newTraffic(from, func(format string, args ...any) { c.warn(from+": "+format, args...) })
	return c
}

func (c *conversion) warn(format string, args ...any) {
	if w := fmt.Sprintf(format, args...); len(c.warnings) < maxWarnings && !slices.Contains(c.warnings, w) {
		c.warnings = append(c.warnings, w)
	}
}

// Traffic reports an entry of a recording that tells of an application: no
// asset, no preflight of CORS, nothing of an analytics service, and not what
// never got an answer.
func Traffic(e *har.Entry) bool {
	if e.Status < 100 || e.Method == http.MethodOptions || e.Method == "TRACE" || e.Method == "CONNECT" {
		return false
	}
	switch e.Kind {
	case "stylesheet", "script", "image", "font", "media", "manifest", "ping", "beacon", "cspviolationreport", "preflight", "texttrack", "signedexchange", "favicon":
		return false
	}
	p := strings.ToLower(e.URL.Path)
	if asset(p) || oneOf(p, "/favicon.ico", "/robots.txt", "/manifest.json", "/site.webmanifest", "/sw.js", "/collect", "/g/collect", "/j/collect") || strings.HasSuffix(p, ".webmanifest") {
		return false
	}
	for _, own := range []string{"/_next/", "/_nuxt/", "/@vite/", "/@fs/", "/node_modules/", "/__webpack", "/_vercel/", "/cdn-cgi/", "/_stcore/", "/__nextjs", "/sockjs-node", "/envelope/"} {
		if strings.HasPrefix(p, own) || own == "/envelope/" && strings.HasSuffix(p, own) {
			return false
		}
	}
	mt := mediaType(e.Content.Type)
	fetched := e.Kind == "xhr" || e.Kind == "fetch"
	switch {
	case mt == "text/css", strings.Contains(mt, "javascript"), strings.HasPrefix(mt, "font/"), strings.Contains(mt, "font-woff"), mt == "application/wasm":
		return false
	case strings.HasPrefix(mt, "image/") || strings.HasPrefix(mt, "video/") || strings.HasPrefix(mt, "audio/"):
		// Where no browser says what it loaded for, a name with digits is an object's.
		return fetched || e.Kind == "" && strings.ContainsAny(p[strings.LastIndexByte(p, '/')+1:], "0123456789")
	}
	return true
}

// below is the part of a path below the base, "" where it is not below it.
func belowBase(base *url.URL, path string) string {
	prefix := strings.TrimSuffix(base.EscapedPath(), "/")
	rest, ok := strings.CutPrefix(path, prefix)
	if !ok || rest != "" && rest[0] != '/' {
		return ""
	}
	if rest == "" {
		return "/"
	}
	return rest
}

func (c *conversion) entry(e *har.Entry) {
	if !SameSite(e.URL, c.base) || !Traffic(e) {
		return
	}
	path := belowBase(c.base, e.URL.EscapedPath())
	if path == "" || len(path) > 2000 || strings.Contains(path, "{") {
		return
	}
	s := &sighting{method: e.Method, path: strings.ReplaceAll(path, "//", "/"), status: e.Status, carries: Carries(e)}
	if u, err := url.PathUnescape(s.path); err == nil && !strings.ContainsAny(u, "{}<>\x00") && strings.Count(u, "/") == strings.Count(s.path, "/") {
		s.path = u
	}
	for _, name := range sortedKeys(e.URL.Query()) {
		s.query = append(s.query, seenParam{name: name, value: shorten(e.URL.Query()[name][0])})
	}
	s.socket = e.Kind == "websocket" || strings.HasPrefix(e.URL.Scheme, "ws") || e.Status == http.StatusSwitchingProtocols
	if s.socket {
		s.method = http.MethodGet
	}
	c.sent(s, e)
	if s.ok() {
		if mt := mediaType(cmp.Or(e.Reply.Get("Content-Type"), e.Content.Type)); mt != "" && mt != "x-unknown" && !s.socket && e.Status != http.StatusNoContent {
			s.types = []string{mt}
		}
		s.reply = cutJSON(e.Content.Text)
		for _, m := range e.Messages {
			if !m.Sent {
				c.traffic.tell(s, cutJSON([]byte(m.Data)))
			}
		}
		if loc := e.Reply.Get("Location"); loc != "" && e.Status == http.StatusCreated && s.reply == nil {
			if u, err := url.Parse(loc); err == nil {
				segs := split(u.Path)
				if len(segs) > 1 {
					s.reply = map[string]any{"id": segs[len(segs)-1].text}
				}
			}
		}
	}
	c.traffic.add(s)
}

// sent reads the body of a request.
func (c *conversion) sent(s *sighting, e *har.Entry) {
	mt := mediaType(cmp.Or(e.Header.Get("Content-Type"), e.Sent.Type))
	if len(e.Sent.Text) == 0 && len(e.Sent.Params) == 0 {
		if mt != "" && (e.Sent.Dropped || strings.Contains(mt, "multipart")) && e.Method != "GET" {
			s.media = mt
		}
		return
	}
	switch {
	case mt == "application/x-www-form-urlencoded":
		s.media = mt
		form, _ := FormOf(e)
		m := map[string]any{}
		for k, v := range form {
			m[k] = shorten(v)
		}
		s.body = m
	case mt == "multipart/form-data":
		s.media = mt
		s.body, s.files = multipartSeen(e)
	case strings.Contains(mt, "json"), mt == "", mt == "text/plain":
		if v := cutJSON(e.Sent.Text); v != nil {
			s.media, s.body = cmp.Or(mt, "application/json"), v
			if mt == "text/plain" { // what simple requests of CORS send
				s.media = "application/json"
			}
			s.graph = graphQL(v)
			return
		}
		s.media = cmp.Or(mt, "text/plain")
	default:
		s.media = mt
	}
}

// graphQL reports a body that holds a query of GraphQL (GraphQL over HTTP, 5.4).
func graphQL(v any) bool {
	m, _ := v.(map[string]any)
	q, _ := m["query"].(string)
	q = strings.TrimSpace(q)
	return (strings.HasPrefix(q, "query") || strings.HasPrefix(q, "mutation") || strings.HasPrefix(q, "subscription") || strings.HasPrefix(q, "{")) && strings.Contains(q, "{")
}

// multipartSeen reads the fields of a multipart form, from the recording's list
// or from the body.
func multipartSeen(e *har.Entry) (any, []string) {
	out, files := map[string]any{}, []string{}
	for _, p := range e.Sent.Params {
		if p.File != "" || p.Type != "" && p.Type != "text/plain" || strings.Contains(p.Value, "(binary)") {
			files = append(files, p.Name)
		} else {
			out[p.Name] = shorten(p.Value)
		}
	}
	_, param, err := mime.ParseMediaType(cmp.Or(e.Header.Get("Content-Type"), e.Sent.Type))
	if err == nil && len(e.Sent.Params) == 0 && param["boundary"] != "" {
		r := multipart.NewReader(bytes.NewReader(e.Sent.Text), param["boundary"])
		for range 100 {
			part, err := r.NextPart()
			if err != nil {
				break
			}
			name := part.FormName()
			switch b, _ := io.ReadAll(io.LimitReader(part, 4096)); {
			case name == "":
			case part.FileName() != "":
				files = append(files, name)
			default:
				out[name] = shorten(string(b))
			}
		}
	}
	return out, slices.Compact(slices.Sorted(slices.Values(files)))
}

// Carries reports that a request of a recording brought a credential along.
func Carries(e *har.Entry) bool {
	for name := range e.Header {
		if CredentialHeader(name) {
			return true
		}
	}
	return slices.ContainsFunc(e.Cookies, func(p har.Pair) bool { return SessionCookie(p.Name, p.Value) })
}

// CredentialHeader reports a header field that carries a credential.
func CredentialHeader(name string) bool {
	low := strings.ToLower(name)
	if low == "authorization" || low == "x-auth" {
		return true
	}
	if !strings.HasPrefix(low, "x-") && !strings.Contains(low, "api") && !strings.Contains(low, "auth") && !strings.Contains(low, "token") {
		return false
	}
	return strings.Contains(low, "token") && !strings.Contains(low, "csrf") && !strings.Contains(low, "xsrf") || strings.Contains(low, "api-key") || strings.Contains(low, "apikey") ||
		strings.Contains(low, "auth-key") || strings.Contains(low, "access-key") || strings.Contains(low, "session-id")
}

// SessionCookie reports a cookie that may be a session: by its name, or because
// its value is nothing else.
func SessionCookie(name, value string) bool {
	low := strings.ToLower(name)
	for _, w := range []string{"csrf", "xsrf", "_ga", "_gid", "_gcl", "_fbp", "_hj", "amplitude", "mixpanel", "intercom", "ajs_", "ph_", "optimizely", "consent", "locale", "lang", "theme", "cf_clearance", "__cf", "_cfuvid", "analytics", "utm", "hubspot", "__hs", "_gat", "datadog", "_dd_", "sentry", "ab_", "feature"} {
		if strings.Contains(low, w) {
			return false
		}
	}
	for _, w := range []string{"sess", "sid", "auth", "token", "jwt", "login", "remember", "identity", "user"} {
		if strings.Contains(low, w) {
			return value != ""
		}
	}
	return len(value) >= 24 && !strings.ContainsAny(value, " {")
}

// openRecording opens a file that begins as a recording, or gives nil.
func openRecording(location string) (*os.File, error) {
	if isURL(location) {
		return nil, nil
	}
	st, err := os.Stat(filepath.FromSlash(location))
	if err != nil || !st.Mode().IsRegular() {
		return nil, nil //nolint:nilerr // the reader of small files says it better
	}
	f, err := os.Open(filepath.FromSlash(location))
	if err != nil {
		return nil, err
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || !har.Looks(head[:n]) {
		return nil, f.Close()
	}
	_, err = f.Seek(0, io.SeekStart)
	return f, err
}
