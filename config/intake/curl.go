package intake

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

var curlLine = regexp.MustCompile(`(?mi)^[ \t]*(?:[$>%][ \t]+)?(?:\w+=\S+[ \t]+)*(?:sudo[ \t]+|time[ \t]+)?\S*\bcurl(?:\.exe)?(?:[ \t\\^]|$)`)

// isCurl knows a text with a curl command anywhere in it.
func isCurl(text []byte) bool { return curlLine.Match(text[:min(len(text), 1<<20)]) }

// startsWithCurl knows one whose body may look like another kind of file.
func startsWithCurl(text []byte) bool {
	first := lineFirst.Find(bytes.TrimPrefix(text, []byte("\ufeff")))
	return curlLine.Match(first) || assignment.Match(first) && isCurl(text)
}

// readCurl reads curl commands as people paste them, from a shell or from a
// browser's "Copy as cURL". Credentials are identities, a body with a password is
// the sign-in, the rest are routes. Nothing is run and no file is read.
func readCurl(file string, text []byte) (*Intake, error) {
	r := &reading{file: file}
	if len(text) > maxCurlText {
		r.fault(nil, "the text is larger than 16 MiB")
		return nil, r.err()
	}
	s := strings.ToValidUTF8(strings.TrimPrefix(string(text), "\ufeff"), "\uFFFD")
	var cmds []command
	if windows(s) {
		cmds = r.cmd(s)
	} else {
		cmds = r.posix(s)
	}
	c := &curl{reading: r, in: &Intake{}, objects: map[string]*Object{}}
	for _, cmd := range cmds {
		c.command(cmd)
		if len(r.faults) > 0 {
			return nil, r.err()
		}
	}
	if len(c.requests) == 0 {
		r.fault(nil, "no curl command with an address in it")
		return nil, r.err()
	}
	c.base()
	for i := range c.requests {
		c.request(&c.requests[i])
	}
	c.settle()
	c.in.Warnings = r.warnings
	return c.in, r.err()
}

type curl struct {
	*reading
	in       *Intake
	requests []request
	logins   []userLogin
	seen     map[string]string // name of an identity by what it sends
	objects  map[string]*Object
	owned    []owned
}

// owned is a concrete path that an identity asked for.
type owned struct{ identity, read, id, noun string }

// command finds curl in a command and reads its requests. What else was pasted is
// counted and not told: it may be anything.
func (c *curl) command(cmd command) {
	for i, w := range cmd {
		if curlProgram.MatchString(w.text) {
			c.requests = append(c.requests, c.reading.requests(cmd[i:])...)
			return
		}
		if !assignment.MatchString(w.text) && !among(w.text, "$", ">", "%", "#", "sudo", "time", "then", "do", "env", "exec") {
			break
		}
	}
	if name, _, ok := strings.Cut(cmd[0].text, "="); ok && assignment.MatchString(cmd[0].text) {
		c.warn("line %d sets %s: its value is not taken, set it in the environment", cmd[0].line, clip(name))
		return
	}
	c.warn("line %d is no curl command: left out", cmd[0].line)
}

// base is the address that most requests go to; others are left out.
func (c *curl) base() {
	count := map[string]int{}
	best := ""
	for i := range c.requests {
		b := c.requests[i].url.Scheme + "://" + c.requests[i].url.Host
		if count[b]++; !c.requests[i].login() { // people may sign in elsewhere
			count[b] += len(c.requests)
		}
		if best == "" || count[b] > count[best] {
			best = b
		}
	}
	kept := c.requests[:0]
	var others []string
	for i := range c.requests {
		q := c.requests[i]
		if b := q.url.Scheme + "://" + q.url.Host; b != best && !q.login() {
			others = append(others, q.url.Host)
			continue
		}
		kept = append(kept, q)
	}
	c.requests = kept
	if len(others) > 0 {
		c.warn("%d requests to other hosts than %s are left out: %s", len(others), strings.TrimPrefix(strings.TrimPrefix(best, "https://"), "http://"), sentence(unique(others)))
	}
	if !strings.HasSuffix(best, "://"+unknownHost) {
		c.in.Target = best
	}
}

