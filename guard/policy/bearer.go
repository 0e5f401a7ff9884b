package policy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/launchready/launchready/guard/auth"
)

// Caller says whom to ask who somebody is, and where the answer says so: members as
// user.id.
type Caller struct {
	WhoAmI  string `yaml:"whoami,omitempty"` // a path of the application that says who is signed in
	Method  string `yaml:"method,omitempty"` // by which it is asked: GET (default), POST
	Subject string `yaml:"subject,omitempty"`
	Tenant  string `yaml:"tenant,omitempty"`
	Roles   string `yaml:"roles,omitempty"` // a list, a text, or what is true as the role of its name
	Cache   string `yaml:"cache,omitempty"` // how long an answer is believed, as 10s

	Headers map[string]string `yaml:"headers,omitempty"` // of the question: a text, or a reference where it is a secret
}

// Bearer is a token that the application issues and judges itself.
type Bearer struct {
	Header     string `yaml:"header,omitempty"` // Authorization
	Scheme     string `yaml:"scheme,omitempty"` // Bearer, in Authorization
	Caller     `yaml:",inline"`
	Secret     string   `yaml:"secret,omitempty"`          // a reference; guard verifies what the application signs with it
	Algorithms []string `yaml:"algorithms,omitempty,flow"` // HS256
}

var sharedAlgorithms = []string{"HS256", "HS384", "HS512"}

// credentials are the caller's, or belong to the connection.
var credentials = []string{"Authorization", "Cookie", "Host", "Connection", "Content-Length", "Transfer-Encoding"}

func (b *Bearer) header() string { return http.CanonicalHeaderKey(cmp.Or(b.Header, "Authorization")) }

func (j *judge) bearer(a *Auth, tokens bool) {
	b := a.Bearer
	if b == nil {
		return
	}
	if b.WhoAmI == "" && b.Secret == "" || b.Subject == "" {
		j.fail("auth.bearer", "bearer needs subject, and whoami (a path of the application that says who is signed in) or secret (it signs the tokens)")
	}
	j.caller("auth.bearer", b.Caller)
	j.reference("auth.bearer.secret", b.Secret, true)
	own := b.header() != "Authorization"
	switch {
	case !httpguts.ValidHeaderFieldName(b.header()) || strings.Contains(b.Header, "_") || strings.EqualFold(b.Header, "Cookie"):
		j.fail("auth.bearer.header", "header %q is no field of a token, as Authorization; a cookie is for session", b.Header)
	case b.Scheme != "" && (own || !httpguts.ValidHeaderFieldName(b.Scheme)):
		j.fail("auth.bearer.scheme", "scheme is one word before the token in Authorization, as Bearer or Token")
	case tokens && !own:
		j.fail("auth.bearer", "what is in Authorization is verified by jwks, discover and introspection, or by bearer: one of the two")
	case a.APIKeys != nil && b.header() == http.CanonicalHeaderKey(cmp.Or(a.APIKeys.Header, "X-API-Key")):
		j.fail("auth.bearer.header", "header %s is that of api_keys", b.header())
	}
	for i, alg := range b.Algorithms {
		at := fmt.Sprintf("auth.bearer.algorithms[%d]", i)
		if !slices.Contains(sharedAlgorithms, alg) {
			j.fail(at, "algorithm %q: one of %s", alg, strings.Join(sharedAlgorithms, ", "))
		} else if b.Secret == "" {
			j.fail(at, "algorithms are those of secret")
		}
	}
}

// caller judges what sessions and tokens have in common.
func (j *judge) caller(at string, c Caller) {
	if c.WhoAmI != "" && (!strings.HasPrefix(c.WhoAmI, "/") || strings.ContainsAny(c.WhoAmI, "?#{} ")) {
		j.fail(at+".whoami", "whoami %q is no path of the application, as /me", c.WhoAmI)
	}
	if c.Method != "" && (c.WhoAmI == "" || c.Method != http.MethodGet && c.Method != http.MethodPost) {
		j.fail(at+".method", "method %q: whoami is asked by GET or POST", c.Method)
	}
	for n, m := range map[string]string{"subject": c.Subject, "tenant": c.Tenant, "roles": c.Roles} {
		if m != "" && (strings.ContainsAny(m, "$/[] ") || slices.Contains(strings.Split(m, "."), "")) {
			j.fail(at+"."+n, "%s %q is no member of an answer, as user.id", n, m)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(c.Headers)) {
		if v := c.Headers[n]; !httpguts.ValidHeaderFieldName(n) || !httpguts.ValidHeaderFieldValue(v) || slices.Contains(credentials, http.CanonicalHeaderKey(n)) {
			j.fail(at+".headers."+key(n), "headers %q is no field that the question may have beside the credential", n)
		}
	}
	if c.Cache != "" && c.WhoAmI == "" {
		j.fail(at+".cache", "cache is how long an answer of whoami is believed, and there is none")
	}
	j.cache(at+".cache", c.Cache)
}

func (c Caller) ask(at string, to *auth.WhoAmI, p *Policy, s *State) error {
	cache, err := span(c.Cache)
	if err != nil {
		return err
	}
	to.Method, to.Subject, to.Tenant, to.Roles, to.Cache = c.Method, c.Subject, c.Tenant, c.Roles, cache
	for n, v := range c.Headers {
		if reference(v) {
			b, err := s.secret(v)
			if err != nil || !httpguts.ValidHeaderFieldValue(string(b)) {
				return p.wrong(at+".headers."+key(n), cmp.Or(err, errors.New("not one line of text")))
			}
			v = string(b)
		}
		if to.Headers == nil {
			to.Headers = http.Header{}
		}
		to.Headers.Set(n, v)
	}
	if c.WhoAmI != "" {
		to.URL = strings.TrimSuffix(p.Upstream, "/") + c.WhoAmI
	}
	if s.Transport != nil {
		to.Client = &http.Client{Transport: s.Transport}
	}
	return nil
}

func (b *Bearer) load(p *Policy, s *State) (*auth.Bearer, error) {
	out := &auth.Bearer{Header: b.header(), Algorithms: b.Algorithms}
	if out.Header == "Authorization" {
		out.Scheme = cmp.Or(b.Scheme, "Bearer")
	}
	if len(out.Algorithms) == 0 {
		out.Algorithms = []string{"HS256"}
	}
	if err := b.ask("auth.bearer", &out.WhoAmI, p, s); err != nil {
		return nil, err
	}
	if b.Secret == "" {
		return out, nil
	}
	secret, err := s.secret(b.Secret)
	if err == nil && len(secret) < 32 {
		err = errors.New("the secret is shorter than 32 bytes: whoever has a token can guess it. Change it in the application first") // RFC 7518 section 3.2
	}
	if err != nil {
		return nil, p.wrong("auth.bearer.secret", err)
	}
	out.Secret = secret
	return out, nil
}
