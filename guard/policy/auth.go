package policy

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/net/http/httpguts"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/auth"
)

// Introspection asks the provider about tokens that only it can read.
type Introspection struct {
	URL          string `yaml:"url,omitempty"` // none: as the issuer's configuration says
	ClientID     string `yaml:"client_id,omitempty"`
	ClientSecret string `yaml:"client_secret,omitempty"` // a reference
	Cache        string `yaml:"cache,omitempty"`
	AnyAudience  bool   `yaml:"any_audience,omitempty"`
}

// APIKeys are the keys that launchready guard key new made.
type APIKeys struct {
	Header string   `yaml:"header,omitempty"` // X-API-Key
	Keys   []APIKey `yaml:"keys,omitempty"`
	File   string   `yaml:"file,omitempty"` // a list of more, beside the policy
}

// APIKey is whose a key is.
type APIKey struct {
	SHA256  string   `yaml:"sha256"`
	Subject string   `yaml:"subject"`
	Tenant  string   `yaml:"tenant,omitempty"`
	Roles   []string `yaml:"roles,omitempty,flow"`
	Expires string   `yaml:"expires,omitempty"` // 2027-01-31, or RFC 3339
}

// Session is the application's own, in a cookie.
type Session struct {
	Cookie  string `yaml:"cookie"`
	Caller  `yaml:",inline"`
	Origins []string `yaml:"origins,omitempty,flow"` // whose pages may use it, beside the application's own
}

// Assertion tells the application who asks.
type Assertion struct {
	Audience string `yaml:"audience"`
	Secret   string `yaml:"secret,omitempty"` // a reference; HS256
	Key      string `yaml:"key,omitempty"`    // a reference to an Ed25519 key, PKCS #8 as PEM; EdDSA
}

// Webhook is where another system tells of events.
type Webhook struct {
	Path    string   `yaml:"path"`             // of a public route
	Scheme  string   `yaml:"scheme"`           // standard, stripe, github
	Secrets []string `yaml:"secrets,flow"`     // references
	Window  string   `yaml:"window,omitempty"` // 5m: how far an event's time may be off
}

// reference reports whether a text refers to a secret and holds none.
func reference(s string) bool {
	return strings.HasPrefix(s, "${env:") && strings.HasSuffix(s, "}") && len(s) > 7 || strings.HasPrefix(s, "file:") && len(s) > 5
}

// secret reads what a reference means. The error holds nothing of it.
func (s *State) secret(ref string) ([]byte, error) {
	if name, ok := strings.CutPrefix(ref, "${env:"); ok {
		name = strings.TrimSuffix(name, "}")
		if s.Env != nil {
			if v, ok := s.Env(name); ok && v != "" {
				return []byte(v), nil
			}
		}
		return nil, fmt.Errorf("the variable %s is not set", name)
	}
	b, err := os.ReadFile(s.path(strings.TrimPrefix(ref, "file:")))
	if b = bytes.TrimSpace(b); err == nil && len(b) == 0 {
		err = errors.New("the file is empty")
	}
	return b, err
}

func (s *State) path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(s.Folder, file)
}

func (j *judge) auth(p *Policy) {
	j.webhooks(p)
	a := p.Auth
	if a == nil {
		return
	}
	tokens := a.JWKS != "" || a.Discover || a.Introspection != nil
	if !tokens && a.APIKeys == nil && a.Session == nil && a.Bearer == nil || a.Issuer != "" && !tokens {
		j.fail("auth", "auth verifies nothing: it needs jwks or discover for tokens, introspection, api_keys, session or bearer")
	}
	if tokens && (a.Issuer == "" || a.Audience == "") {
		j.fail("auth", "auth needs issuer and audience: a token for somebody else must not count")
	}
	if a.JWKS != "" && a.Discover {
		j.fail("auth.discover", "discover finds the keys' address; jwks names it: one of the two")
	}
	if a.JWKS != "" && !address(a.JWKS) {
		j.fail("auth.jwks", "auth.jwks is no address of a key set")
	}
	if (a.Discover || a.Introspection != nil && a.Introspection.URL == "") && a.Issuer != "" && !address(a.Issuer) {
		j.fail("auth.issuer", "issuer is no address, so nothing can be discovered there")
	}
	for i, alg := range a.Algorithms {
		if !slices.Contains(algorithms, alg) {
			j.fail(fmt.Sprintf("auth.algorithms[%d]", i), "algorithm %q: one of %s", alg, strings.Join(algorithms, ", "))
		}
	}
	if i := a.Introspection; i != nil {
		if i.URL != "" && !address(i.URL) {
			j.fail("auth.introspection.url", "url is no address of an introspection")
		}
		j.reference("auth.introspection.client_secret", i.ClientSecret, true)
		j.cache("auth.introspection.cache", i.Cache)
	}
	if k := a.APIKeys; k != nil {
		if k.Header != "" && (!httpguts.ValidHeaderFieldName(k.Header) || strings.EqualFold(k.Header, "Authorization") || strings.Contains(k.Header, "_")) {
			j.fail("auth.api_keys.header", "header %q is no field of its own, as X-API-Key", k.Header)
		}
		if len(k.Keys) == 0 && k.File == "" {
			j.fail("auth.api_keys", "there is no key: launchready guard key new makes one")
		}
		seen := map[string]bool{}
		for i, one := range k.Keys {
			key, err := one.key()
			if err == nil && seen[key.Hash] {
				err = errTwice
			}
			if err != nil {
				j.fail(fmt.Sprintf("auth.api_keys.keys[%d]", i), "%v", err)
			}
			seen[key.Hash] = true
		}
	}
	if s := a.Session; s != nil {
		if s.Cookie == "" || !httpguts.ValidHeaderFieldName(s.Cookie) || s.Subject == "" || s.WhoAmI == "" {
			j.fail("auth.session", "session needs cookie, whoami (a path of the application that says who is signed in) and subject (the member of its answer)")
		}
		j.caller("auth.session", s.Caller)
		for i, o := range s.Origins {
			if !whole(o) {
				j.fail(fmt.Sprintf("auth.session.origins[%d]", i), "origin %q is no whole origin, as https://app.acme.test", o)
			}
		}
	}
	j.bearer(a, tokens)
	if s := a.Assertion; s != nil {
		if s.Audience == "" || (s.Secret == "") == (s.Key == "") {
			j.fail("auth.assertion", "assertion needs audience, and secret (HS256) or key (Ed25519)")
		}
		j.reference("auth.assertion.secret", s.Secret, true)
		j.reference("auth.assertion.key", s.Key, true)
	}
}

