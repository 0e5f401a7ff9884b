package signin

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Kind is a way of signing in.
type Kind uint8

const (
	Infer    Kind = iota // from what is set: the zero value
	Template             // one request with the identity's values in it
	Form                 // an HTML form, fetched first for its hidden fields
	Given                // nothing is sent: the identity holds its credential
	OAuth2               // a token endpoint of RFC 6749
	Basic                // RFC 7617
)

// Method is how identities sign in.
type Method struct {
	Kind Kind
	// Call is the request template of Template; for Form it may override the
	// form's action and give its fields.
	Call
	Page  string // Form: where the form is, "/login"; OAuth2 has none
	OAuth *OAuth

	// Token says where the reply holds the token: a JSON pointer "/access_token",
	// "header: X-Auth-Token", "cookie: sid", or "cookie" for a session of all the
	// cookies that are set. "" finds it.
	Token string
	// RefreshToken and Expires are JSON pointers to the refresh token and to the
	// expiry, in seconds or as a time. "" finds them.
	RefreshToken string
	Expires      string
	// Send says how the token travels: "Authorization: Bearer {token}",
	// "Cookie: name={token}", "Query: name={token}". "" means the first.
	Send string

	Refresh *Call // exchanges $refresh for new tokens
	SignOut *Call // ends the session; sent with its credential
}

// Call is a request template. In its path, fields and headers, $user $password
// $tenant $role $name $refresh $token and the identity's own Vars are replaced;
// $$ is a dollar sign.
type Call struct {
	Request string            // "POST /auth/login"
	JSON    any               // body, as decoded from YAML or JSON
	Form    map[string]string // body, URL-encoded; at most one of both
	Header  map[string]string
}

// OAuth is a token endpoint and what to ask it for.
type OAuth struct {
	TokenURL     string // path or absolute URL in scope
	Grant        string // "client_credentials" or "password"
	ClientID     string // the identity's own wins
	ClientSecret lr.Secret
	InBody       bool // client_secret_post instead of client_secret_basic
	Scope        string
	Expired      lr.Secret         // an expired token, for the checks that offer one
	Extra        map[string]string // further fields: audience, resource
}

// Identity is one identity of the configuration, with what signs it in.
type Identity struct {
	lr.Identity
	Password lr.Secret
	// A credential that the owner gave: a token with Send, or whole values.
	Token   lr.Secret
	Send    string // overrides the method's
	Header  map[string]lr.Secret
	Cookie  map[string]lr.Secret
	Query   map[string]lr.Secret
	Refresh lr.Secret // renews the given token by the method's refresh request

	Expired      lr.Secret         // an expired token, for the checks that offer one
	Extra        map[string]string // headers sent with each request of this identity, no credential
	Vars         map[string]string // further $names of templates; they win over the built-in ones
	ClientID     string            // OAuth2
	ClientSecret lr.Secret
	WhoAmI       string // "GET /me"
	TenantID     string // the application's id of the tenant, when the owner gave it
	UserID       string
	Method       *Method // own way of signing in
	Spare        bool    // kept for checks that end sessions
}

func (id *Identity) given() bool {
	return !id.Token.IsZero() || len(id.Header)+len(id.Cookie)+len(id.Query) > 0
}

// plan settles how an identity signs in, or says why it cannot.
func (c *Cast) plan(id Identity) (*Method, error) {
	m := id.Method
	if m == nil && !id.given() {
		m = c.o.Method
	}
	fail := func(format string, args ...any) (*Method, error) {
		return nil, fmt.Errorf("identity %s: "+format, append([]any{id.Name}, args...)...)
	}
	if m == nil {
		m = &Method{}
		if base := c.o.Method; base != nil { // how the given token travels, is renewed and ended
			m.Send, m.SignOut, m.Refresh = base.Send, base.SignOut, base.Refresh
		}
		m.Kind = Given
		if !id.given() {
			return fail("there is no sign_in, and it has no token, header, cookie or query of its own")
		}
	}
	p := *m
	if p.Kind == Infer {
		switch {
		case p.OAuth != nil:
			p.Kind = OAuth2
		case p.Page != "":
			p.Kind = Form
		case p.Request != "":
			p.Kind = Template
		case id.given():
			p.Kind = Given
		}
	}
	if id.Send != "" {
		p.Send = id.Send
	}
	if _, err := parseSend(p.Send); err != nil {
		return fail("send: %w", err)
	}
	if _, err := parseWhere(p.Token); err != nil {
		return fail("token: %w", err)
	}
	for name, call := range map[string]*Call{"refresh": p.Refresh, "sign_out": p.SignOut} {
		if call == nil {
			continue
		}
		if err := call.check(); err != nil {
			return fail("%s: %w", name, err)
		}
	}
	switch p.Kind {
	case Template:
		if err := p.Call.check(); err != nil {
			return fail("sign_in: %w", err)
		}
		if p.uses("$password") && id.Password.IsZero() {
			return fail("the sign_in request needs a password, and it has none")
		}
	case Form:
		if id.Password.IsZero() {
			return fail("the sign-in form needs a password, and it has none")
		}
	case OAuth2:
		switch o := p.OAuth; {
		case o == nil || o.TokenURL == "":
			return fail("oauth2 needs a token_url")
		case o.Grant != "client_credentials" && o.Grant != "password":
			return fail("oauth2 grant %q is neither client_credentials nor password", o.Grant)
		case o.Grant == "password" && id.Password.IsZero():
			return fail("the password grant needs a password, and it has none")
		case o.Grant == "client_credentials" && o.ClientID == "" && id.ClientID == "":
			return fail("the client_credentials grant needs a client_id")
		}
	case Basic:
		if id.User == "" || strings.Contains(id.User, ":") { // RFC 7617, 2
			return fail("basic authentication needs a user without a colon")
		}
	case Given:
		if !id.given() {
			return fail("it has no token, header, cookie or query of its own")
		}
	default:
		return fail("sign_in says no way of signing in: give a request, a page, oauth or a token")
	}
	return &p, nil
}

func (k *Call) check() error {
	if _, _, err := splitRequest(k.Request); err != nil {
		return err
	}
	if k.JSON != nil && len(k.Form) > 0 {
		return errors.New("a request has a json or a form body, not both")
	}
	return nil
}

// uses reports whether a template names a variable.
func (k *Call) uses(name string) bool {
	if strings.Contains(k.Request, name) {
		return true
	}
	for _, m := range []map[string]string{k.Form, k.Header} {
		for _, f := range slices.Sorted(maps.Keys(m)) {
			if strings.Contains(m[f], name) {
				return true
			}
		}
	}
	return inJSON(k.JSON, name)
}

func inJSON(v any, name string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, name)
	case []any:
		for _, e := range v {
			if inJSON(e, name) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if inJSON(e, name) {
				return true
			}
		}
	case map[string]string:
		for _, e := range v {
			if strings.Contains(e, name) {
				return true
			}
		}
	}
	return false
}
