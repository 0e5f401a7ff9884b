package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/launchready/launchready/guard/kill"
	"github.com/launchready/launchready/guard/model/span"
)

// Tool is one entry of the allow-list. A tool that is not listed does not exist: it
// is taken out of requests, and a call of it is refused.
type Tool struct {
	Name       string
	Tenants    []string           // none: all
	Roles      []string           // none: all
	Schema     *jsonschema.Schema // of the arguments; nil: any object
	When       cel.Program        // must be true of args, tool, tenant, user and roles; nil: always
	Provenance Provenance         // "": that of the policy
	Trusted    bool               // what it returns counts as said by the user
}

func (t *Tool) allowed(c *Caller) bool {
	return (len(t.Tenants) == 0 || slices.Contains(t.Tenants, c.Tenant)) && c.has(t.Roles)
}

// celBudget bounds what an expression may cost, in CEL's units.
const celBudget = 100_000

// Expression compiles a condition on a call.
func Expression(text string) (cel.Program, error) {
	env, err := cel.NewEnv(cel.Variable("args", cel.MapType(cel.StringType, cel.DynType)), cel.Variable("tool", cel.StringType),
		cel.Variable("tenant", cel.StringType), cel.Variable("user", cel.StringType), cel.Variable("roles", cel.ListType(cel.StringType)))
	if err != nil {
		return nil, fmt.Errorf("make the environment of expressions: %w", err)
	}
	ast, issues := env.Compile(text)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("compile the expression: %w", err)
	}
	if !ast.OutputType().IsExactType(cel.BoolType) && !ast.OutputType().IsExactType(cel.DynType) {
		return nil, errors.New("compile the expression: it is not true or false")
	}
	p, err := env.Program(ast, cel.CostLimit(celBudget), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("compile the expression: %w", err)
	}
	return p, nil
}

// Schema compiles a JSON Schema (draft 2020-12 where it does not say another), which
// may refer to nothing outside of itself.
func Schema(doc any) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.SchemeURLLoader{})
	c.AssertFormat()
	if err := c.AddResource("guard:tool", doc); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	s, err := c.Compile("guard:tool")
	if err != nil {
		return nil, fmt.Errorf("compile the schema: %w", err)
	}
	return s, nil
}

// call is one call of a tool that the model made, as far as it has come.
type call struct {
	name string
	args []byte // a JSON text, or free text where the tool takes that
	free bool
	odd  bool // no text where one should be
	own  bool // of a tool that the protocol names: the arguments are there whole or not at all
}

// errCall says why a call is refused, in words for the log. ask is set where the user
// could confirm it, and holds the value that came from untrusted content.
type errCall struct {
	why string
	ask string
}

func (e *errCall) Error() string { return e.why }

// judge holds a call to the policy. It sees the arguments whole.
func (x *exchange) judge(c *call) *errCall {
	if !x.offered[c.name] {
		return &errCall{why: "the tool was not offered"}
	}
	t := x.o.tools[c.name]
	if t == nil || !t.allowed(&x.who) {
		return &errCall{why: "the tool is not allowed"}
	}
	if x.o.Kill.Off(kill.Tool, c.name) {
		return &errCall{why: "the tool is switched off"}
	}
	if c.odd {
		return &errCall{why: "the arguments are no text"}
	}
	doc := &span.Document{}
	if !c.free {
		if len(bytes.TrimSpace(c.args)) == 0 {
			c.args = []byte("{}") // how a call without arguments is streamed
		}
		if err := doc.Read(c.args); err != nil || doc.Kind(doc.Root()) != span.Object {
			return &errCall{why: "the arguments are not a JSON object"}
		}
		if alike(doc, doc.Root()) {
			return &errCall{why: "the arguments have two names that differ in case alone"}
		}
	} else if t.Schema != nil || t.When != nil {
		return &errCall{why: "the arguments are free text, and the policy has a rule for them"}
	}
	if t.Schema != nil || t.When != nil {
		args, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.args))
		if err != nil {
			return &errCall{why: "the arguments are not JSON"}
		}
		if t.Schema != nil && t.Schema.Validate(args) != nil {
			return &errCall{why: "the arguments do not fit the schema"}
		}
		if t.When != nil && !x.fits(t.When, c.name, args) {
			return &errCall{why: "the condition on the arguments does not hold"}
		}
	}
	if bad := x.words(c.args); bad != nil {
		return bad
	}
	if !c.free && bytes.IndexByte(c.args, '\\') >= 0 { // what is written in escapes is said all the same
		if bad := x.unescaped(doc, doc.Root()); bad != nil {
			return bad
		}
	}
	how := t.Provenance
	if how == "" {
		how = x.o.Provenance
	}
	if how == ProvenanceOff || how == "" {
		return nil
	}
	if v := x.stray(doc, c); v != "" {
		e := &errCall{why: "a value of the arguments came from untrusted content only"}
		if how == Confirm {
			e.ask = v
		}
		return e
	}
	return nil
}

// alike reports an object with two names that a tool which ignores case would take for one:
// the rules saw the one, and it would obey the other.
func alike(d *span.Document, n span.Node) bool {
	names := map[string]bool{}
	for c := d.First(n); c != span.None; c = d.Next(c) {
		if d.Kind(n) == span.Object {
			name := strings.ToLower(strings.ToUpper(d.Key(c)))
			if names[name] {
				return true
			}
			names[name] = true
		}
		if alike(d, c) {
			return true
		}
	}
	return false
}

// words refuses what must not leave by a call.
func (x *exchange) words(text []byte) *errCall {
	if x.o.arguments != nil {
		if _, changed, err := x.o.arguments.Whole(text); changed || err != nil {
			return &errCall{why: "the arguments hold a secret"}
		}
	}
	if x.rules.Stops(text) {
		return &errCall{why: "the arguments hold a canary"}
	}
	return nil
}

// unescaped looks at the names and texts of the arguments as the tool reads them.
func (x *exchange) unescaped(d *span.Document, n span.Node) *errCall {
	switch d.Kind(n) {
	case span.String:
		return x.words(d.Bytes(n))
	case span.Object, span.Array:
		for c := d.First(n); c != span.None; c = d.Next(c) {
			if d.Kind(n) == span.Object {
				if bad := x.words([]byte(d.Key(c))); bad != nil {
					return bad
				}
			}
			if bad := x.unescaped(d, c); bad != nil {
				return bad
			}
		}
	case span.Null, span.True, span.False, span.Number:
	}
	return nil
}

// fits evaluates a condition. An error, as of a member that is missing, is no yes.
func (x *exchange) fits(p cel.Program, tool string, args any) bool {
	roles := x.who.Roles
	if roles == nil {
		roles = []string{}
	}
	v, _, err := p.Eval(map[string]any{"args": plain(args), "tool": tool, "tenant": x.who.Tenant, "user": x.who.Subject, "roles": roles})
	if err != nil {
		return false
	}
	yes, ok := v.Value().(bool)
	return ok && yes
}

// plain makes of numbers what CEL calculates with.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	}
	return v
}
