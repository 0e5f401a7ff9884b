package intake

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// layered is a mapping over its template.
type layered struct{ own, template *node }

func (l layered) get(key string) *node {
	if n := l.own.get(key); n != nil {
		return n
	}
	return l.template.get(key)
}

func (l layered) below(key string) layered { return layered{l.own.get(key), l.template.get(key)} }

func (l layered) at() *node {
	if l.own != nil && l.own.line > 0 {
		return l.own
	}
	return l.template
}

// login reads how a user signs in; nil when it cannot be taken, which was said.
func (w *wfc) login(n layered, name, what string) *login {
	w.keys(n.own, what)
	w.keys(n.template, "authTemplate.loginEndpointAuth")
	faults := len(w.faults)
	verb := strings.ToUpper(w.one(n.get("verb"), what+".verb", "POST", "GET", "PATCH", "DELETE", "PUT"))
	endpoint, external := w.word(n.get("endpoint"), what+".endpoint"), w.word(n.get("externalEndpointURL"), what+".externalEndpointURL")
	switch {
	case len(w.faults) > faults:
		return nil
	case endpoint == "" && external == "":
		w.fault(n.at(), "%s: endpoint or externalEndpointURL is missing, here and in authTemplate", what)
		return nil
	case n.own.get("externalEndpointURL") != nil: // nearer than the template's endpoint
		endpoint = ""
	case verb == "":
		w.fault(n.at(), "%s: verb is missing, here and in authTemplate", what)
		return nil
	}
	if verb == "" {
		w.fault(n.at(), "%s: verb is missing, here and in authTemplate", what)
		return nil
	}
	at := endpoint
	if at == "" {
		at = external
	}
	switch {
	case endpoint == "" && !strings.HasPrefix(at, "https://") && !strings.HasPrefix(at, "http://"):
		w.fault(n.get("externalEndpointURL"), "%s.externalEndpointURL is no address that starts with https://", what)
		return nil
	case !strings.Contains(at, "://") && !strings.HasPrefix(at, "/"):
		at = "/" + at
	}
	at, _ = w.written(at)
	if strings.ContainsAny(at, " \t") || !Safe(strings.ReplaceAll(at, "${env:", "")) {
		w.fault(n.at(), "%s: the endpoint is no path and no address", what)
		return nil
	}
	l := w.payload(n, name, what)
	if l == nil {
		return nil
	}
	l.in.Request = verb + " " + at
	w.loginHeaders(n, l, what)
	w.token(n, l, what)
	if len(w.faults) > faults {
		return nil
	}
	return l
}

// payload reads who signs in, from either form.
func (w *wfc) payload(n layered, name, what string) *login {
	kind := strings.ToLower(w.word(n.get("contentType"), what+".contentType"))
	raw, pair := n.get("payloadRaw"), n.below("payloadUserPwd")
	if pair.own != nil || pair.template != nil && raw == nil {
		return w.userAndPassword(pair, kind, what+".payloadUserPwd")
	}
	if raw == nil {
		for _, h := range w.list(n.get("headers"), what+".headers") {
			if v := h.get("value"); v != nil && v.shape == scalar && strings.EqualFold(strings.TrimSpace(h.get("name").word()), "Authorization") {
				w.warn("%s signs in by a header of its own: not taken, the sign-in of launchready.yaml is one for all", clip(name))
				return nil
			}
		}
		w.fault(n.at(), "%s says who signs in neither by payloadRaw nor by payloadUserPwd", what)
		return nil
	}
	text := w.str(raw, what+".payloadRaw")
	body, form := bodyOf(text, kind)
	if body == nil {
		w.warn("the payload of %s is neither JSON nor a form: not taken", clip(name))
		return nil
	}
	filled, l := w.filled(w.in, body)
	if l == nil {
		w.warn("the payload of %s has no field that is called like a password: not taken", clip(name))
		return nil
	}
	l.put(filled, form)
	return l
}

// word is the text of a scalar, "" for anything else.
func (n *node) word() string {
	if n == nil || n.shape != scalar {
		return ""
	}
	return n.text
}

// bodyOf reads a JSON object or a form.
func bodyOf(text, kind string) (body map[string]any, form bool) {
	if !strings.Contains(kind, "form") && strings.HasPrefix(strings.TrimSpace(text), "{") {
		if json.Unmarshal([]byte(text), &body) == nil {
			return body, false
		}
		return nil, false
	}
	if strings.Contains(kind, "json") {
		return nil, false
	}
	q, err := url.ParseQuery(strings.TrimSpace(text))
	if err != nil || len(q) == 0 || len(q) > maxKeys {
		return nil, false
	}
	body = map[string]any{}
	for k, v := range q {
		body[k] = v[0]
	}
	return body, true
}

func (l *login) put(filled map[string]any, form bool) {
	if form {
		l.in.Form = formOf(filled)
	} else {
		l.in.JSON = filled
	}
}

