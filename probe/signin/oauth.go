package signin

import (
	"encoding/base64"
	"net/http"
	"net/url"

	lr "github.com/launchready/launchready"
)

// tokenRequest builds a request of RFC 6749: the method's grant (4.3, 4.4), or
// a refresh (6) when there is a refresh token.
func (s *session) tokenRequest(refresh *lr.Secret) *lr.Request {
	o := s.m.OAuth
	id, secret := o.ClientID, o.ClientSecret
	if s.id.ClientID != "" {
		id, secret = s.id.ClientID, s.id.ClientSecret
	}
	f := url.Values{"grant_type": {o.Grant}}
	if o.Scope != "" {
		f.Set("scope", o.Scope)
	}
	for k, v := range o.Extra {
		f.Set(k, v)
	}
	switch {
	case refresh != nil:
		f.Set("grant_type", "refresh_token")
		f.Set("refresh_token", refresh.Reveal())
	case o.Grant == "password":
		f.Set("username", s.id.User)
		f.Set("password", s.id.Password.Reveal())
	}
	r := &lr.Request{Method: http.MethodPost, Path: o.TokenURL, Header: http.Header{"Accept": {"application/json"}}}
	switch {
	case id == "":
	case o.InBody || secret.IsZero(): // RFC 6749, 2.3.1 and 3.2.1: a public client names itself in the body
		f.Set("client_id", id)
		if !secret.IsZero() {
			f.Set("client_secret", secret.Reveal())
		}
	default: // RFC 6749, 2.3.1: both are form-encoded before they are joined
		pair := url.QueryEscape(id) + ":" + url.QueryEscape(secret.Reveal())
		r.Credential = &lr.Credential{Header: map[string]lr.Secret{
			"Authorization": lr.NewSecret("Basic " + base64.StdEncoding.EncodeToString([]byte(pair)))}}
	}
	setForm(r, f)
	return r
}
