package intake

import (
	"bytes"
	"net/url"
	"regexp"
	"sort"
	"strings"

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
