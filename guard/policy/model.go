package policy

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"github.com/santhosh-tekuri/jsonschema/v6"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/model/screen"
	"github.com/launchready/launchready/secretscan"
)

// Model is the second listener, between the application and its model provider.
type Model struct {
	Listen     string                   `yaml:"listen"`
	Providers  map[string]ModelProvider `yaml:"providers"` // openai, anthropic
	Keys       []ModelKey               `yaml:"keys"`      // what the application holds
	Context    *ModelContext            `yaml:"context,omitempty"`
	Models     []string                 `yaml:"models,flow"`
	MaxTokens  int64                    `yaml:"max_tokens,omitempty"`
	MaxBody    int64                    `yaml:"max_body,omitempty"`
	Tools      []ModelTool              `yaml:"tools,omitempty"`
	Provenance model.Provenance         `yaml:"provenance,omitempty"`    // refuse (default), confirm, off
	Vouched    []string                 `yaml:"trusted_hosts,omitempty"` // that count as the application's own
	Redact     *ModelRedact             `yaml:"redact,omitempty"`
	Links      *[]string                `yaml:"links,omitempty"` // hosts that links and images of replies may lead to
	Canaries   []ModelCanary            `yaml:"canaries,omitempty"`
	Spend      *ModelSpend              `yaml:"spend,omitempty"` // what it may cost
	Breaker    *ModelBreaker            `yaml:"breaker,omitempty"`

	text *judge // knows where things stand in a file of its own
}

// ReadModel reads a file that holds the section model alone, for a draft, which tells
// its mistakes with their places in this file.
func ReadModel(name string, text []byte) (m *Model, err error) {
	defer func() { // the parser is not trusted to survive every text
		if recover() != nil {
			m, err = nil, fmt.Errorf("%s:1:1: not YAML that can be read", name)
		}
	}()
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, placed(name, err)
	}
	var file struct {
		Model *Model `yaml:"model"`
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, placed(name, err)
	}
	if file.Model == nil {
		return nil, fmt.Errorf("%s:1:1: no section model", name)
	}
	file.Model.text = &judge{name: name, file: parsed}
	return file.Model, nil
}

// own judges a section that ReadModel gave, as it stands in its own file.
func (m *Model) own() error {
	if m == nil || m.text == nil {
		return nil
	}
	j := &judge{name: m.text.name, file: m.text.file}
	p := &Policy{Model: m.drafted(false), Stores: &Stores{Ledger: memory}}
	j.model(p, func(at, what, path, why string) {
		j.fail(at, "%s: if it is meant, write it into the drafted policy, with unsafe: [%q]", why, what+" "+path)
	})
	return errors.Join(j.errs...)
}

// drafted is the section with what bounds the model, where it does not say so itself.
func (m *Model) drafted(breaks bool) *Model {
	out := *m
	if out.MaxTokens == 0 {
		out.MaxTokens = 1024
	}
	if out.Breaker == nil && breaks {
		out.Breaker = &ModelBreaker{Failures: 3}
	}
	return &out
}

// ModelProvider is where requests go. Key is ${env:NAME}.
type ModelProvider struct {
	URL         string `yaml:"url"`
	Key         string `yaml:"key"`
	TokensField string `yaml:"max_tokens_field,omitempty"`
}

// ModelKey is a virtual key: its SHA-256, and whose it is.
type ModelKey struct {
	Name   string   `yaml:"name"`
	SHA256 string   `yaml:"sha256"`
	Tenant string   `yaml:"tenant,omitempty"`
	Roles  []string `yaml:"roles,omitempty,flow"`
	Signed bool     `yaml:"signed,omitempty"` // a signed header says for whom

	Essential bool `yaml:"essential,omitempty"` // served in a lock-down as well
}

// ModelBreaker stops asking a provider that fails.
type ModelBreaker struct {
	Failures int    `yaml:"failures"`
	Pause    string `yaml:"pause,omitempty"`   // 1s
	Longest  string `yaml:"longest,omitempty"` // 30s
}

func (b *ModelBreaker) build() (model.Breaker, error) {
	if b == nil {
		return model.Breaker{}, nil
	}
	pause, err := span(cmp.Or(b.Pause, "1s"))
	longest, lerr := span(cmp.Or(b.Longest, "30s"))
	return model.Breaker{Failures: b.Failures, Pause: pause, Longest: longest}, errors.Join(err, lerr)
}

// ModelContext is how the signed header is verified. Key is ${env:NAME}.
type ModelContext struct {
	Key      string `yaml:"key"`
	Audience string `yaml:"audience,omitempty"`
	Header   string `yaml:"header,omitempty"`
}

