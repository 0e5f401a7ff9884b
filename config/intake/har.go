package intake

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
	"github.com/launchready/launchready/surface/har"
)

// isHAR reports a recording of a session.
func isHAR(text []byte) bool { return har.Looks(text) }

func readHAR(file string, text []byte) (*Intake, error) {
	return recording(context.Background(), file, bytes.NewReader(text))
}

// recording takes from a session what an audit needs to be the users in it.
func recording(ctx context.Context, file string, r io.ReadSeeker) (*Intake, error) {
	s, err := surface.Recording(ctx, r, surface.Source{Location: file})
	if err != nil {
		return nil, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	base, err := url.Parse(s.Servers[0])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	l := newListener(base, s.Routes)
	info, err := har.Read(r, har.Options{MaxBody: 64 << 10}, func(e *har.Entry) error {
		l.hear(e)
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	in := &Intake{Format: s.Format, Target: base.String(), Spec: file, Warnings: s.Warnings, count: len(s.Routes)}
	l.tell(in)
	in.Public, in.Admin = opened(s.Routes, l.open), administered(s.Routes)
	if !info.Cookies {
		in.Warnings = append(in.Warnings, file+": no request in it carries a credential: browsers leave them out of a sanitised export; export it with sensitive data")
	}
	return in, nil
}

// opened lists what the recording shows to be there for anyone: pages and health
// that were served without a credential. Anything else may be a fault.
func opened(routes []*lr.Route, served map[string]bool) []string {
	var out []string
	for _, rt := range routes {
		page := len(rt.Accepts) == 1 && rt.Accepts[0] == "text/html" && len(rt.PathParams()) == 0
		if rt.Method == http.MethodGet && (rt.Kind == lr.Health || page) && served[rt.Path] {
			out = append(out, rt.String())
		}
	}
	return out
}

// administered lists the patterns of paths that are named as an administrator's.
func administered(routes []*lr.Route) []string {
	var out []string
	for _, rt := range routes {
		if i := strings.Index(rt.Path, "/admin/"); i >= 0 && !slices.Contains(out, rt.Path[:i]+"/admin/**") {
			out = append(out, rt.Path[:i]+"/admin/**")
		}
	}
	return out
}

// grant is a sign-in that was answered.
type grant struct {
	user     string
	password lr.Secret
	entry    int
	signUp   bool
	call     *SignIn           // as it would be sent again
	cookies  map[string]string // that its reply set
	place    string            // where the credential that was used later stood in the reply
	send     string            // and how it was sent
}

// session is one login of one user, as its requests show it.
type session struct {
	grant    *grant
	header   string // the header field that carries its credential, "" for cookies
	value    lr.Secret
	cookie   lr.Secret // whole Cookie header
	requests int
	good     int
	fields   map[string]map[string]int // further header fields, with the values that were sent
	claims   map[string]string
	who      map[string]string
}

const (
	maxSessions = 100
	maxKnown    = 50_000
)

// listener follows credentials through a recording.
type listener struct {
	base     *url.URL
	kinds    map[string]lr.Kind // of routes without keys, by "METHOD /path"
	whoami   string
	grants   []*grant
	sessions []*session
	of       map[string]*session  // by a credential's value
	granted  map[string]*granting // by a value of a sign-in's reply
	open     map[string]bool      // GET paths that were served without a credential
	shows    map[string]int       // GET paths whose reply names the user who asked
	dropped  map[string]bool      // names of fields that were left out of the sign-in
}

// granting says that a sign-in's reply holds a value, and where.
type granting struct {
	g     *grant
	place string
}

func newListener(base *url.URL, routes []*lr.Route) *listener {
	l := &listener{base: base, kinds: map[string]lr.Kind{}, of: map[string]*session{}, granted: map[string]*granting{}, open: map[string]bool{}, shows: map[string]int{}, dropped: map[string]bool{}}
	for _, rt := range routes {
		if len(rt.PathParams()) == 0 {
			l.kinds[rt.String()] = rt.Kind
			if rt.Kind == lr.WhoAmI && rt.Method == http.MethodGet && l.whoami == "" {
				l.whoami = rt.Path
			}
		}
	}
	return l
}

func (l *listener) hear(e *har.Entry) {
	if !surface.SameSite(e.URL, l.base) || !surface.Traffic(e) {
		return
	}
	path := e.URL.EscapedPath()
	good := e.Status >= 200 && e.Status < 400 || e.Status == http.StatusSwitchingProtocols
	kind := l.kinds[e.Method+" "+path]
	if good && e.Method == http.MethodPost && kind != lr.Password && kind != lr.Invite && kind != lr.Create {
		l.signIn(e, path, kind)
	}
	s := l.session(e)
	if s == nil {
		if e.Status >= 200 && e.Status < 300 && e.Method == http.MethodGet {
			l.open[path] = true
		}
		return
	}
	s.requests++
	if good {
		s.good++
		l.renewed(s, e)
		l.notice(s, e, path)
	}
	s.fieldsOf(e)
}

// session finds whose request an entry is.
func (l *listener) session(e *har.Entry) *session {
	for _, name := range sortedKeys(e.Header) {
		if !surface.CredentialHeader(name) {
			continue
		}
		v := e.Header.Get(name)
		value := bare(v)
		if len(value) < 4 {
			continue
		}
		if s := l.of[value]; s != nil {
			return s
		}
		if from := l.granted[value]; from != nil {
			send := name + ": " + strings.Replace(v, value, "{token}", 1)
			return l.begun(from, value, name, send, v)
		}
		return l.unknown(value, name, v)
	}
	var jar []string
	for _, c := range e.Cookies {
		if from := l.granted[c.Value]; from != nil && strings.HasPrefix(from.place, "cookie:") {
			return l.begun(from, c.Value, "", "", "")
		}
		if s := l.of[c.Value]; s != nil && len(c.Value) >= 8 {
			return s
		}
		if surface.SessionCookie(c.Name, c.Value) {
			jar = append(jar, c.Name+"="+c.Value)
		}
	}
	if len(jar) == 0 {
		return nil
	}
	slices.Sort(jar)
	return l.unknown(strings.Join(jar, "; "), "", "")
}

// begun is the session that a sign-in gave.
func (l *listener) begun(from *granting, value, header, send, whole string) *session {
	g := from.g
	for _, s := range l.sessions {
		if s.grant == g {
			l.of[value] = s
			return s
		}
	}
	s := l.add(value)
	if s == nil {
		return nil
	}
	s.grant, s.header, s.value = g, header, lr.NewSecret(whole)
	if header == "" {
		s.value = lr.NewSecret(value)
	}
	g.place, g.send = from.place, send
	return s
}

// unknown is the session of a credential that the recording does not see given.
func (l *listener) unknown(value, header, whole string) *session {
	if s := l.of[value]; s != nil {
		return s
	}
	s := l.add(value)
	if s == nil {
		return nil
	}
	s.header, s.value = header, lr.NewSecret(cmp.Or(whole, value))
	return s
}

func (l *listener) add(value string) *session {
	if len(l.sessions) >= maxSessions {
		return nil
	}
	s := &session{fields: map[string]map[string]int{}, claims: claims(value)}
	l.sessions = append(l.sessions, s)
	l.of[value] = s
	return s
}

// renewed notes credentials that replies give in the course of a session.
func (l *listener) renewed(s *session, e *har.Entry) {
	for _, c := range setCookies(e) {
		if surface.SessionCookie(c.Name, c.Value) && l.of[c.Value] == nil && len(l.of) < maxKnown {
			l.of[c.Value] = s
		}
	}
	if l.kinds[e.Method+" "+e.URL.EscapedPath()] != lr.Refresh {
		return
	}
	if doc, ok := surface.JSON(e.Content.Text); ok {
		values := map[string]string{}
		flatten(values, "", doc, 0)
		for p, v := range values {
			if surface.CredentialName(p[strings.LastIndexByte(p, '/')+1:]) && len(v) >= 16 && l.of[v] == nil && len(l.of) < maxKnown {
				l.of[v] = s
			}
		}
	}
}

// setCookies are the cookies that a reply sets and does not take back.
func setCookies(e *har.Entry) []har.Pair {
	var out []har.Pair
	for _, c := range (&http.Response{Header: e.Reply}).Cookies() {
		if c.Value != "" && c.MaxAge >= 0 {
			out = append(out, har.Pair{Name: c.Name, Value: c.Value})
		}
	}
	for _, c := range e.Set {
		if c.Value != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}