func unique(list []string) []string {
	sort.Strings(list)
	out := list[:0]
	for i, s := range list {
		if i == 0 || s != list[i-1] {
			out = append(out, s)
		}
	}
	return out
}

var (
	signInPath = regexp.MustCompile(`(?i)log-?_?in|sign-?_?in|auth|session|token`)
	otherPath  = regexp.MustCompile(`(?i)sign-?_?up|regist|reset|change|forgot|invit|/users?/?$|/accounts?/?$`)
)

// login reports a request that signs somebody in: a password in its body, nobody
// signed in yet, and no path of another request that takes one.
func (q *request) login() bool {
	if q.form && q.body["grant_type"] != nil {
		return true
	}
	if otherPath.MatchString(q.path) || len(q.body) == 0 {
		return false
	}
	for _, f := range q.fields {
		if _, _, isBasic := basic(f.value); strings.EqualFold(f.name, "Authorization") && !isBasic {
			return false
		}
	}
	for key, v := range q.body {
		if s, _ := v.(string); passwordField(key) && s != "" {
			return true
		}
	}
	var leaves []leaf
	texts("", q.body, &leaves, 0)
	for _, l := range leaves {
		if passwordField(l.key) && l.value != "" && signInPath.MatchString(q.path) {
			return true
		}
	}
	return false
}

func (c *curl) request(q *request) {
	if q.login() {
		c.signIn(q)
	}
	fields, name := q.carried(), ""
	if q.basic {
		if user, password, ok := strings.Cut(q.user, ":"); ok {
			name = c.basicUser(user, password)
		} else {
			c.warn("-u without a password asks for it: left out")
		}
	}
	rest := fields[:0]
	for _, f := range fields {
		if user, password, ok := basic(f.value); ok && strings.EqualFold(f.name, "Authorization") {
			name = c.basicUser(user, password)
			continue
		}
		rest = append(rest, f)
	}
	if key := keyOf(rest); key != "" && name == "" {
		name = c.identity(key, rest)
	}
	if q.url.Host == hostOf(c.in.Target) || c.in.Target == "" {
		c.route(q, name)
	}
}

// keyOf is the same for two requests of one session: what trackers and guards
// against forgery change from request to request does not count.
func keyOf(fields []field) string {
	key := ""
	for _, f := range fields {
		low := strings.ToLower(f.name)
		if strings.Contains(low, "csrf") || strings.Contains(low, "xsrf") {
			continue
		}
		v := f.value
		if low == "cookie" {
			var session []string
			for _, part := range strings.Split(v, ";") {
				if n, _, _ := strings.Cut(strings.TrimSpace(part), "="); sessionCookie.MatchString(n) && !strings.Contains(strings.ToLower(n), "csrf") && !strings.Contains(strings.ToLower(n), "xsrf") {
					session = append(session, strings.TrimSpace(part))
				}
			}
			if len(session) > 0 {
				v = strings.Join(unique(session), ";")
			}
		}
		key += f.name + "\x00" + v + "\x00"
	}
	return key
}

var sessionCookie = regexp.MustCompile(`(?i)sess|^s?sid$|\.sid$|[_-]sid$|auth|token|jwt|login|identity|remember`)

