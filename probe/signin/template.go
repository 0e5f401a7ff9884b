package signin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

var variable = regexp.MustCompile(`\$(\$|[a-z_][a-z0-9_]*)`)

// vars are the values of a template's names.
type vars map[string]string

func (s *session) vars(refresh, token lr.Secret) vars {
	v := vars{
		"user": s.id.User, "password": s.id.Password.Reveal(), "tenant": s.id.Tenant, "role": s.id.Role,
		"name": s.id.Name, "refresh": refresh.Reveal(), "token": token.Reveal(),
	}
	for k, val := range s.id.Vars {
		v[k] = val
	}
	return v
}

// fill replaces the names in one pass, so that values are never templates.
func (v vars) fill(s string, escape func(string) string) (string, error) {
	var unknown string
	out := variable.ReplaceAllStringFunc(s, func(m string) string {
		if m == "$$" {
			return "$"
		}
		val, ok := v[m[1:]]
		if !ok {
			unknown = m
			return m
		}
		if escape != nil {
			return escape(val)
		}
		return val
	})
	if unknown != "" {
		return "", fmt.Errorf("template: %s is not known (write $$ for a dollar sign)", unknown)
	}
	return out, nil
}

func (v vars) fillJSON(node any) (any, error) {
	switch n := node.(type) {
	case string:
		return v.fill(n, nil)
	case []any:
		out := make([]any, len(n))
		for i, e := range n {
			f, err := v.fillJSON(e)
			if err != nil {
				return nil, err
			}
			out[i] = f
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(n))
		for k, e := range n {
			f, err := v.fillJSON(e)
			if err != nil {
				return nil, err
			}
			out[k] = f
		}
		return out, nil
	case map[string]string:
		out := make(map[string]any, len(n))
		for k, e := range n {
			f, err := v.fill(e, nil)
			if err != nil {
				return nil, err
			}
			out[k] = f
		}
		return out, nil
	}
	return node, nil
}

// request builds the call with the values in place.
func (k *Call) request(v vars) (*lr.Request, error) {
	method, path, err := splitRequest(k.Request)
	if err != nil {
		return nil, err
	}
	if path, err = v.fill(path, url.PathEscape); err != nil {
		return nil, err
	}
	r := &lr.Request{Method: method, Path: path, Header: http.Header{"Accept": {"application/json, */*;q=0.5"}}}
	switch {
	case k.JSON != nil:
		body, err := v.fillJSON(k.JSON)
		if err != nil {
			return nil, err
		}
		if r.Body, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("template: the json body cannot be written: %w", err)
		}
		r.SetHeader("Content-Type", "application/json")
	case len(k.Form) > 0:
		form := url.Values{}
		for name, val := range k.Form {
			f, err := v.fill(val, nil)
			if err != nil {
				return nil, err
			}
			form.Set(name, f)
		}
		setForm(r, form)
	}
	for name, val := range k.Header {
		f, err := v.fill(val, nil)
		if err != nil {
			return nil, err
		}
		r.SetHeader(name, f)
	}
	return r, nil
}

func setForm(r *lr.Request, form url.Values) {
	r.Body = []byte(form.Encode())
	r.SetHeader("Content-Type", "application/x-www-form-urlencoded")
}

// place is where a token travels, and with what around it.
type place struct {
	in    string // "header", "cookie" or "query"
	name  string
	value string // with {token} in it
}

const tokenMark = "{token}"

// parseSend reads a send template.
func parseSend(s string) (place, error) {
	if strings.TrimSpace(s) == "" {
		s = "Authorization: Bearer {token}"
	}
	name, value, ok := strings.Cut(s, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || name == "" || !tokenName(name) {
		return place{}, fmt.Errorf("%q is not like \"Authorization: Bearer {token}\"", s)
	}
	if strings.Count(value, tokenMark) != 1 {
		return place{}, fmt.Errorf("%q must hold {token} once", s)
	}
	for _, c := range []byte(value) {
		if c < 0x20 || c == 0x7f {
			return place{}, fmt.Errorf("%q holds a control character", s)
		}
	}
	lower := strings.ToLower(name)
	if lower != "cookie" && lower != "query" {
		return place{"header", name, value}, nil
	}
	key, val, ok := strings.Cut(value, "=")
	if !ok || key == "" || !tokenName(key) {
		return place{}, fmt.Errorf("%q is not like \"%s: name={token}\"", s, name)
	}
	if strings.Count(val, tokenMark) != 1 {
		return place{}, fmt.Errorf("%q must hold {token} in the value", s)
	}
	return place{lower, key, val}, nil
}

// tokenName reports a token of RFC 9110, 5.6.2, which names are made of; the
// brackets are there for query parameters.
func tokenName(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~[]", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// carry makes the credential that sends the token in the place.
func (p place) carry(token string) lr.Credential {
	c := lr.Credential{Token: lr.NewSecret(token)}
	m := map[string]lr.Secret{p.name: lr.NewSecret(strings.Replace(p.value, tokenMark, token, 1))}
	switch p.in {
	case "cookie":
		c.Cookie = m
	case "query":
		c.Query = m
	default:
		c.Header = m
	}
	return c
}