// roles reports whether any credential can have one; tenants likewise.
func (a *Auth) roles() bool {
	return a != nil && (a.RolesClaim != "" || a.APIKeys != nil || a.Session != nil && a.Session.Roles != "" || a.Bearer != nil && a.Bearer.Roles != "")
}

func (a *Auth) tenants() bool {
	return a != nil && (a.TenantClaim != "" || a.APIKeys != nil || a.Session != nil && a.Session.Tenant != "" || a.Bearer != nil && a.Bearer.Tenant != "")
}

func (j *judge) webhooks(p *Policy) {
	for i, w := range p.Webhooks {
		at := fmt.Sprintf("webhooks[%d]", i)
		n := slices.IndexFunc(p.Routes, func(r Route) bool { return r.Path == w.Path && r.Public && !r.Blocked })
		if n < 0 {
			j.fail(at, "there is no public route %s: a webhook's credential is its signature", w.Path)
		}
		if !slices.Contains([]string{"standard", "stripe", "github"}, w.Scheme) {
			j.fail(at+".scheme", "scheme %q: one of standard, stripe, github", w.Scheme)
		}
		if len(w.Secrets) == 0 {
			j.fail(at, "a webhook needs secrets")
		}
		for k, s := range w.Secrets {
			j.reference(fmt.Sprintf("%s.secrets[%d]", at, k), s, false)
		}
		if d, err := w.window(); err != nil || d <= 0 || d > 24*time.Hour {
			j.fail(at+".window", "window %q is no time up to 24h, as 5m", w.Window)
		}
	}
}

func (j *judge) reference(at, s string, optional bool) {
	if !(optional && s == "") && !reference(s) {
		j.fail(at, "a secret is referred to, never written down: \"${env:NAME}\" or \"file:PATH\"")
	}
}

func (j *judge) cache(at, s string) {
	if d, err := span(s); err != nil || d < 0 || d > time.Minute {
		j.fail(at, "cache %q is no time up to 1m, as 30s: a credential that was withdrawn counts that long", s)
	}
}

func address(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

func (w Webhook) window() (time.Duration, error) {
	if w.Window == "" {
		return auth.DefaultWindow, nil
	}
	return time.ParseDuration(w.Window)
}

var errTwice = errors.New("the key is there twice: whose it is would depend on the order")

func (k APIKey) key() (auth.APIKey, error) {
	out := auth.APIKey{Hash: strings.ToLower(k.SHA256), Subject: k.Subject, Tenant: k.Tenant, Roles: k.Roles}
	if b, err := hex.DecodeString(k.SHA256); err != nil || len(b) != 32 || k.Subject == "" {
		return out, errors.New("a key needs subject, and sha256 as launchready guard key new prints it")
	}
	if k.Expires == "" {
		return out, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, k.Expires); err == nil {
			out.Expires = t
			return out, nil
		}
	}
	return out, fmt.Errorf("expires %q is no date, as 2027-01-31", k.Expires)
}

