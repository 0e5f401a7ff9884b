// Package policy reads guard.yaml and makes a pipeline of it. What the file may
// say is applied; all else is refused with its line and column.
package policy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/launchready/launchready/guard"
)

// Policy is guard.yaml.
type Policy struct {
	Version   int                   `yaml:"version"`
	Listen    string                `yaml:"listen"`
	Admin     string                `yaml:"admin,omitempty"` // health and readiness, on a listener of their own
	Upstream  string                `yaml:"upstream"`
	Trusted   []string              `yaml:"trusted_proxies,omitempty"`
	Modes     map[string]guard.Mode `yaml:"modes,omitempty"`
	Auth      *Auth                 `yaml:"auth,omitempty"`
	Tenant    *Tenant               `yaml:"tenant,omitempty"`
	Limits    map[string]Limit      `yaml:"limits,omitempty"`
	Failures  *Limit                `yaml:"auth_failures,omitempty"`
	Input     *Input                `yaml:"input,omitempty"`
	Hygiene   *Hygiene              `yaml:"hygiene,omitempty"`
	Routes    []Route               `yaml:"routes"`
	CORS      *CORS                 `yaml:"cors,omitempty"`
	Hosts     []string              `yaml:"hosts,omitempty,flow"`
	Uploads   *Uploads              `yaml:"uploads,omitempty"`
	Webhooks  []Webhook             `yaml:"webhooks,omitempty"`
	Cookies   *Cookies              `yaml:"cookies,omitempty"`
	TLS       *TLS                  `yaml:"tls,omitempty"`
	Lock      *Lock                 `yaml:"origin_lock,omitempty"`
	Model     *Model                `yaml:"model,omitempty"` // the second listener, in front of the model provider
	Ownership *Ownership            `yaml:"ownership,omitempty"`
	Unsafe    []string              `yaml:"unsafe,omitempty"`    // what is unsafe and meant, said a second time
	Preflight bool                  `yaml:"preflight,omitempty"` // OPTIONS of every path is the application's to answer, without a credential
	Own       *Own                  `yaml:"own,omitempty"`

	Operations *Operations `yaml:"operations,omitempty"`
	Lockdown   bool        `yaml:"lockdown,omitempty"` // only essential routes are served

	Queue       *Queue       `yaml:"queue,omitempty"`
	Spend       *Spend       `yaml:"spend,omitempty"`
	Idempotency *Idempotency `yaml:"idempotency,omitempty"`
	Kill        *Kill        `yaml:"kill,omitempty"`
	Retry       *Retry       `yaml:"retry,omitempty"`
	Stores      *Stores      `yaml:"state,omitempty"`

	Cloudflare []string `yaml:"cloudflare_networks,omitempty,flow"` // in place of those that this build knows
	Traces     *Traces  `yaml:"traces,omitempty"`

	text *judge // knows where things stand
}

// Auth says whose tokens count.
type Auth struct {
	Issuer      string   `yaml:"issuer,omitempty"`
	Audience    string   `yaml:"audience,omitempty"`
	JWKS        string   `yaml:"jwks,omitempty"`
	Algorithms  []string `yaml:"algorithms,omitempty"`
	TenantClaim string   `yaml:"tenant_claim,omitempty"`
	RolesClaim  string   `yaml:"roles_claim,omitempty"`
	Presented   bool     `yaml:"verify_presented,omitempty"` // a wrong token is refused on public routes too

	Discover      bool           `yaml:"discover,omitempty"` // the issuer's configuration names the keys
	Introspection *Introspection `yaml:"introspection,omitempty"`
	APIKeys       *APIKeys       `yaml:"api_keys,omitempty"`
	Session       *Session       `yaml:"session,omitempty"`
	Assertion     *Assertion     `yaml:"assertion,omitempty"`
	Bearer        *Bearer        `yaml:"bearer,omitempty"`
}

// Tenant says where a request may name a tenant.
type Tenant struct {
	Path   []string `yaml:"path,omitempty"`
	Query  []string `yaml:"query,omitempty"`
	Header []string `yaml:"header,omitempty"`
	Body   []string `yaml:"body,omitempty"`
	BodyOf []string `yaml:"body_of,omitempty"` // paths as in routes: whose bodies are read for it; none: all
}

// Limit is a rate, or a number of slots, or both.
type Limit struct {
	Per        string `yaml:"per,omitempty"`        // ip, user, organisation, class, global
	Requests   int    `yaml:"requests,omitempty"`   // in Window
	Kilobytes  int    `yaml:"kilobytes,omitempty"`  // of bodies and queries, in place of requests
	Window     string `yaml:"window,omitempty"`     // 1m
	Burst      int    `yaml:"burst,omitempty"`      // at one time; 0: Requests
	Concurrent int    `yaml:"concurrent,omitempty"` // under way at one time; 0: any number
}

