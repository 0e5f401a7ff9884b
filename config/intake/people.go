package intake

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
	"github.com/launchready/launchready/surface/har"
)

// maxIdentities is how many users are taken from one file: the audit plays
// each of them, and more than a few tell nothing new.
const maxIdentities = 12

// notice reads from a reply who the session's user is.
func (l *listener) notice(s *session, e *har.Entry, path string) {
	if e.Method != http.MethodGet || len(e.Content.Text) == 0 {
		return
	}
	doc, ok := surface.JSON(e.Content.Text)
	if _, object := doc.(map[string]any); !ok || !object {
		return
	}
	told := map[string]string{}
	flatten(told, "", doc, 0)
	if path == l.whoami {
		s.who = told
		return
	}
	if _, keyless := l.kinds[e.Method+" "+path]; !keyless || s.grant == nil || len(told) > 60 {
		return
	}
	for _, v := range told {
		if strings.EqualFold(v, s.grant.user) {
			if l.shows[path]++; l.whoami == "" && s.who == nil {
				s.who = told
			}
			return
		}
	}
}

// fieldsOf notes the header fields that the application's own client sends.
func (s *session) fieldsOf(e *har.Entry) {
	if c := e.Header.Get("Cookie"); c != "" {
		s.cookie = lr.NewSecret(c)
	} else if len(e.Cookies) > 0 {
		var jar []string
		for _, c := range e.Cookies {
			jar = append(jar, c.Name+"="+c.Value)
		}
		s.cookie = lr.NewSecret(strings.Join(jar, "; "))
	}
	for name, values := range e.Header {
		if name == s.header || standard(name) || len(s.fields) >= 40 {
			continue
		}
		if s.fields[name] == nil {
			s.fields[name] = map[string]int{}
		}
		if len(s.fields[name]) < 5 && len(values[0]) <= 4096 {
			s.fields[name][values[0]]++
		}
	}
}

var ordinary = regexp.MustCompile(`^(accept(-.*)?|access-control-.*|authority|cache-control|connection|content-.*|cookie|date|device-memory|dnt|downlink|dpr|expect|forwarded|host|if-.*|idempotency-key|keep-alive|last-event-id|method|next-.*|origin|path|ping-.*|pragma|priority|proxy-.*|purpose|range|referer|rsc|rtt|save-data|scheme|sec-.*|sentry-.*|baggage|traceparent|tracestate|te|trailer|transfer-encoding|upgrade.*|user-agent|via|viewport-width|width|x-amz.*|x-b3-.*|x-client-data|x-correlation-id|x-datadog-.*|x-forwarded-.*|x-http-method.*|x-newrelic-.*|x-real-ip|x-request-id|x-trace.*|x-devtools-.*)$`)

// standard reports a header field that says nothing of the application's own.
func standard(name string) bool { return ordinary.MatchString(strings.ToLower(name)) }

// own lists the fields that all of a session's requests of a kind carry with one
// value: they belong to the application's client, and it may refuse without them.
func (s *session) own(signsIn bool) map[string]lr.Secret {
	out := map[string]lr.Secret{}
	for name, values := range s.fields {
		if len(values) != 1 {
			continue
		}
		for v, n := range values {
			if 2*n < s.requests && n < 3 || v == "" || signsIn && (surface.CredentialHeader(name) || csrf(name)) {
				continue // it is of the recorded session, and dead after a new sign-in
			}
			out[http.CanonicalHeaderKey(name)] = lr.NewSecret(v)
		}
	}
	return out
}

func csrf(name string) bool {
	low := strings.ToLower(name)
	return strings.Contains(low, "csrf") || strings.Contains(low, "xsrf")
}

// tell writes what was heard into the intake.
func (l *listener) tell(in *Intake) {
	if l.whoami == "" {
		for _, p := range sortedKeys(l.shows) {
			if l.whoami == "" || l.shows[p] > l.shows[l.whoami] {
				l.whoami = p
			}
		}
	}
	if l.whoami != "" {
		in.WhoAmI = "GET " + l.whoami
	}
	for _, g := range l.grants {
		if g.call != nil && (in.SignIn == nil || in.SignIn.Token == "" && g.place != "") {
			in.SignIn = g.call
			in.SignIn.Token, in.SignIn.Send = g.place, g.send
			if strings.HasPrefix(g.place, "cookie:") && len(sessionCookies(g.cookies)) > 1 {
				in.SignIn.Token = "cookie"
			}
			if in.SignIn.Send == "Authorization: Bearer {token}" {
				in.SignIn.Send = ""
			}
		}
	}
	for name := range l.dropped {
		in.Warnings = append(in.Warnings, "the sign-in also sent "+name+", whose value belongs to that moment; it is left out")
	}
	slices.Sort(in.Warnings[len(in.Warnings)-len(l.dropped):])
	var people []*someone
	for _, s := range l.sessions {
		if s.good > 0 || s.grant != nil {
			people = append(people, s.person(in.SignIn != nil))
		}
	}
	for _, g := range l.grants { // signed in, and then nothing that carries a credential: a sanitised recording
		if !slices.ContainsFunc(l.sessions, func(s *session) bool { return s.grant == g }) {
			people = append(people, (&session{grant: g}).person(in.SignIn != nil))
		}
	}
	in.Identities = identify(people, in)
}