// carried is the fields of a request that say who asks.
func (q *request) carried() []field {
	var out []field
	for _, f := range q.fields {
		switch low := strings.ToLower(f.name); {
		case low == "authorization", low == "cookie", tenantField(f.name):
			out = append(out, f)
		case among(low, "content-type", "accept", "user-agent", "origin", "referer", "host", "content-length", "x-requested-with", "x-request-id", "idempotency-key"):
		case strings.HasPrefix(low, "sec-") || strings.HasPrefix(low, "accept-"):
		case secretName(f.name) || strings.HasSuffix(low, "-auth") || strings.HasSuffix(low, "-key"):
			out = append(out, f)
		}
	}
	for name, values := range q.url.Query() {
		if secretName(name) || among(fold(name), "key", "apikey", "auth", "jwt", "sig") {
			out = append(out, field{"query:" + name, values[0]})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// basicUser makes the identity of HTTP basic authentication, once, and returns
// its name; "" when there is none.
func (c *curl) basicUser(user, password string) string {
	key := "basic\x00" + user + ":" + password
	if name, known := c.seen[key]; known {
		return name
	}
	if password == "" || secretShape(user) { // an API key in the place of the user
		if _, refs := c.written(user); refs > 0 || user == "" {
			c.warn("-u with a variable and no password is not taken: send the key by a header")
			return ""
		}
		id := Identity{Token: lr.NewSecret(base64.StdEncoding.EncodeToString([]byte(user + ":" + password))), Send: "Authorization: Basic {token}"}
		return c.remember(key, id)
	}
	if c.in.SignIn != nil && !c.in.SignIn.Basic || len(c.logins) > 0 {
		c.warn("HTTP basic authentication beside another sign-in is not taken")
		return ""
	}
	p := c.person(nameOf(user), &login{user: user, pass: password})
	if p.User == "" || !p.Means() || strings.Contains(p.References["password"], " ") {
		return ""
	}
	c.in.SignIn = &SignIn{Basic: true}
	return c.remember(key, p)
}

// remember adds an identity under a name that nobody has yet.
func (c *curl) remember(key string, id Identity) string {
	if c.seen == nil {
		c.seen = map[string]string{}
	}
	if id.Name == "" || secretShape(id.Name) {
		id.Name = fmt.Sprintf("user%d", len(c.in.Identities)+1)
	}
	for base, n := id.Name, 2; c.in.named(id.Name) != nil; n++ {
		id.Name = fmt.Sprintf("%s_%d", base, n)
	}
	if len(c.in.Identities) < maxKeys {
		c.in.Identities = append(c.in.Identities, id)
	}
	c.seen[key] = id.Name
	return id.Name
}

func (in *Intake) named(name string) *Identity {
	for i := range in.Identities {
		if in.Identities[i].Name == name {
			return &in.Identities[i]
		}
	}
	return nil
}

// identity is who sends these fields.
func (c *curl) identity(key string, fields []field) string {
	if name, known := c.seen[key]; known {
		return name
	}
	id := Identity{}
	var headers, query []field
	for _, f := range fields {
		if name, ok := strings.CutPrefix(f.name, "query:"); ok {
			query = append(query, field{name, f.value})
		} else {
			headers = append(headers, f)
		}
	}
	c.credentials(&id, headers)
	for _, f := range query {
		whose := "the parameter " + clip(f.name)
		if id.has("token") || id.has("cookie") || !headerName.MatchString(f.name) {
			c.warn("%s beside a header is not taken", whose)
			continue
		}
		if ref, secret := c.secret(f.value, whose); (ref == "" || strings.HasPrefix(ref, "${")) && id.set("token", ref, secret) {
			id.Send = "query: " + f.name + "={token}"
		}
	}
	if !id.Means() || id.onlySelects() {
		return ""
	}
	id.claims()
	id.Name = nameOf(id.User)
	return c.remember(key, id)
}

// onlySelects reports an identity that names its tenant and proves nothing.
func (id *Identity) onlySelects() bool {
	if id.has("password") || id.has("token") || id.has("cookie") {
		return false
	}
	for name := range id.Headers {
		if !tenantField(name) {
			return false
		}
	}
	for name := range id.References {
		if !tenantField(strings.TrimPrefix(name, "headers.")) {
			return false
		}
	}
	return true
}

// nameOf is a name for a user: of member@acme.test it is acme_member.
func nameOf(user string) string {
	local, _, at := strings.Cut(user, "@")
	if strings.ContainsAny(user, mark+"$") {
		return ""
	}
	if _, label := companyOf(user); at && label != "" {
		return label + "_" + local
	}
	return local
}

// signIn takes the request that signs somebody in.
func (c *curl) signIn(q *request) {
	at := q.method + " " + q.path
	if b := q.url.Scheme + "://" + q.url.Host; b != c.in.Target && c.in.Target != "" {
		at = q.method + " " + b + q.path
	}
	if grant, _ := q.body["grant_type"].(string); q.form && grant == "client_credentials" {
		id, _ := q.body["client_id"].(string)
		secret, _ := q.body["client_secret"].(string)
		scope, _ := q.body["scope"].(string)
		audience, _ := q.body["audience"].(string)
		how := "body"
		if q.basic {
			id, secret, _ = strings.Cut(q.user, ":")
			how, q.basic = "header", false
		}
		if id == "" || secret == "" {
			c.warn("a token request without client_id and client_secret is not taken")
			return
		}
		l := &login{user: id, pass: secret, in: SignIn{Request: at, OAuth2: &OAuth2{Grant: grant, Client: how, Scope: scope, Audience: audience}}}
		c.join(nameOf(id), l)
		return
	}
	filled, l := c.filled(c.in, q.body)
	if l == nil {
		return
	}
	if q.form && q.missing {
		c.warn("a sign-in by a multipart form is not taken")
		return
	}
	l.put(filled, q.form)
	l.in.Request = at
	for _, f := range q.fields {
		if low := strings.ToLower(f.name); tenantField(f.name) || strings.HasPrefix(low, "x-") && secretName(f.name) && low != "x-csrf-token" && low != "x-xsrf-token" {
			if l.in.Headers == nil {
				l.in.Headers = map[string]string{}
			}
			l.in.Headers[f.name] = c.keep(c.in, f.name, f.value)
		}
	}
	c.join(nameOf(l.user), l)
}

func (c *curl) join(name string, l *login) {
	p := c.person(name, l)
	key := "login\x00" + p.User
	if _, known := c.seen[key]; known || !p.Means() {
		return
	}
	c.logins = append(c.logins, userLogin{c.remember(key, p), l})
}

// route lists what was asked for, without what is secret in it.
func (c *curl) route(q *request, identity string) {
	if q.method == "OPTIONS" || q.method == "HEAD" {
		return
	}
	path := surface.Template(q.path)
	line := q.method + " " + path
	var query []string
	for name, values := range q.url.Query() {
		if secretName(name) || among(fold(name), "key", "apikey", "auth", "jwt", "sig") {
			continue
		}
		v := values[0]
		if secretShape(v) || len(v) > 60 || strings.ContainsAny(v, mark+"{$\r\n\t") {
			v = ""
		}
		query = append(query, url.QueryEscape(name)+"="+url.QueryEscape(v))
	}
	if sort.Strings(query); len(query) > 0 {
		line += "?" + strings.Join(query, "&")
	}
	if q.body != nil && !q.form {
		if b := example(q.body); b != "" {
			line += " " + b
		}
	} else if q.sent && !q.login() {
		c.warn("the body of %s %s is no JSON: its fields are not taken", q.method, clip(path))
	}
	for _, have := range c.in.Routes {
		if have == line {
			line = ""
		}
	}
	if line != "" {
		c.in.Routes = append(c.in.Routes, line)
	}
	if params := pathParam.FindAllString(path, -1); identity != "" && q.method == "GET" && len(params) == 1 && !strings.Contains(q.path, "{") {
		i := strings.Index(path, params[0])
		tail := path[i+len(params[0]):]
		if id := strings.TrimSuffix(q.path[i:], tail); id != "" && !strings.Contains(id, "/") && (uuid.MatchString(id) || !secretShape(id)) && tail == "" {
			c.owned = append(c.owned, owned{identity, "GET " + path, id, strings.TrimSuffix(strings.Trim(params[0], "{}"), "_id")})
		}
	}
}

var uuid = regexp.MustCompile(`(?i)^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$`)

// settle decides for one sign-in, joins identities that are one user, and gives
// the objects that were asked for to their owners' tenants.
func (c *curl) settle() {
	if c.in.SignIn != nil && len(c.logins) > 0 { // basic came first
		c.warn("HTTP basic authentication beside another sign-in is not taken")
		c.in.SignIn = nil
	}
	c.in.takeSignIn(c.reading, c.logins)
	c.in.tenants()
	for _, o := range c.owned {
		id := c.in.named(o.identity)
		if id == nil || id.Tenant == "" {
			continue
		}
		tenant := id.Tenant
		have := c.objects[o.read]
		if have == nil {
			have = &Object{Name: o.noun, Read: o.read, IDs: map[string]string{}}
			c.objects[o.read] = have
		}
		if have.IDs[tenant] == "" {
			have.IDs[tenant] = o.id
		}
	}
	for _, read := range sortedNames(c.objects) {
		c.in.addObject(c.reading, *c.objects[read])
	}
}