// ModelTool is a tool that exists for the model.
type ModelTool struct {
	Name       string           `yaml:"name"`
	Tenants    []string         `yaml:"tenants,omitempty,flow"`
	Roles      []string         `yaml:"roles,omitempty,flow"`
	Schema     map[string]any   `yaml:"schema,omitempty"` // JSON Schema of the arguments
	When       string           `yaml:"when,omitempty"`   // CEL
	Provenance model.Provenance `yaml:"provenance,omitempty"`
	Trusted    bool             `yaml:"trusted_result,omitempty"`
}

// ModelRedact says what is taken out of prompts and completions: secrets, email,
// card, iban, phone; none.
type ModelRedact struct {
	Prompts     []string `yaml:"prompts,omitempty,flow"`
	Completions []string `yaml:"completions,omitempty,flow"`
}

// ModelCanary is a planted value, of a tenant or of the application's own prompt.
type ModelCanary struct {
	Name   string `yaml:"name"`
	Tenant string `yaml:"tenant,omitempty"`
	Value  string `yaml:"value"` // itself, or ${env:NAME}
}

var (
	redactions = []string{"secrets", "email", "card", "iban", "phone"}
	fromEnv    = regexp.MustCompile(`^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$`)
	hostName   = regexp.MustCompile(`^(?:\*\.)?[a-z0-9](?:[a-z0-9.\-]*[a-z0-9])?$`)
)

// model judges the section.
func (j *judge) model(p *Policy, twice func(at, what, path, why string)) {
	m := p.Model
	if m == nil {
		return
	}
	host, _, err := net.SplitHostPort(m.Listen)
	switch ip, bad := netip.ParseAddr(host); {
	case err != nil:
		j.fail("model.listen", "model.listen is no host:port")
	case m.Listen == p.Listen || m.Listen == p.Admin:
		j.fail("model.listen", "model needs a listener of its own")
	case host != "localhost" && (bad != nil || !ip.IsLoopback() && !ip.IsPrivate()):
		twice("model.listen", "open model", m.Listen, "the model's listener is open to more than this machine and its network")
	}
	if len(m.Providers) == 0 {
		j.fail("model", "model needs a provider: openai or anthropic")
	}
	for n, v := range m.Providers {
		at := "model.providers." + key(n)
		if n != "openai" && n != "anthropic" {
			j.fail(at, "provider %q: one of openai, anthropic, by the protocol that it speaks", n)
		}
		u, err := url.Parse(v.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/v1") {
			j.fail(at+".url", "%s.url is no base address as https://api.openai.com, without /v1", at)
		} else if ip, err := netip.ParseAddr(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback() && !ip.IsPrivate()) {
			twice(at, "cleartext model", n, "the provider's key would go over the network in the clear")
		}
		j.env(at+".key", v.Key)
		if v.TokensField != "" && v.TokensField != "max_tokens" && v.TokensField != "max_completion_tokens" {
			j.fail(at+".max_tokens_field", "max_tokens_field is max_tokens or max_completion_tokens")
		}
	}
	if c := m.Context; c != nil {
		j.env("model.context.key", c.Key)
	}
	j.modelKeys(m)
	if len(m.Models) == 0 {
		j.fail("model", "model needs models: which may be asked")
	}
	for i, name := range m.Models {
		if name == "" || strings.Contains(strings.TrimSuffix(name, "*"), "*") {
			j.fail(fmt.Sprintf("model.models[%d]", i), "model %q: a name, or how names begin and a * behind it", name)
		} else if name == "*" {
			twice(fmt.Sprintf("model.models[%d]", i), "any model", "*", "the application may ask the dearest model there is")
		}
	}
	switch {
	case m.MaxTokens < 0 || m.MaxBody < 0:
		j.fail("model", "a bound of model is below 0")
	case m.MaxTokens == 0:
		twice("model", "unbounded completions", m.Listen, "model has no max_tokens: a completion is as long as the caller wants")
	}
	j.modelTools(m)
	j.modelTexts(m)
	if b, err := m.Breaker.build(); m.Breaker != nil && (err != nil || b.Failures < 1 || b.Failures > 1000 || b.Pause <= 0 || b.Pause > b.Longest || b.Longest > time.Hour) {
		j.fail("model.breaker", "model.breaker: failures is 1 to 1000, and pause a time, as 1s, no longer than longest, which is an hour at most")
	}
	j.modelSpend(p)
}

