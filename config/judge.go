package config

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/nearest"
)

// judge finds what is well formed and still wrong.
func (c *Config) judge(o Options) {
	d := c.doc
	syntaxBroken := len(d.at) == 0 && len(d.errs) > 0
	if syntaxBroken {
		return
	}
	c.tags(reflect.ValueOf(c).Elem(), "")
	if _, stands := d.at["version"]; stands && c.Version != 1 && !d.failedAt("version") {
		d.fail(d.at["version"], "version %d is not known: this program reads version 1", c.Version)
	}
	c.judgeTarget()
	c.judgeIdentities()
	c.judgePlan()
	c.judgeChat()
	c.judgeListen()
	c.judgeSource()
	c.judgeProvider()
	for i := range c.Waivers {
		c.judgeWaiver(i, o)
	}
	for i := range c.Tenants {
		name := c.Tenants[i].Name
		if !plainName.MatchString(name) {
			d.fail(d.at["tenants."+name], "tenant name %s: use letters, digits, - and _", strconv.Quote(clip(name)))
		}
	}
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

func (d *document) failedAt(path string) bool {
	p := d.at[path]
	for _, e := range d.errs {
		if e.Position == p {
			return true
		}
	}
	return false
}

// tags holds values to what their struct tags say: required, and one of a list.
func (c *Config) tags(v reflect.Value, path string) {
	d := c.doc
	fields := fieldsOf(v.Type())
	names := make([]string, 0, len(fields))
	for n := range fields {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, name := range names {
		f := fields[name]
		p := join(path, name)
		fv := v.FieldByIndex(f.Index)
		need, enum := rulesOf(f)
		_, stands := d.at[p]
		if need && !stands {
			if !d.meant[p] {
				d.fail(d.place(path), "%s is missing%s", name, inPath(path))
			}
			continue
		}
		if s := fv; len(enum) > 0 && s.Kind() == reflect.String && s.String() != "" && !known(s.String(), enum) {
			d.fail(d.place(p), "%s cannot be %q: one of %s%s", name, clip(s.String()), strings.Join(enum, ", "), nearest.Hint(s.String(), enum))
		}
		c.tagsBelow(fv, p)
	}
}

func (c *Config) tagsBelow(v reflect.Value, path string) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if v.CanAddr() {
		if n, ok := v.Addr().Interface().(interface{ each(func(string, any)) }); ok {
			n.each(func(name string, e any) { c.tags(reflect.ValueOf(e).Elem(), join(path, name)) })
			return
		}
	}
	switch {
	case v.Kind() == reflect.Struct && !single(v.Type()) && len(fieldsOf(v.Type())) > 0:
		if _, stands := c.doc.at[path]; stands {
			c.tags(v, path)
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		for i := range v.Len() {
			c.tags(v.Index(i), path+"["+strconv.Itoa(i)+"]")
		}
	}
}

// rulesOf reads the schema's tag of a field.
func rulesOf(f reflect.StructField) (required bool, enum []string) {
	for _, r := range strings.Split(f.Tag.Get("jsonschema"), ",") {
		if v, ok := strings.CutPrefix(r, "enum="); ok {
			enum = append(enum, v)
		}
		required = required || r == "required"
	}
	return required, enum
}

// place is the position of a path, or of the nearest thing above it.
func (d *document) place(path string) Position {
	for path != "" {
		if p, ok := d.at[path]; ok {
			return p
		}
		i := strings.LastIndexAny(path, ".[")
		path = path[:max(i, 0)]
	}
	return Position{d.name, 1, 1}
}

// mistyped reports whether a key below the path is unknown, so that what is
// missing there may be what was meant.
func (d *document) mistyped(path string) bool {
	for p := range d.meant {
		if strings.HasPrefix(p, path+".") {
			return true
		}
	}
	return false
}

func (c *Config) judgeTarget() {
	d, t := c.doc, &c.Target
	for _, h := range t.Hosts {
		if strings.Contains(h, "/") || strings.Contains(h, " ") || h == "" {
			d.fail(d.place("target.hosts"), "%q is not a host: write a name or name:port", clip(h))
		}
	}
	for from, to := range t.Resolve {
		host := to
		if h, _, err := net.SplitHostPort(to); err == nil {
			host = h
		}
		if net.ParseIP(strings.Trim(host, "[]")) == nil {
			d.fail(d.place("target.resolve."+from), "%q is not an address: write 127.0.0.1 or 127.0.0.1:8443", clip(to))
		}
	}
	if t.GraphQL != "" && !strings.HasPrefix(t.GraphQL, "/") {
		d.fail(d.place("target.graphql"), "graphql must be a path that starts with /")
	}
	c.exists("target.ca_file", t.CAFile)
	if s := t.Spec.Path; s != "" && !strings.Contains(s, "://") && !strings.HasPrefix(s, "/") {
		c.exists("target.spec", s)
	}
}

// judgeSource holds the repository to one that is there. Bundles and logs may be
// written later; their checks say what is missing.
func (c *Config) judgeSource() {
	s := &c.Source
	if s.Repository == none {
		s.Repository = ""
	}
	if c.Domain.Name == none {
		c.Domain.Name = ""
	}
	c.exists("source.repository", s.Repository)
	if d := c.Database; d != nil && d.Tenant != "" && !strings.Contains(d.Tenant, "$1") {
		c.doc.fail(c.doc.place("database.tenant"), "the statement has no $1 for the tenant's id")
	}
	for from, to := range c.Domain.Ports {
		if from < 1 || from > 65535 || to < 1 || to > 65535 {
			c.doc.fail(c.doc.place("domain.ports"), "%d: %d: a port is a number from 1 to 65535", from, to)
		}
	}
	if c.Owners.Minutes < 0 {
		c.doc.fail(c.doc.place("owners.minutes"), "minutes cannot be negative")
	}
}

// exists holds a path to a file that is there.
func (c *Config) exists(path, file string) {
	if file == "" || c.doc.failedAt(path) {
		return
	}
	if _, err := os.Stat(c.Abs(file)); err != nil {
		c.doc.fail(c.doc.place(path), "%s does not exist (looked for %s)", clip(file), c.Abs(file))
	}
}

// Abs is a path of the file, from the file's folder.
func (c *Config) Abs(file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(c.Dir, file)
}

func (c *Config) judgeIdentities() {
	d := c.doc
	if s := c.SignIn; s != nil && !d.failedAt("sign_in.request") && s.Request.IsZero() && s.Page == "" && !s.Basic && s.hasMore() {
		d.fail(d.place("sign_in"), "sign_in says how and not where: add request, page or basic")
	}
	if s := c.SignIn; s != nil && s.JSON != nil && len(s.Form) > 0 {
		d.fail(d.place("sign_in.form"), "a request has one body: json or form")
	}
	tenants := c.Tenants.Names()
	type who struct{ tenant, user string }
	users := map[who]string{}
	tokens := map[string]string{}
	for i := range c.Identities {
		name, id := c.Identities[i].Name, &c.Identities[i].Value
		path := "identities." + name
		if id.Tenant != "" && len(tenants) > 0 && c.Tenants.Get(id.Tenant) == nil {
			d.fail(d.place(path+".tenant"), "identity %s: there is no tenant %q%s", name, clip(id.Tenant), nearest.Hint(id.Tenant, tenants))
		} else if id.Tenant == "" && len(d.errs) == 0 {
			how := "add tenant, one of " + strings.Join(tenants, ", ")
			if len(tenants) == 0 {
				how = "name your customers first, as in tenants: {acme: {}, globex: {}}"
			}
			d.fail(d.place(path), "identity %s belongs to no tenant: %s", name, how)
		}
		c.judgeMeans(name, path, id)
		if id.User != "" {
			if first, twice := users[who{id.Tenant, id.User}]; twice {
				d.fail(d.place(path), "identities %s and %s are the same user", first, name)
			}
			users[who{id.Tenant, id.User}] = name
		}
		if tok := id.Token.Reveal(); tok != "" {
			if first, twice := tokens[tok]; twice {
				d.fail(d.place(path+".token"), "identities %s and %s have the same token, so they are one", first, name)
			}
			tokens[tok] = name
		}
	}
}

// judgeMeans holds an identity to one way of being it.
func (c *Config) judgeMeans(name, path string, id *Identity) {
	d := c.doc
	if d.mistyped(path) || c.failedBelow(path) {
		return
	}
	switch {
	case !id.Token.IsZero() || !id.Cookie.IsZero() || len(id.Headers) > 0:
	case !id.Password.IsZero():
		if c.SignIn == nil {
			d.fail(d.place(path), "identity %s has a password and there is no sign_in to use it", name)
		}
	default:
		d.fail(d.place(path), "identity %s has no password, token or cookie", name)
	}
	if id.Cookie.Reveal() != "" && !strings.Contains(id.Cookie.Reveal(), "=") {
		d.fail(d.place(path+".cookie"), "identity %s: the cookie must read NAME=VALUE", name)
	}
}

func (c *Config) failedBelow(path string) bool {
	for p := range c.doc.at {
		if (p == path || strings.HasPrefix(p, path+".")) && c.doc.failedAt(p) {
			return true
		}
	}
	return false
}

// soon is how long before its end a waiver is spoken of.
const soon = 14 * 24 * time.Hour

// judgeWaiver refuses what is malformed. A waiver that has ended is none of it:
// it does not count any more, so that the finding stands and the gate says why,
// and the run of the morning after tells more than a refusal to start would.
func (c *Config) judgeWaiver(i int, o Options) {
	d, w := c.doc, c.Waivers[i]
	path := "waivers[" + strconv.Itoa(i) + "]"
	if w.Check != "" && o.Checks != nil && !known(w.Check, o.Checks) {
		d.fail(d.place(path+".check"), "waiver for unknown check %q%s", clip(w.Check), nearest.Hint(w.Check, o.Checks))
	}
	if method, at, ok := strings.Cut(w.Subject, " "); ok && strings.HasPrefix(at, "/") && !known(strings.ToUpper(method), methods) {
		d.fail(d.place(path+".subject"), "%q is not an HTTP method: a subject is METHOD /path, a pattern of it, or another word of the report", clip(method))
	}
	for j := range i {
		if c.Waivers[j].Check == w.Check && strings.EqualFold(c.Waivers[j].Subject, w.Subject) && w.Check != "" {
			d.fail(d.place(path+".check"), "check %s is waived twice: first at line %d", w.Check, d.place("waivers["+strconv.Itoa(j)+"]").Line)
		}
	}
	if w.Until.IsZero() {
		return
	}
	at := d.place(path + ".until")
	waiver := lr.Waiver{Check: clip(w.Check), Subject: clip(w.Subject), Until: w.Until.String()}
	switch {
	case !waiver.Holds(o.Now) && o.Strict:
		d.fail(at, "the waiver of %s ended on %s and does not count any more: fix the finding, or accept the risk anew with a later day", waiver, w.Until)
	case !waiver.Holds(o.Now):
		c.Warnings = append(c.Warnings, fmt.Sprintf("%s: the waiver of %s ended on %s and does not count any more: fix the finding, or accept the risk anew with a later day", at, waiver, w.Until))
	case !w.Until.After(o.Now.Add(soon)):
		c.Warnings = append(c.Warnings, fmt.Sprintf("%s: the waiver of %s ends on %s: after that day the finding counts again", at, waiver, w.Until))
	}
}

// hasMore reports a sign-in that says more than how given tokens are sent.
func (s *SignIn) hasMore() bool {
	return s.JSON != nil || len(s.Form) > 0 || s.OAuth2 != nil || s.Token != ""
}
