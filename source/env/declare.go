package env

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/folder"
)

// declares reports whether a file may give variables.
func declares(name string) bool {
	base := strings.ToLower(path.Base(name))
	switch {
	case dotEnv(base), base == "vercel.json", base == "app.json", base == "fly.toml", base == "wrangler.toml", base == "netlify.toml", base == "railway.toml":
		return true
	case strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".yaml"):
		return !strings.Contains(base, "pnpm-lock") && !strings.HasSuffix(base, "openapi.yaml")
	case lineLanguage(name) == dockerfile, isTerraform(base), strings.HasSuffix(base, ".service"):
		return true
	}
	return false
}

func dotEnv(base string) bool {
	return base == ".env" || strings.HasPrefix(base, ".env.") || strings.HasSuffix(base, ".env") || strings.HasPrefix(base, "env.") && (strings.HasSuffix(base, "example") || strings.HasSuffix(base, "sample")) || strings.HasSuffix(base, ".env.example")
}

type declarer struct {
	inv  *Inventory
	name string
	env  string
}

func (inv *Inventory) declarations(name string, content []byte) {
	d := &declarer{inv, name, environmentOf(name)}
	base := strings.ToLower(path.Base(name))
	var err error
	switch {
	case dotEnv(base):
		d.dotEnv(content)
	case strings.HasSuffix(base, ".json"):
		err = d.json(content)
	case strings.HasSuffix(base, ".toml"):
		err = d.toml(content)
	case strings.HasSuffix(base, ".yml"), strings.HasSuffix(base, ".yaml"):
		err = d.yaml(content)
	case isTerraform(base):
		d.terraform(string(content))
	case lineLanguage(name) == dockerfile:
		d.docker(string(content))
	case strings.HasSuffix(base, ".service"):
		d.systemd(string(content))
	}
	if err != nil {
		inv.Skipped = append(inv.Skipped, folder.Skipped{Path: name, Reason: "not understood: " + firstLine(err)})
	}
}

// firstLine of an error: what parsers quote further on may be a value.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	if i := strings.IndexAny(line, "\"'`"); i > 0 {
		line = line[:i]
	}
	return strings.TrimSpace(line)
}

var placeholder = expr.Lazy(`(?i)^(<.*>|\[.*\]|x{3,}|\*{3,}|\.{3}|change[-_ ]?me.*|replace[-_ ]?(me|this|with).*|your[-_ ].*|todo|tbd|fixme|example|placeholder|dummy|secret|password|none|null|sk-\.{3}|.*your[-_].*(key|token|secret|password).*|.*change[-_]?(me|this|in[-_]production).*)$`)

func (d *declarer) add(name, value string, line int, kind Kind) {
	if !envName().MatchString(name) {
		return
	}
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	d.inv.Declarations = append(d.inv.Declarations, Declaration{
		Name: name, Where: d.name, Line: line, Environment: d.env, Kind: kind,
		Empty: kind == Literal && value == "", Placeholder: kind == Literal && placeholder().MatchString(value),
	})
}

// kindOf tells a value from a reference to one.
func kindOf(value string) Kind {
	v := strings.TrimSpace(value)
	switch {
	case strings.Contains(v, filledIn):
		return Prompt
	case strings.Contains(v, "secrets.") && strings.Contains(v, "${{"), strings.Contains(v, "secretKeyRef"), strings.HasPrefix(v, "@"), strings.HasPrefix(v, "op://"),
		strings.HasPrefix(v, "vault:"), strings.HasPrefix(v, "arn:aws:secretsmanager"), strings.HasPrefix(v, "arn:aws:ssm"), strings.HasPrefix(v, "sm://"):
		return SecretRef
	case strings.HasPrefix(v, "${") && !strings.Contains(v, ":-") && strings.HasSuffix(v, "}"), strings.HasPrefix(v, "$") && envName().MatchString(v[1:]):
		return Prompt
	}
	return Literal
}

func (d *declarer) dotEnv(content []byte) {
	s := bufio.NewScanner(bytes.NewReader(content))
	s.Buffer(make([]byte, 0, 4096), 1<<20)
	for line := 1; s.Scan(); line++ {
		text := strings.TrimPrefix(strings.TrimSpace(s.Text()), "export ")
		name, value, ok := strings.Cut(text, "=")
		if !ok || strings.HasPrefix(text, "#") {
			continue
		}
		if i := strings.Index(value, " #"); i >= 0 {
			value = value[:i]
		}
		d.add(strings.TrimSpace(name), value, line, kindOf(value))
	}
}

func (d *declarer) json(content []byte) error {
	var v struct {
		Env   map[string]any `json:"env"`
		Build struct {
			Env map[string]any `json:"env"`
		} `json:"build"`
	}
	if err := json.Unmarshal(content, &v); err != nil {
		return err
	}
	for _, m := range [...]map[string]any{v.Env, v.Build.Env} {
		d.table(m, 1)
	}
	return nil
}

// table of names to values, or to descriptions of what is to be given.
func (d *declarer) table(m map[string]any, line int) {
	for name, v := range m {
		switch v := v.(type) {
		case string:
			d.add(name, v, line, kindOf(v))
		case map[string]any: // Heroku's app.json
			if s, ok := v["value"].(string); ok {
				d.add(name, s, line, kindOf(s))
			} else if v["generator"] == "secret" {
				d.add(name, "", line, SecretRef)
			} else {
				d.add(name, "", line, Prompt)
			}
		case nil:
			d.add(name, "", line, Prompt)
		default:
			d.add(name, "1", line, Literal)
		}
	}
}

