package signin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// where is a place in a reply.
type where struct {
	in   string // "" to find it, "json", "header", "cookie", "cookies"
	name string
}

func parseWhere(s string) (where, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return where{}, nil
	}
	if strings.HasPrefix(s, "/") {
		return where{"json", s}, nil
	}
	kind, name, ok := strings.Cut(s, ":")
	kind, name = strings.ToLower(strings.TrimSpace(kind)), strings.TrimSpace(name)
	switch {
	case !ok && (kind == "cookie" || kind == "cookies"):
		return where{"cookies", ""}, nil
	case ok && (kind == "header" || kind == "cookie") && tokenName(name):
		return where{kind, name}, nil
	}
	return where{}, fmt.Errorf("%q is no JSON pointer \"/access_token\", \"header: NAME\", \"cookie: NAME\" or \"cookie\"", s)
}

// tokens is what a reply to a sign-in gave.
type tokens struct {
	token   string
	cookies map[string]string
	refresh string
	expires time.Time
}

// names under which applications hand out tokens, the likeliest first.
var (
	tokenKeys   = []string{"access_token", "accessToken", "token", "jwt", "auth_token", "authToken", "session_token", "sessionToken", "api_key", "apiKey", "key", "id_token", "idToken", "bearer", "auth"}
	refreshKeys = []string{"refresh_token", "refreshToken", "refresh"}
	expiryKeys  = []string{"expires_in", "expiresIn", "expires_at", "expiresAt", "expires", "expiry", "exp"}
	wrappers    = []string{"data", "result", "response", "tokens", "session", "authentication", "auth", "user", "payload", "credentials", "token", "access_token", "accessToken"}
	headerKeys  = []string{"Authorization", "X-Auth-Token", "X-Access-Token", "X-Token", "Access-Token", "X-Subject-Token", "X-Session-Token", "Token"}
)

// read finds the tokens of a reply, given the cookies that were sent with it.
func (m *Method) read(x *lr.Exchange, now time.Time, prior map[string]lr.Secret) (tokens, error) {
	w, err := parseWhere(m.Token)
	if err != nil {
		return tokens{}, err
	}
	t := tokens{cookies: map[string]string{}}
	for k, v := range prior {
		t.cookies[k] = v.Reveal()
	}
	for _, ck := range (&http.Response{Header: x.Header}).Cookies() {
		delete(t.cookies, ck.Name) // set again below, or deleted by the reply
	}
	maps.Copy(t.cookies, cookies(x.Header, now))
	doc, isJSON := decode(x.Body)
	switch w.in {
	case "json":
		if !isJSON {
			return t, errors.New("the reply is no JSON, and the token is said to be at " + w.name)
		}
		v, err := pointer(doc, w.name)
		if err != nil {
			return t, err
		}
		if t.token = scalar(v); t.token == "" {
			return t, fmt.Errorf("the reply has no text at %s", w.name)
		}
	case "header":
		if t.token = bare(x.Header.Get(w.name)); t.token == "" {
			return t, fmt.Errorf("the reply has no header %s", w.name)
		}
	case "cookie":
		if t.token = t.cookies[w.name]; t.token == "" {
			return t, fmt.Errorf("the reply sets no cookie %s", w.name)
		}
	case "cookies":
		switch {
		case len(t.cookies) == 0:
			return t, errors.New("the reply sets no cookie")
		case denies(doc):
			return t, errors.New("the reply says that it failed")
		}
	default:
		t.token = found(doc, isJSON, x)
		if t.token == "" && len(t.cookies) == 0 {
			return t, errors.New("the reply holds no token that could be found: say where it is (token: /pointer, \"header: NAME\" or \"cookie\")")
		}
	}
	if t.token == "" && denies(doc) {
		return t, errors.New("the reply says that it failed")
	}
	t.refresh = at(doc, m.RefreshToken, refreshKeys)
	t.expires = expiry(at(doc, m.Expires, expiryKeys), now)
	return t, nil
}

// denies reports a refusal with status 200. Frameworks set a session cookie for
// every visitor, so that a cookie alone proves nothing beside it.
func denies(doc any) bool {
	obj, ok := doc.(map[string]any)
	if !ok {
		return false
	}
	for _, k := range []string{"success", "ok", "authenticated", "status", "loggedIn", "logged_in"} {
		if v, isBool := obj[k].(bool); isBool && !v {
			return true
		}
	}
	for _, k := range []string{"error", "errors"} {
		switch v := obj[k].(type) {
		case string:
			return v != ""
		case []any:
			return len(v) > 0
		case map[string]any:
			return len(v) > 0
		case bool:
			return v
		}
	}
	return false
}

