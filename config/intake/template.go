package intake

import (
	"encoding/base64"
	"regexp"
	"sort"
	"strings"
)

// login is a request that somebody signed in with: what is the same for everyone,
// and who it was.
type login struct {
	in   SignIn
	user string
	pass string
	org  string // what the field of the tenant holds
}

// leaf is a text in a body.
type leaf struct{ key, value string }

// filled takes the user, the password and the tenant out of a body and reports
// whether there was a password. What stays is a template.
func (r *reading) filled(in *Intake, body map[string]any) (map[string]any, *login) {
	var leaves []leaf
	texts("", body, &leaves, 0)
	l := &login{}
	userKey, orgKey := "", ""
	for _, f := range leaves {
		switch {
		case passwordField(f.key) && f.value != "":
			if l.pass == "" {
				l.pass = f.value
			}
		case userKey == "" && userField(f.key):
			userKey, l.user = f.key, f.value
		case orgKey == "" && tenantField(f.key):
			orgKey, l.org = f.key, f.value
		}
	}
	if l.pass == "" {
		return nil, nil
	}
	if userKey == "" { // the one other text is the user
		var others []leaf
		for _, f := range leaves {
			if !passwordField(f.key) && f.key != orgKey && !secretName(f.key) && f.value != "" {
				others = append(others, f)
			}
		}
		if len(others) == 1 {
			userKey, l.user = others[0].key, others[0].value
		}
	}
	if !plainTenant(l.org) {
		l.org, orgKey = "", "" // $tenant is the tenant's name in the file, which has no such letters
	}
	put := func(key, value string) any {
		switch {
		case passwordField(key) && value == l.pass:
			return "$password"
		case key == userKey && value == l.user:
			return "$user"
		case key == orgKey && value == l.org && l.org != "":
			return "$tenant"
		}
		return r.keep(in, key, value)
	}
	out, _ := replaced("", body, put, 0).(map[string]any)
	return out, l
}

// texts lists the texts of a tree in the order of their keys.
func texts(key string, v any, out *[]leaf, depth int) {
	if depth > maxDepth || len(*out) > 1000 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for k := range v {
			names = append(names, k)
		}
		sort.Strings(names)
		for _, k := range names {
			texts(k, v[k], out, depth+1)
		}
	case []any:
		for _, x := range v {
			texts(key, x, out, depth+1)
		}
	case string:
		*out = append(*out, leaf{key, v})
	}
}

// replaced is a tree with every text put anew.
func replaced(key string, v any, put func(key, value string) any, depth int) any {
	if depth > maxDepth {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = replaced(k, x, put, depth+1)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = replaced(key, x, put, depth+1)
		}
		return out
	case string:
		return put(key, v)
	}
	return v
}

func plainTenant(s string) bool {
	return s != "" && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == "" && s[0] != '-' && s[0] != '_'
}

// person is the identity of a login.
func (r *reading) person(name string, l *login) Identity {
	id := Identity{Name: name, Tenant: l.org}
	id.User, _ = r.written(l.user)
	if secretShape(id.User) || strings.ContainsAny(id.User, "\r\n\x00") || strings.Contains(strings.ReplaceAll(id.User, "${env:", ""), "${") {
		r.warn("the user name of %s cannot be written: left out", name)
		id.User = ""
	}
	ref, secret := r.secret(l.pass, "the password of "+clip(name))
	id.set("password", ref, secret)
	return id
}

// formOf makes fields of a form of a filled body.
func formOf(body map[string]any) map[string]string {
	out := map[string]string{}
	for k, v := range body {
		out[k], _ = v.(string)
	}
	return out
}

// basic is the user and the password of an Authorization field (RFC 7617).
func basic(value string) (user, password string, ok bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	b, err := decode64(strings.TrimSpace(rest))
	if err != nil {
		return "", "", false
	}
	user, password, ok = strings.Cut(string(b), ":")
	return user, password, ok && user != "" && strings.IndexFunc(user+password, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }) < 0
}

// sendOf turns a header with a credential into the token and how it is sent.
func sendOf(name, value string) (token, send string) {
	value = strings.TrimSpace(value)
	if scheme, rest, ok := strings.Cut(value, " "); ok && strings.EqualFold(name, "Authorization") && beforeReference.MatchString(scheme+" ") {
		if token = strings.TrimSpace(rest); token == "" {
			return "", ""
		}
		if scheme == "Bearer" {
			return token, ""
		}
		return token, "Authorization: " + scheme + " {token}"
	}
	return value, name + ": {token}"
}

// field is one header field.
type field struct{ name, value string }

// rank orders header fields by how likely they are the credential.
func (f field) rank() int {
	switch {
	case strings.EqualFold(f.name, "Authorization"):
		return 0
	case strings.EqualFold(f.name, "Cookie"):
		return 1
	case tenantField(f.name):
		return 4
	case secretName(f.name):
		return 2
	}
	return 3
}

// credentials puts the header fields of an identity where they belong: the first
// becomes its token, a cookie its cookie, the rest goes with every request.
func (r *reading) credentials(id *Identity, fields []field) {
	fields = append([]field(nil), fields...)
	sort.SliceStable(fields, func(i, j int) bool { return fields[i].rank() < fields[j].rank() })
	for _, f := range fields {
		whose := "the header " + clip(f.name) + " of " + clip(id.Name)
		if !headerName.MatchString(f.name) {
			r.warn("%s has no name that HTTP allows: left out", whose)
			continue
		}
		if f.rank() == 1 {
			r.cookie(id, f.value, whose)
			continue
		}
		if f.rank() < 4 && !id.has("token") && !id.has("cookie") {
			token, send := sendOf(f.name, f.value)
			if ref, secret := r.secret(token, whose); ref == "" || strings.HasPrefix(ref, "${") {
				if token != "" && id.set("token", ref, secret) {
					id.Send = send
				}
				continue
			}
		}
		ref, secret := r.secret(f.value, whose)
		id.set("headers."+f.name, ref, secret)
	}
}

func (r *reading) cookie(id *Identity, value, whose string) {
	ref, secret := r.secret(strings.TrimSpace(value), whose)
	if ref == "" && !strings.Contains(secret.Reveal(), "=") {
		r.warn("%s is no NAME=VALUE: left out", whose)
		return
	}
	id.set("cookie", ref, secret)
}

// RFC 9110, 5.1 and 5.6.2: a field name is a token.
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func decode64(s string) ([]byte, error) {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return b, nil
	}
	return base64.RawStdEncoding.DecodeString(s)
}