// Input bounds bodies.
type Input struct {
	MaxBody  int64    `yaml:"max_body,omitempty"` // bytes, of bodies that are read
	MaxDepth int      `yaml:"max_depth,omitempty"`
	Types    []string `yaml:"types,omitempty"`
	OpenAPI  *OpenAPI `yaml:"openapi,omitempty"`
	Controls string   `yaml:"controls,omitempty"` // refuse: control characters in texts of JSON
	Climbing string   `yaml:"climbing,omitempty"` // refuse: values of queries that climb out of a folder
	GraphQL  *GraphQL `yaml:"graphql,omitempty"`
}

// Hygiene cleans answers.
type Hygiene struct {
	ScrubErrors bool     `yaml:"scrub_errors,omitempty"`
	HideHeaders []string `yaml:"hide_headers,omitempty"`
	Headers     bool     `yaml:"security_headers,omitempty"`
	NoStore     bool     `yaml:"no_store,omitempty"`  // answers to a credential stay out of caches
	AskFresh    bool     `yaml:"ask_fresh,omitempty"` // and caches behind guard are asked past
}

// Route is one entry.
type Route struct {
	Path      string                `yaml:"path"`
	Methods   []string              `yaml:"methods,omitempty,flow"`
	Public    bool                  `yaml:"public,omitempty"`
	Admin     bool                  `yaml:"admin,omitempty"`
	Chat      bool                  `yaml:"chat,omitempty"`
	Blocked   bool                  `yaml:"blocked,omitempty"`
	Roles     []string              `yaml:"roles,omitempty,flow"`
	Limits    []string              `yaml:"limits,omitempty,flow"`
	Modes     map[string]guard.Mode `yaml:"modes,omitempty"`
	Essential bool                  `yaml:"essential,omitempty"`       // served in a lock-down as well
	Own       bool                  `yaml:"own_credentials,omitempty"` // the application's keys and cookies are accepted beside tokens, for it to judge
	Slash     bool                  `yaml:"either_slash,omitempty"`    // the path with a final slash more, or less, is this route's too
}

// Parse reads a file's text and judges it. Every mistake is told with its place.
func Parse(name string, text []byte) (p *Policy, err error) {
	defer func() { // the parser is not trusted to survive every text
		if recover() != nil {
			p, err = nil, fmt.Errorf("%s:1:1: not YAML that can be read", name)
		}
	}()
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, placed(name, err)
	}
	if len(file.Docs) != 1 {
		return nil, fmt.Errorf("%s:1:1: the file holds %d documents, not one", name, len(file.Docs))
	}
	p = &Policy{}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(p); err != nil {
		return nil, placed(name, err)
	}
	j := &judge{name: name, file: file}
	j.judge(p)
	if len(j.errs) > 0 {
		return nil, errors.Join(j.errs...)
	}
	p.text = j
	return p, nil
}

// placed writes a parser's error as file:line:column.
func placed(name string, err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		at := y.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %s", name, at.Line, at.Column, y.GetMessage())
	}
	msg, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s:1:1: %s", name, msg)
}

type judge struct {
	name string
	file *ast.File
	errs []error

	needed []string // of unsafe
}

// fail tells a mistake at a YAML path, or at the nearest one above it that the
// file has.
func (j *judge) fail(at, format string, args ...any) {
	j.errs = append(j.errs, fmt.Errorf("%s: %s", j.at(at), fmt.Sprintf(format, args...)))
}

// wrong tells what is wrong with what the policy refers to at a YAML path.
func (p *Policy) wrong(at string, err error) error {
	if p.text == nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return fmt.Errorf("%s: %s: %w", p.text.at(at), at, err)
}

// at is file:line:column of a YAML path.
func (j *judge) at(at string) string {
	line, column := j.place(at)
	return fmt.Sprintf("%s:%d:%d", j.name, line, column)
}

// place is where a YAML path stands, or the nearest one above it.
func (j *judge) place(at string) (line, column int) {
	line, column = 1, 1
	for p := "$." + at; p != ""; p = above(p) {
		path, err := yaml.PathString(p)
		if err != nil {
			continue
		}
		n, err := path.FilterFile(j.file)
		if err != nil || n == nil || n.GetToken() == nil {
			continue
		}
		tk := n.GetToken()
		if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
			tk = m.Values[0].Key.GetToken()
		}
		line, column = tk.Position.Line, tk.Position.Column
		break
	}
	return line, column
}

// key is a name of the file as a part of a YAML path.
func key(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return strings.ContainsRune(" .[]*$'\"\\", r) }) {
		return name
	}
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(name) + "'"
}

func above(p string) string {
	if i := strings.LastIndexAny(p, ".["); i > 0 {
		return p[:i]
	}
	return ""
}

func (l Limit) window() (time.Duration, error) {
	if l.Window == "" {
		return time.Minute, nil
	}
	return time.ParseDuration(l.Window)
}