func (j *judge) env(at, v string) {
	if !fromEnv.MatchString(v) {
		j.fail(at, "%s is taken from the environment: ${env:NAME}", at)
	}
}

func (j *judge) modelKeys(m *Model) {
	if len(m.Keys) == 0 {
		j.fail("model", "model needs keys: the SHA-256 of what the application holds in place of a provider's key")
	}
	seen := map[string]bool{}
	for i, k := range m.Keys {
		at := fmt.Sprintf("model.keys[%d]", i)
		if b, err := hex.DecodeString(k.SHA256); err != nil || len(b) != sha256.Size {
			j.fail(at+".sha256", "key %q: sha256 is 64 hexadecimal digits, in quotes", k.Name)
		}
		if k.Name == "" || seen["n"+k.Name] || seen["h"+strings.ToLower(k.SHA256)] {
			j.fail(at, "a key has no name, or is there twice")
		}
		seen["n"+k.Name], seen["h"+strings.ToLower(k.SHA256)] = true, true
		switch {
		case k.Signed && (k.Tenant != "" || len(k.Roles) > 0):
			j.fail(at, "key %q has a tenant or roles, and is signed: the signed header says both", k.Name)
		case k.Signed && m.Context == nil:
			j.fail(at, "key %q is signed and model has no context: which key verifies the header", k.Name)
		case !k.Signed && k.Tenant == "":
			j.fail(at, "key %q belongs to no tenant: say tenant, or signed: true", k.Name)
		}
	}
}

func (j *judge) modelTools(m *Model) {
	provenance := func(at string, p model.Provenance) {
		if p != "" && p != model.Refuse && p != model.Confirm && p != model.ProvenanceOff {
			j.fail(at, "provenance %q: one of refuse, confirm, off", p)
		}
	}
	provenance("model.provenance", m.Provenance)
	seen := map[string]bool{}
	for i, t := range m.Tools {
		at := fmt.Sprintf("model.tools[%d]", i)
		if t.Name == "" || seen[t.Name] {
			j.fail(at, "a tool has no name, or %q is there twice", t.Name)
		}
		seen[t.Name] = true
		provenance(at+".provenance", t.Provenance)
		if _, err := t.build(); err != nil {
			msg, _, _ := strings.Cut(err.Error(), "\n")
			j.fail(at, "tool %s: %s", t.Name, msg)
		}
	}
}

func (j *judge) modelTexts(m *Model) {
	if r := m.Redact; r != nil {
		for at, list := range map[string][]string{"prompts": r.Prompts, "completions": r.Completions} {
			for i, w := range list {
				if w == "email" && !slices.Contains(list, "secrets") {
					j.fail(fmt.Sprintf("model.redact.%s[%d]", at, i), "redact email goes with secrets: one filter knows both")
				}
				if !slices.Contains(redactions, w) && (w != "none" || len(list) > 1) {
					j.fail(fmt.Sprintf("model.redact.%s[%d]", at, i), "redact %q: of %s; or none alone", w, strings.Join(redactions, ", "))
				}
			}
		}
	}
	hosts := map[string][]string{"trusted_hosts": m.Vouched}
	if m.Links != nil {
		hosts["links"] = *m.Links
	}
	for at, list := range hosts {
		for i, h := range list {
			if !hostName.MatchString(h) {
				j.fail(fmt.Sprintf("model.%s[%d]", at, i), "%q is no host as docs.acme.test or *.acme.test, in lower case", h)
			}
		}
	}
	for i, c := range m.Canaries {
		at := fmt.Sprintf("model.canaries[%d]", i)
		if c.Name == "" {
			j.fail(at, "a canary has no name")
		}
		if fromEnv.MatchString(c.Value) {
			continue
		}
		if _, err := screen.NewNeedles([]string{c.Value}); err != nil || strings.Contains(c.Value, "${") {
			j.fail(at+".value", "canary %s: %v", c.Name, screen.ErrNeedle)
		}
	}
}

