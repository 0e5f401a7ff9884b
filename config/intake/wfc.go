package intake

import (
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"
)

// isWFC knows a file of the Web Fuzzing Commons by its keys; EvoMaster's em.yaml
// and em.toml are such files with more in them.
func isWFC(text []byte) bool {
	keys := outline(text)
	return keys["authTemplate"] || keys["auth"] && !keys["paths"] && !keys["item"] && !keys["openapi"] && !keys["subjects"] && !keys["target"]
}

// readWFC reads a WFC authentication file (WebFuzzing/Commons,
// wfc/schemas/auth.yaml), in YAML, JSON or TOML, and what EvoMaster took before
// that schema: extractFromField, httpHeaderName and headerPrefix of a token.
func readWFC(file string, text []byte) (*Intake, error) {
	r := &reading{file: file}
	root := r.tree(text)
	if root == nil {
		return nil, r.err()
	}
	w := &wfc{reading: r, in: &Intake{}}
	r.keys(root, "the file")
	w.configs(root.get("configs"))
	template := root.get("authTemplate")
	r.keys(template, "authTemplate")
	if template.get("name") != nil {
		r.fault(template.get("name"), "authTemplate.name: a template has no name, since names differ")
	}
	if root.shape == mapping && root.get("auth") == nil {
		r.fault(root, "auth is missing: the list of users")
	}
	seen := map[string]bool{}
	for i, n := range r.list(root.get("auth"), "auth") {
		what := fmt.Sprintf("auth[%d]", i)
		if r.keys(n, what) == nil {
			if n.shape == nothing || n.shape == mapping {
				r.fault(n, "%s is empty", what)
			}
			continue
		}
		name := r.need(n, "name", what)
		if seen[name] && name != "" {
			r.fault(n.get("name"), "%s.name: two users have the name %q", what, clip(name))
		}
		seen[name] = true
		w.user(n, template, name, what)
	}
	w.settle()
	w.in.Warnings = r.warnings
	return w.in, r.err()
}

type wfc struct {
	*reading
	in     *Intake
	logins []userLogin
}

// userLogin is how one identity signs in, "" where two are the same.
type userLogin struct {
	identity string
	login    *login
}

// configs are options of the fuzzer; two of them say where the API is.
func (w *wfc) configs(n *node) {
	for _, p := range w.keys(n, "configs") {
		switch p.key {
		case "bbTargetUrl":
			w.in.Target = w.word(p.node, "configs.bbTargetUrl")
		case "bbSwaggerUrl", "overrideOpenAPIUrl":
			s := w.word(p.node, "configs."+p.key)
			w.in.Spec = strings.TrimPrefix(s, "file://")
		default:
			if strings.HasPrefix(p.key, "header") && p.shape == scalar && p.text != "" {
				w.warn("configs.%s is a header for every request: not taken, write it to target.headers", clip(p.key))
			}
		}
	}
}

func (w *wfc) user(n, template *node, name, what string) {
	id := Identity{Name: name}
	if w.flag(n.get("requireMockHandling"), what+".requireMockHandling") {
		w.warn("%s needs mocked replies of another service (requireMockHandling): it may not be able to sign in", clip(name))
	}
	if n.get("createUsers") != nil || template.get("createUsers") != nil {
		w.warn("createUsers is not taken: init --sign-up makes users where the API's description has the request for it")
	}
	w.credentials(&id, w.headers(n, template, what))
	own := n.get("loginEndpointAuth")
	common := template.get("loginEndpointAuth")
	hasLogin := own != nil
	if own == nil && !id.Means() && n.get("createUsers") == nil {
		hasLogin = common != nil
	}
	var l *login
	if hasLogin {
		l = w.login(layered{own, common}, name, what+".loginEndpointAuth")
	}
	if l != nil {
		p := w.person(name, l)
		id.User, id.Tenant = p.User, p.Tenant
		ref, secret := p.References["password"], p.Password
		id.set("password", ref, secret)
		w.logins = append(w.logins, userLogin{name, l})
	} else if !id.Means() {
		if !hasLogin && n.get("createUsers") == nil {
			w.fault(n, "%s says neither fixedHeaders nor loginEndpointAuth: there is no way to be %q", what, clip(name))
		}
		return
	}
	w.in.Identities = append(w.in.Identities, id)
}

// headers are the fixed headers of a user; the template's join where the user has
// none of that name.
func (w *wfc) headers(n, template *node, what string) []field {
	var out []field
	have := map[string]bool{}
	for i, from := range []*node{n.get("fixedHeaders"), template.get("fixedHeaders")} {
		at := what + ".fixedHeaders"
		if i == 1 {
			at = "authTemplate.fixedHeaders"
		}
		for j, h := range w.list(from, at) {
			in := fmt.Sprintf("%s[%d]", at, j)
			w.keys(h, in)
			if h.shape != mapping {
				continue
			}
			f := field{w.need(h, "name", in), ""}
			if v := h.get("value"); v != nil {
				f.value = strings.TrimSpace(w.str(v, in+".value"))
			} else {
				w.fault(h, "%s.value is missing", in)
			}
			if f.name != "" && f.value != "" && !have[strings.ToLower(f.name)] {
				out = append(out, f)
			}
			have[strings.ToLower(f.name)] = true
		}
	}
	return out
}

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

// settle takes the sign-in that most identities have.
func (w *wfc) settle() {
	w.in.takeSignIn(w.reading, w.logins)
}

// takeSignIn decides for one sign-in: a configuration has one. Identities that
// sign in differently stay only where they have a credential beside it.
func (in *Intake) takeSignIn(r *reading, logins []userLogin) {
	count := map[string]int{}
	same := func(s SignIn) string {
		b, err := json.Marshal(s)
		if err != nil {
			return s.Request
		}
		return string(b)
	}
	best := ""
	for _, u := range logins {
		k := same(u.login.in)
		count[k]++
		if best == "" || count[k] > count[best] {
			best = k
		}
	}
	drop := map[string]bool{}
	for _, u := range logins {
		if same(u.login.in) == best {
			if in.SignIn == nil {
				s := u.login.in
				in.SignIn = &s
				in.reach(s.Request)
			}
			continue
		}
		id := in.named(u.identity)
		if id == nil {
			continue
		}
		r.warn("%s signs in otherwise (%s) than most: not taken, launchready.yaml has one sign-in", clip(id.Name), clip(u.login.in.Request))
		delete(id.References, "password")
		id.Password = Identity{}.Password
		drop[u.identity] = !id.Means()
	}
	kept := in.Identities[:0]
	for i := range in.Identities {
		if !drop[in.Identities[i].Name] {
			kept = append(kept, in.Identities[i])
		}
	}
	in.Identities = kept
}

// reach adds the host of a request that goes elsewhere.
func (in *Intake) reach(request string) {
	_, at, _ := strings.Cut(request, " ")
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || strings.EqualFold(u.Host, hostOf(in.Target)) {
		return
	}
	for _, h := range in.Hosts {
		if h == u.Host {
			return
		}
	}
	in.Hosts = append(in.Hosts, u.Host)
	sort.Strings(in.Hosts)
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}