func (w *wfc) userAndPassword(n layered, kind, what string) *login {
	w.keys(n.own, what)
	w.keys(n.template, "authTemplate.loginEndpointAuth.payloadUserPwd")
	get := func(key string, text func(*node, string) string) string {
		v := n.get(key)
		if v == nil {
			w.fault(n.at(), "%s: %s is missing, here and in authTemplate", what, key)
			return ""
		}
		return text(v, what+"."+key)
	}
	l := &login{user: get("username", w.word), pass: get("password", w.str)}
	userField, passField := get("usernameField", w.word), get("passwordField", w.word)
	if userField == "" || passField == "" {
		return nil
	}
	l.put(map[string]any{userField: "$user", passField: "$password"}, strings.Contains(kind, "form"))
	return l
}

func (w *wfc) loginHeaders(n layered, l *login, what string) {
	for i, h := range w.list(n.get("headers"), what+".headers") {
		in := fmt.Sprintf("%s.headers[%d]", what, i)
		w.keys(h, in)
		if h.shape != mapping {
			continue
		}
		name := w.need(h, "name", in)
		if h.get("value") == nil {
			w.fault(h, "%s.value is missing", in)
			continue
		}
		value := w.str(h.get("value"), in+".value")
		if name == "" || strings.EqualFold(name, "Content-Type") {
			continue
		}
		if !headerName.MatchString(name) {
			w.fault(h, "%s.name is no name of a header", in)
			continue
		}
		if l.in.Headers == nil {
			l.in.Headers = map[string]string{}
		}
		l.in.Headers[name] = w.keep(w.in, name, value)
	}
}

// token reads where the credential is in the reply and how it is sent.
func (w *wfc) token(n layered, l *login, what string) {
	what += ".token"
	t := n.below("token")
	w.keys(t.own, what)
	w.keys(t.template, "authTemplate.loginEndpointAuth.token")
	if t.own == nil && t.template == nil || n.own.get("token") == nil && n.own.get("expectCookies") != nil {
		if w.flag(n.get("expectCookies"), what+".expectCookies") {
			l.in.Token = "cookie"
		}
		return
	}
	if old := t.get("extractFromField"); old != nil {
		l.in.Token = pointer(w.word(old, what+".extractFromField"))
		name := w.word(t.get("httpHeaderName"), what+".httpHeaderName")
		prefix := w.str(t.get("headerPrefix"), what+".headerPrefix")
		if name == "" {
			name = "Authorization"
		}
		if !headerName.MatchString(name) || !Safe(prefix) || strings.Contains(prefix, "{token}") {
			w.fault(t.at(), "%s: httpHeaderName and headerPrefix do not make a header", what)
		}
		l.in.Send = send(name, prefix+"{token}")
		return
	}
	from := strings.ToLower(w.one(t.get("extractFrom"), what+".extractFrom", "body", "header"))
	selector := w.word(t.get("extractSelector"), what+".extractSelector")
	sendIn := strings.ToLower(w.one(t.get("sendIn"), what+".sendIn", "header", "query"))
	name := w.word(t.get("sendName"), what+".sendName")
	for key, v := range map[string]string{"extractSelector": selector, "sendName": name} {
		if v == "" && t.get(key) == nil {
			w.fault(t.at(), "%s: %s is missing, here and in authTemplate", what, key)
		}
	}
	template := "{token}"
	if v := t.get("sendTemplate"); v != nil {
		template = w.word(v, what+".sendTemplate")
	}
	if !strings.Contains(template, "{token}") {
		w.fault(t.get("sendTemplate"), "%s.sendTemplate has no {token} in it, so the token would not be sent", what)
	}
	if name != "" && !headerName.MatchString(name) {
		w.fault(t.get("sendName"), "%s.sendName is no name of a header", what)
	}
	if strings.Count(template, "{token}") > 1 || !Safe(template) {
		w.fault(t.get("sendTemplate"), "%s.sendTemplate must hold {token} once, on one line", what)
	}
	if from == "header" && selector != "" && !headerName.MatchString(selector) {
		w.fault(t.get("extractSelector"), "%s.extractSelector is no name of a header", what)
	}
	switch {
	case from == "header":
		l.in.Token = "header:" + selector
	default:
		l.in.Token = pointer(selector)
	}
	if l.in.Send = send(name, template); sendIn == "query" {
		if template != "{token}" {
			w.warn("a token in the query with text around it (sendTemplate) is sent without that text")
		}
		l.in.Send = "query: " + name + "={token}"
	}
}

// send is how a token travels, "" for the usual way.
func send(name, value string) string {
	if strings.EqualFold(name, "Authorization") && value == "Bearer {token}" {
		return ""
	}
	return name + ": " + value
}

// pointer is a JSON pointer (RFC 6901), also for a field's name alone.
func pointer(s string) string {
	if s != "" && !strings.HasPrefix(s, "/") {
		return "/" + s
	}
	return s
}