// authenticate makes the check; its tables outlive it in the state.
func (p *Policy) authenticate(s *State) (*auth.Check, error) {
	a := p.Auth
	o := auth.Options{Issuer: a.Issuer, Audience: a.Audience, Algorithms: a.Algorithms, Tenant: a.TenantClaim, Roles: a.RolesClaim, Presented: a.Presented, Now: s.clock(), Wall: s.wall()}
	if a.JWKS != "" || a.Discover {
		if s.keys == nil {
			s.keys = map[string]*auth.Keys{}
		}
		name := a.JWKS + " " + a.Issuer
		if s.keys[name] == nil {
			s.keys[name] = &auth.Keys{URL: a.JWKS, Issuer: a.Issuer}
		}
		o.Keys = s.keys[name]
	}
	if i := a.Introspection; i != nil {
		cache, err := span(i.Cache)
		if err != nil {
			return nil, err
		}
		o.Introspect = &auth.Introspection{URL: i.URL, ID: i.ClientID, Cache: cache, AnyAudience: i.AnyAudience}
		if i.ClientSecret != "" {
			b, err := s.secret(i.ClientSecret)
			if err != nil {
				return nil, p.wrong("auth.introspection.client_secret", err)
			}
			o.Introspect.Secret = string(b)
		}
	}
	var err error
	if a.APIKeys != nil {
		if o.APIKeys, err = a.APIKeys.load(s); err != nil {
			at := "auth.api_keys.keys"
			if a.APIKeys.File != "" {
				at = "auth.api_keys.file"
			}
			return nil, p.wrong(at, err)
		}
	}
	if c := a.Session; c != nil {
		o.Session = &auth.Session{Cookie: c.Cookie, Origins: http.NewCrossOriginProtection()}
		if err := c.ask("auth.session", &o.Session.WhoAmI, p, s); err != nil {
			return nil, err
		}
		for _, origin := range c.Origins {
			if err := o.Session.Origins.AddTrustedOrigin(origin); err != nil {
				return nil, err
			}
		}
	}
	if a.Bearer != nil {
		if o.Bearer, err = a.Bearer.load(p, s); err != nil {
			return nil, err
		}
	}
	if a.Assertion != nil {
		if o.Assert, err = a.Assertion.load(s); err != nil {
			at := "auth.assertion.key"
			if a.Assertion.Secret != "" {
				at = "auth.assertion.secret"
			}
			return nil, p.wrong(at, err)
		}
	}
	return auth.New(o), nil
}

func (k *APIKeys) load(s *State) (*auth.APIKeys, error) {
	keys := slices.Clone(k.Keys)
	if k.File != "" {
		b, err := os.ReadFile(s.path(k.File))
		if err != nil {
			return nil, err
		}
		var more []APIKey
		if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&more); err != nil {
			return nil, placed(k.File, err)
		}
		keys = append(keys, more...)
	}
	all, seen := make([]auth.APIKey, len(keys)), map[string]bool{}
	for i, one := range keys {
		var err error
		if all[i], err = one.key(); err == nil && seen[all[i].Hash] {
			err = errTwice
		}
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		seen[all[i].Hash] = true
	}
	return auth.NewAPIKeys(k.header(), all)
}

func (k *APIKeys) header() string { return http.CanonicalHeaderKey(cmp.Or(k.Header, "X-API-Key")) }

func (a *Assertion) load(s *State) (*auth.Assertion, error) {
	out := &auth.Assertion{Audience: a.Audience}
	if a.Secret != "" {
		b, err := s.secret(a.Secret)
		if err == nil && len(b) < 32 {
			err = errors.New("the secret is shorter than 32 bytes") // RFC 7518 section 3.2
		}
		out.Secret = b
		return out, err
	}
	b, err := s.secret(a.Key)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("the key is no PEM")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the key is no PKCS #8")
	}
	ed, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("the key is none of Ed25519")
	}
	out.Key = ed
	return out, nil
}

// webhooks adds the check of signatures.
func (p *Policy) webhooks(o *guard.Options, s *State) error {
	if len(p.Webhooks) == 0 {
		return nil
	}
	all := &auth.Webhooks{Replays: &s.replays, Now: s.clock(), Wall: s.wall()}
	for i, w := range p.Webhooks {
		at := fmt.Sprintf("webhooks[%d].secrets", i)
		window, err := w.window()
		if err != nil {
			return err
		}
		h := auth.Hook{Pattern: w.Path, Scheme: w.Scheme, Window: window}
		for k, ref := range w.Secrets {
			b, err := s.secret(ref)
			if err == nil && w.Scheme == "standard" {
				b, err = standardKey(b)
			}
			if err != nil {
				return p.wrong(fmt.Sprintf("%s[%d]", at, k), err)
			}
			h.Secrets = append(h.Secrets, b)
		}
		all.Hooks = append(all.Hooks, h)
	}
	o.Checks = append(o.Checks, all)
	return nil
}

// standardKey is what Standard Webhooks write as whsec_ and base64.
func standardKey(b []byte) ([]byte, error) {
	text, ok := strings.CutPrefix(string(b), "whsec_")
	if !ok {
		return b, nil
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) < 16 {
		return nil, errors.New("the secret is no whsec_ and base64, of 16 bytes or more")
	}
	return key, nil
}
