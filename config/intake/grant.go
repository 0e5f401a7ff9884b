package intake

import (
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
	"github.com/launchready/launchready/surface/har"
)

// signIn notes a request that took a user and a password and was answered well.
func (l *listener) signIn(e *har.Entry, path string, kind lr.Kind) {
	user, password, ok := surface.LoginOf(e)
	if !ok || len(l.grants) >= maxSessions {
		return
	}
	g := &grant{user: user, password: lr.NewSecret(password), entry: e.Number, signUp: kind == lr.SignUp, cookies: map[string]string{}}
	values := map[string]string{}
	if doc, ok := surface.JSON(e.Content.Text); ok {
		flatten(values, "", doc, 0)
	}
	for _, c := range setCookies(e) {
		g.cookies[c.Name] = c.Value
	}
	if kind != lr.SignIn && kind != lr.SignUp && len(g.cookies) == 0 && !slices.ContainsFunc(sortedKeys(values), func(p string) bool { return surface.CredentialName(p[strings.LastIndexByte(p, '/')+1:]) }) {
		return // it takes a password and gives nothing
	}
	if !g.signUp {
		g.call = l.again(e, path, user, password)
	}
	l.grants = append(l.grants, g)
	for _, p := range sortedKeys(values) {
		l.know(values[p], g, p)
	}
	for _, name := range []string{"Authorization", "X-Auth-Token", "X-Access-Token", "Access-Token", "X-Session-Token", "X-Token", "Token"} {
		if v := e.Reply.Get(name); v != "" {
			l.know(bare(v), g, "header:"+name)
		}
	}
	for name, v := range g.cookies {
		l.know(v, g, "cookie:"+name)
	}
}

func (l *listener) know(value string, g *grant, place string) {
	if len(value) >= 8 && len(l.granted) < maxKnown {
		if _, have := l.granted[value]; !have {
			l.granted[value] = &granting{g, place}
		}
	}
}

// again is the sign-in with the user's values made variables. What else it sent
// is kept as it was, unless it looks like a secret of that moment.
func (l *listener) again(e *har.Entry, path, user, password string) *SignIn {
	out := &SignIn{Request: e.Method + " " + path}
	form, isForm := surface.FormOf(e)
	if isForm {
		out.Form = map[string]string{}
		for k, v := range form {
			switch {
			case v == user:
				out.Form[k] = "$user"
			case v == password:
				out.Form[k] = "$password"
			case l.keep(k, v):
				out.Form[k] = strings.ReplaceAll(v, "$", "$$")
			}
		}
		return out
	}
	doc, _ := surface.JSON(e.Sent.Text)
	out.JSON, _ = l.template("", doc, user, password, 0).(map[string]any)
	return out
}

func (l *listener) template(name string, v any, user, password string, depth int) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if t := l.template(k, e, user, password, depth+1); t != nil && depth < 6 {
				out[k] = t
			}
		}
		return out
	case string:
		switch {
		case v == password:
			return "$password"
		case v == user:
			return "$user"
		case !l.keep(name, v):
			return nil
		}
		return strings.ReplaceAll(v, "$", "$$")
	case []any:
		return nil
	}
	return v
}

// momentary names fields whose text the configuration takes for a secret.
var momentary = regexp.MustCompile(`(?i)passw|passphrase|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key|session|captcha`)

// keep reports a field of a sign-in that may be repeated and written down.
func (l *listener) keep(name, value string) bool {
	if surface.CredentialName(name) || momentary.MatchString(name) || len(value) > 40 || surface.KeyLike(value) {
		l.dropped[name] = true
		return false
	}
	return true
}