func (t *ModelTool) build() (model.Tool, error) {
	out := model.Tool{Name: t.Name, Tenants: t.Tenants, Roles: t.Roles, Provenance: t.Provenance, Trusted: t.Trusted}
	if t.Schema != nil {
		b, err := json.Marshal(t.Schema)
		if err != nil {
			return out, fmt.Errorf("read the schema: %w", err)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
		if err != nil {
			return out, fmt.Errorf("read the schema: %w", err)
		}
		if out.Schema, err = model.Schema(doc); err != nil {
			return out, err
		}
	}
	if t.When != "" {
		p, err := model.Expression(t.When)
		if err != nil {
			return out, err
		}
		out.When = p
	}
	return out, nil
}

// BuildModel makes the proxy of the section; nil where there is none. env gives the
// variables that the section names; what they lack is told at the place that names them.
func (p *Policy) BuildModel(s *State, env func(name string) (string, bool)) (*model.Proxy, error) {
	m := p.Model
	if m == nil {
		return nil, nil
	}
	var missing []error
	wrong := func(at, format string, args ...any) {
		missing = append(missing, fmt.Errorf("%s: %s: %s", p.text.at(at), at, fmt.Sprintf(format, args...)))
	}
	secret := func(at, v string) lr.Secret {
		name := fromEnv.FindStringSubmatch(v)
		if name == nil {
			return lr.NewSecret(v)
		}
		value, _ := env(name[1])
		if value == "" {
			wrong(at, "the variable %s is not set", name[1])
		}
		return lr.NewSecret(value)
	}
	o := model.Options{Providers: map[string]model.Provider{}, Models: m.Models, MaxTokens: m.MaxTokens, MaxBody: m.MaxBody, Provenance: m.Provenance, Vouched: m.Vouched,
		Log: s.Log, Now: s.clock(), Transport: s.Transport, Kill: &s.Memory.Kill, Lockdown: s.Lockdown}
	if o.Provenance == "" {
		o.Provenance = model.Refuse
	}
	for _, n := range slices.Sorted(maps.Keys(m.Providers)) {
		v := m.Providers[n]
		u, err := url.Parse(v.URL)
		if err != nil {
			return nil, fmt.Errorf("model: read the address of %s: %w", n, err)
		}
		o.Providers[n] = model.Provider{URL: u, Key: secret("model.providers."+n+".key", v.Key), TokensField: v.TokensField}
	}
	var err error
	if o.Breaker, err = m.Breaker.build(); err != nil {
		return nil, fmt.Errorf("model.breaker: %w", err)
	}
	if m.Context != nil {
		o.Context = model.Context{Header: m.Context.Header, Audience: m.Context.Audience, Key: secret("model.context.key", m.Context.Key)}
		if n := len(o.Context.Key.Reveal()); n > 0 && n < 32 {
			wrong("model.context.key", "the key has under 32 bytes")
		}
	}
	for _, k := range m.Keys {
		key := model.Key{Name: k.Name, Tenant: k.Tenant, Roles: k.Roles, Signed: k.Signed, Essential: k.Essential}
		if _, err := hex.Decode(key.Hash[:], []byte(k.SHA256)); err != nil {
			return nil, fmt.Errorf("model: read key %s: %w", k.Name, err)
		}
		o.Keys = append(o.Keys, key)
	}
	for i := range m.Tools {
		t, err := m.Tools[i].build()
		if err != nil {
			return nil, fmt.Errorf("model: tool %s: %w", m.Tools[i].Name, err)
		}
		o.Tools = append(o.Tools, t)
	}
	for i, c := range m.Canaries {
		at := fmt.Sprintf("model.canaries[%d].value", i)
		one := model.Canary{Name: c.Name, Tenant: c.Tenant, Value: secret(at, c.Value)}
		if v := one.Value.Reveal(); v != "" {
			if _, err := screen.NewNeedles([]string{v}); err != nil {
				wrong(at, "%v", err)
			}
		}
		o.Canaries = append(o.Canaries, one)
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	scanner, err := secretscan.New(secretscan.Options{})
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	var r ModelRedact
	if m.Redact != nil {
		r = *m.Redact
	}
	o.Prompts, o.Completions = rules(scanner, r.Prompts), rules(scanner, r.Completions)
	if m.Links != nil {
		o.Completions.Links, o.Completions.Hosts = true, *m.Links
	}
	if m.Spend != nil {
		e, err := p.egress(s)
		if err != nil {
			return nil, err
		}
		o.Meter, o.Tell = e, m.Spend.Mode != guard.Observe
	}
	return model.New(o)
}

// rules are those of a list; of none, secrets.
func rules(s *secretscan.Scanner, list []string) screen.Rules {
	has := func(w string) bool { return slices.Contains(list, w) }
	r := screen.Rules{Personal: screen.Personal{Cards: has("card"), Accounts: has("iban"), Phones: has("phone")}}
	if len(list) == 0 || has("secrets") || has("email") {
		r.Secrets = &secretscan.Filter{Scanner: s, KeepAddresses: !has("email")}
	}
	return r
}
