package config

import (
	"encoding"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/net/publicsuffix"

	lr "github.com/launchready/launchready"
)

// What a run may cost when the file does not say.
const (
	defaultRequests    = 20000
	defaultRate        = Rate(50)
	defaultConcurrency = 16
	defaultMinutes     = 15
	defaultUSD         = 1
	defaultNormal      = Rate(5)
	defaultSend        = Send("Authorization: Bearer {token}")
)

// infer fills in what the file leaves open and notes where it came from.
func (c *Config) infer() {
	host := ""
	if c.Target.URL.URL != nil {
		host = strings.ToLower(c.Target.URL.Hostname())
	}
	fill(c, "product", &c.Product, host, "inferred from target.url")
	fill(c, "target.environment", &c.Target.Environment, environmentOf(host), "inferred from target.url")
	fill(c, "domain.name", &c.Domain.Name, domainOf(host), "inferred from target.url")
	fill(c, "source.repository", &c.Source.Repository, c.repository(), "the folder is in a git repository")
	fill(c, "fail_on", &c.FailOn, lr.High, "default")
	if c.Plan.Rate != 0 {
		fill(c, "plan.currency", &c.Plan.Currency, "USD", "default")
	}
	if !c.Chat.Request.IsZero() {
		fill(c, "chat.preset", &c.Chat.Preset, "custom", "chat.request")
	}
	fill(c, "chat.preset", &c.Chat.Preset, "auto", "default")
	fill(c, "latency.rate", &c.Latency.Rate, defaultNormal, "default")
	fill(c, "budget.requests", &c.Budget.Requests, defaultRequests, "default")
	fill(c, "budget.rate", &c.Budget.Rate, defaultRate, "default")
	fill(c, "budget.concurrency", &c.Budget.Concurrency, defaultConcurrency, "default")
	fill(c, "budget.minutes", &c.Budget.Minutes, defaultMinutes, "default")
	fill(c, "budget.usd", &c.Budget.USD, defaultUSD, "default")
	for i := range c.Identities {
		c.inferIdentity(&c.Identities[i])
	}
}

// none is what source.repository and domain.name say where there is none to look
// at.
const none = "none"

// repository is the file's folder where that is in a git work tree.
func (c *Config) repository() string {
	if c.Dir == "" || c.File == "" {
		return ""
	}
	for dir := c.Dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return "."
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func (c *Config) inferIdentity(e *Entry[Identity]) {
	path, id := "identities."+e.Name, &e.Value
	// The longest tenant name that the identity's name starts with.
	best := ""
	for _, t := range c.Tenants.Names() {
		if (e.Name == t || strings.HasPrefix(e.Name, t+"_") || strings.HasPrefix(e.Name, t+"-")) && len(t) > len(best) {
			best = t
		}
	}
	fill(c, path+".tenant", &id.Tenant, best, "inferred from the identity's name")
	role := "member"
	if id.Tenant != "" {
		if rest := strings.TrimLeft(strings.TrimPrefix(e.Name, id.Tenant), "_-"); rest != "" && rest != e.Name && !id.Spare {
			role = rest
		}
	}
	fill(c, path+".role", &id.Role, role, "inferred from the identity's name")
	if !c.WhoAmI.IsZero() {
		fill(c, path+".whoami", &id.WhoAmI, c.WhoAmI, "whoami")
	}
}

// fill sets a value that the file does not hold.
func fill[T comparable](c *Config, path string, p *T, value T, origin string) {
	var zero T
	if _, stands := c.doc.at[path]; stands || *p != zero || value == zero {
		return
	}
	*p = value
	c.doc.from[path] = origin
}

// environmentOf guesses on the safe side: a name that says nothing is production.
func environmentOf(host string) string {
	if host == "" {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsPrivate()) {
		return "development"
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return "development"
	}
	for _, label := range strings.FieldsFunc(host, func(r rune) bool { return r == '.' || r == '-' }) {
		switch label {
		case "staging", "stage", "stg", "preprod", "preview", "uat", "sandbox":
			return "staging"
		case "dev", "development", "local":
			return "development"
		case "test", "testing", "qa", "ci", "example", "invalid":
			return "test"
		}
	}
	return "production"
}

// domainOf is the domain that somebody registered for a host: the label before
// the public suffix, and what follows.
func domainOf(host string) string {
	if net.ParseIP(host) != nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") {
		return ""
	}
	name, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return name
}

// single reports a type that one scalar fills.
func single(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return true
	}
	switch t {
	case reflect.TypeFor[Value](), reflect.TypeFor[Spec]():
		return true
	case reflect.TypeFor[Secret](), reflect.TypeFor[HeaderLine]():
		return false // a secret comes by a reference in the file
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Float64:
		return true
	}
	return false
}

// scalarNode is a value from outside the file as the decoder takes it.
func scalarNode(s string, v reflect.Value) ast.Node {
	tk := token.New(s, s, &token.Position{Line: 0, Column: 0})
	if v.Kind() == reflect.Bool {
		if b, err := strconv.ParseBool(s); err == nil {
			n := ast.Bool(tk)
			n.Value = b
			return n
		}
	}
	return ast.String(tk)
}