// found looks for a token where applications usually put it.
func found(doc any, isJSON bool, x *lr.Exchange) string {
	if s := at(doc, "", tokenKeys); s != "" {
		return bare(s)
	}
	for _, k := range headerKeys {
		if s := bare(x.Header.Get(k)); s != "" {
			return s
		}
	}
	if s := below(doc, 4); s != "" {
		return bare(s)
	}
	if s, ok := doc.(string); ok && len(s) >= 16 && !strings.ContainsAny(s, " \n") {
		return s
	}
	if body := strings.TrimSpace(string(x.Body)); !isJSON && len(body) >= 16 && len(body) < 8192 && tokenBytes(body) {
		return body // a bare token as text
	}
	return ""
}

// below looks in objects of any name, as GraphQL replies have them, for names
// that can mean nothing else.
func below(v any, depth int) string {
	obj, ok := v.(map[string]any)
	if !ok || depth == 0 {
		return ""
	}
	for _, k := range tokenKeys[:8] {
		if s, isText := obj[k].(string); isText && s != "" {
			return s
		}
	}
	for _, k := range slices.Sorted(maps.Keys(obj)) {
		if s := below(obj[k], depth-1); s != "" {
			return s
		}
	}
	return ""
}

func tokenBytes(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~+/=", c) >= 0) {
			return false
		}
	}
	return true
}

// bare is a header's value without a scheme word before it.
func bare(v string) string {
	v = strings.TrimSpace(v)
	if scheme, rest, ok := strings.Cut(v, " "); ok && !strings.ContainsAny(scheme, ".=") {
		return strings.TrimSpace(rest)
	}
	return v
}

// at is the text at a pointer, or at the first of the keys at the top or in a
// usual wrapper, two deep.
func at(doc any, ptr string, keys []string) string {
	if ptr != "" {
		v, err := pointer(doc, ptr)
		if err != nil {
			return ""
		}
		return scalar(v)
	}
	level := []any{doc}
	for range 3 {
		var next []any
		for _, n := range level {
			obj, ok := n.(map[string]any)
			if !ok {
				continue
			}
			for _, k := range keys {
				if s := scalar(obj[k]); s != "" {
					return s
				}
			}
			for _, w := range wrappers {
				if obj[w] != nil {
					next = append(next, obj[w])
				}
			}
		}
		level = next
	}
	return ""
}

func decode(b []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	return v, true
}

// scalar is a JSON text or number as text; "" for anything else.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// pointer evaluates RFC 6901.
func pointer(doc any, ptr string) (any, error) {
	if ptr == "" {
		return doc, nil
	}
	if ptr[0] != '/' {
		return nil, fmt.Errorf("JSON pointer %q does not start with a slash", ptr)
	}
	cur := doc
	for part := range strings.SplitSeq(ptr[1:], "/") {
		key := strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch n := cur.(type) {
		case map[string]any:
			v, ok := n[key]
			if !ok {
				return nil, fmt.Errorf("the reply has nothing at %s", ptr)
			}
			cur = v
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(n) || strconv.Itoa(i) != key {
				return nil, fmt.Errorf("the reply has nothing at %s", ptr)
			}
			cur = n[i]
		default:
			return nil, fmt.Errorf("the reply has nothing at %s", ptr)
		}
	}
	return cur, nil
}

// expiry reads a lifetime in seconds, a Unix time, or a date.
func expiry(s string, now time.Time) time.Time {
	if s == "" {
		return time.Time{}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case !(f > 0) || f > 1e14: // not a number either
			return time.Time{}
		case f > 1e11: // milliseconds
			return time.UnixMilli(int64(f))
		case f > 1e9:
			return time.Unix(int64(f), 0)
		}
		return now.Add(time.Duration(f * float64(time.Second)))
	}
	for _, layout := range []string{time.RFC3339, time.RFC1123, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// cookies are the cookies that a reply sets and does not delete.
func cookies(h http.Header, now time.Time) map[string]string {
	out := map[string]string{}
	for _, ck := range (&http.Response{Header: h}).Cookies() {
		if ck.MaxAge < 0 || (!ck.Expires.IsZero() && ck.Expires.Before(now)) {
			delete(out, ck.Name)
			continue
		}
		out[ck.Name] = ck.Value
	}
	return out
}