func (d *declarer) toml(content []byte) error {
	var v map[string]any
	if _, err := toml.Decode(string(content), &v); err != nil {
		return err
	}
	var walk func(m map[string]any, depth int)
	walk = func(m map[string]any, depth int) {
		for key, v := range m {
			t, ok := v.(map[string]any)
			if !ok || depth > 6 {
				continue
			}
			if key == "env" && d.isWrangler() || key != "env" && key != "vars" && key != "environment" && key != "variables" {
				walk(t, depth+1)
				continue
			}
			d.table(t, 1)
		}
	}
	walk(v, 0)
	return nil
}

// isWrangler: [env.production] holds tables there, not variables.
func (d *declarer) isWrangler() bool { return strings.HasSuffix(d.name, "wrangler.toml") }

func (d *declarer) yaml(content []byte) error {
	if bytes.Contains(content, []byte("{{")) || bytes.Contains(content, []byte("{%")) {
		content = []byte(untemplate(string(content)))
	}
	dec := yaml.NewDecoder(bytes.NewReader(content))
	for range 500 {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			if bytes.Contains(content, []byte(filledIn)) && !isChartTemplate(d.name) {
				return nil // a template of something else
			}
			return err
		}
		for _, c := range n.Content {
			d.object(c)
			d.walk(c, 0)
		}
	}
	return nil
}

// object reads a ConfigMap or a Secret of Kubernetes.
func (d *declarer) object(n *yaml.Node) {
	kind := field(n, "kind")
	if kind == nil || kind.Value != "ConfigMap" && kind.Value != "Secret" {
		return
	}
	for _, key := range [...]string{"data", "stringData"} {
		if m := field(n, key); m != nil && m.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(m.Content); i += 2 {
				d.add(m.Content[i].Value, m.Content[i+1].Value, m.Content[i].Line, kindOf(m.Content[i+1].Value))
			}
		}
	}
}

func field(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

var yamlKeys = []string{"environment", "env", "envVars", "variables", "env_variables"}

func (d *declarer) walk(n *yaml.Node, depth int) {
	if depth > 40 {
		return
	}
	switch n.Kind {
	case yaml.SequenceNode, yaml.DocumentNode:
		for _, c := range n.Content {
			d.walk(c, depth+1)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, v := n.Content[i], n.Content[i+1]
			if slices.Contains(yamlKeys, key.Value) && d.block(v) {
				continue
			}
			d.walk(v, depth+1)
		}
	}
}

// block reads a map of names, a list of NAME=value, or a list of {name, value}.
func (d *declarer) block(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			switch {
			case v.Kind == yaml.ScalarNode && v.Tag == "!!null":
				d.add(k.Value, "", k.Line, Prompt)
			case v.Kind == yaml.ScalarNode:
				d.add(k.Value, v.Value, k.Line, kindOf(v.Value))
			default:
				return false
			}
		}
		return true
	case yaml.SequenceNode:
		for _, item := range n.Content {
			switch item.Kind {
			case yaml.ScalarNode:
				name, value, given := strings.Cut(item.Value, "=")
				kind := kindOf(value)
				if !given {
					kind = Prompt
				}
				d.add(name, value, item.Line, kind)
			case yaml.MappingNode:
				d.entry(item)
			}
		}
		return true
	}
	return false
}

func (d *declarer) entry(n *yaml.Node) {
	name := field(n, "name")
	if name == nil {
		name = field(n, "key")
	}
	if name == nil {
		return
	}
	switch value := field(n, "value"); {
	case value != nil:
		d.add(name.Value, value.Value, name.Line, kindOf(value.Value))
	case field(field(n, "valueFrom"), "configMapKeyRef") != nil, field(field(n, "valueFrom"), "fieldRef") != nil:
		d.add(name.Value, "1", name.Line, Literal)
	case field(n, "valueFrom") != nil, field(n, "fromDatabase") != nil, field(n, "fromService") != nil, field(n, "generateValue") != nil:
		d.add(name.Value, "", name.Line, SecretRef)
	default: // sync: false
		d.add(name.Value, "", name.Line, Prompt)
	}
}

var dockerLine = expr.Lazy(`(?i)^\s*(ARG|ENV)\s+(.*)$`)
var pairIn = expr.Lazy(`([A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S*)`)

func (d *declarer) docker(src string) {
	for i, text := range strings.Split(src, "\n") {
		m := dockerLine().FindStringSubmatch(text)
		if m == nil {
			continue
		}
		pairs := pairIn().FindAllStringSubmatch(m[2], -1)
		for _, p := range pairs {
			d.add(p[1], p[2], i+1, kindOf(strings.Trim(p[2], `"'`)))
		}
		if len(pairs) == 0 {
			name, value, _ := strings.Cut(strings.TrimSpace(m[2]), " ")
			kind := kindOf(value)
			if strings.EqualFold(m[1], "ARG") {
				kind = Prompt
			}
			d.add(name, value, i+1, kind)
		}
	}
}

func (d *declarer) systemd(src string) {
	for i, text := range strings.Split(src, "\n") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(text), "Environment="); ok {
			for _, p := range pairIn().FindAllStringSubmatch(strings.Trim(rest, `"`), -1) {
				d.add(p[1], p[2], i+1, Literal)
			}
		}
	}
}