func sessionCookies(jar map[string]string) []string {
	var out []string
	for name, v := range jar {
		if surface.SessionCookie(name, v) || csrf(name) {
			out = append(out, name)
		}
	}
	return out
}

// someone is a user before the tenants are known.
type someone struct {
	Identity
	tenantID, label string // as whoami and token tell
	guessed         bool   // the label is that of the mail domain
}

// person tells who a session is.
func (s *session) person(signsIn bool) *someone {
	p := &someone{}
	with := s.grant != nil && signsIn && !s.grant.password.IsZero()
	if s.grant != nil {
		p.User = s.grant.user
	}
	p.User = cmp.Or(p.User, pick(s.who, "email", "username", "login", "preferred_username"), pick(s.claims, "email", "preferred_username", "username"))
	p.Role = cmp.Or(pick(s.who, "role", "role/name", "roles/0", "roles/0/name", "membership/role"), pick(s.claims, "role", "roles/0"))
	p.tenantID, p.label = tenantOf(s.who)
	if p.tenantID == "" && p.label == "" {
		p.tenantID, p.label = tenantOf(s.claims)
	}
	if p.label == "" || surface.KeyLike(p.label) {
		p.guessed = p.tenantID == "" && p.label == ""
		p.label = cmp.Or(mailTenant(p.User), p.label, p.tenantID)
	}
	if with {
		p.Password = s.grant.password
	} else {
		s.given(&p.Identity)
	}
	p.Headers = s.own(with)
	return p
}

// given fills in the credential that the recording holds.
func (s *session) given(id *Identity) {
	switch {
	case s.header == "" && !s.cookie.IsZero():
		id.Cookie = s.cookie
	case s.header == "" && strings.Contains(s.value.Reveal(), "="):
		id.Cookie = s.value
	case s.header != "":
		whole := s.value.Reveal()
		token := bare(whole)
		id.Token = lr.NewSecret(token)
		if id.Send = s.header + ": " + strings.Replace(whole, token, "{token}", 1); id.Send == "Authorization: Bearer {token}" {
			id.Send = ""
		}
	}
}

// identify makes identities of people: one for each user, with a tenant.
func identify(people []*someone, in *Intake) []Identity {
	people = slices.DeleteFunc(people, func(p *someone) bool {
		return p.Password.IsZero() && p.Token.IsZero() && p.Cookie.IsZero()
	})
	// Who can sign in anew is worth more than who brings a token that dies.
	slices.SortStableFunc(people, func(a, b *someone) int {
		return cmp.Compare(boolInt(a.Password.IsZero()), boolInt(b.Password.IsZero()))
	})
	placeInTenants(people, in)
	var out []Identity
	seen := map[string]bool{}
	taken := map[string]bool{}
	for _, p := range people {
		if user := strings.ToLower(p.User); user != "" {
			if seen[user+"\x00"+p.Tenant] || seen[user] && p.Tenant == "" {
				continue
			}
			seen[user], seen[user+"\x00"+p.Tenant] = true, true
		}
		if len(out) == maxIdentities {
			in.warn("more users than the audit plays were left out")
			break
		}
		local, _, _ := strings.Cut(p.User, "@")
		name := fitKey(strings.Trim(p.Tenant+"_"+cmp.Or(p.Role, local, "recorded"), "_"))
		for n, base := 2, name; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		taken[name] = true
		p.Name = name
		out = append(out, p.Identity)
	}
	return out
}

// placeInTenants gives each person a tenant. What whoami or a token says of its id
// decides; a name alone joins the tenant that has it.
func placeInTenants(people []*someone, in *Intake) {
	named := map[string]string{} // by id, or by label where there is no id
	taken := map[string]bool{}
	place := func(p *someone, key string) {
		if named[key] == "" {
			name := fitKey(cmp.Or(p.label, "tenant"))
			for n, base := 2, name; taken[name]; n++ {
				name = fmt.Sprintf("%s_%d", base, n)
			}
			named[key], taken[name] = name, true
			if label := "\x00" + p.label; named[label] == "" {
				named[label] = name
			}
		}
		p.Tenant = named[key]
	}
	for _, p := range people {
		if p.tenantID != "" {
			place(p, p.tenantID)
		}
	}
	for _, p := range people {
		if p.tenantID != "" || p.label == "" {
			continue
		}
		place(p, "\x00"+p.label)
		if p.guessed {
			in.warn("the tenant of " + p.User + " is told by the mail domain alone: correct it if it is another")
		}
	}
}

func (in *Intake) warn(w string) {
	if !slices.Contains(in.Warnings, w) {
		in.Warnings = append(in.Warnings, w)
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
