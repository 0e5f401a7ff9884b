package config

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/nearest"
)

// scalarText is the text of a scalar as it is meant, "" for anything else.
func scalarText(n ast.Node) string {
	switch x := n.(type) {
	case *ast.StringNode:
		return x.Value
	case *ast.LiteralNode:
		return x.Value.Value
	case ast.ScalarNode:
		if tk := x.GetToken(); tk != nil {
			return strings.TrimSpace(tk.Value)
		}
	}
	return ""
}

// kindOf names a node in plain words.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys with values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.NullNode:
		return "nothing"
	}
	return "a text"
}

func (d *document) want(where Position, n ast.Node, key, wanted, example string) {
	if key == "" {
		key = "the file"
	}
	if example != "" {
		example = ": write each on a line of its own after a dash"
	}
	d.add(where, secretName.MatchString(key), "%s must be %s, not %s%s", key, wanted, kindOf(n), example)
}

// text reads a scalar as text, references in it replaced.
func (d *document) text(n ast.Node, where Position, key string) (string, bool) {
	if _, ok := n.(ast.ScalarNode); !ok {
		d.want(where, n, key, "a text", "")
		return "", false
	}
	s := scalarText(n)
	v, err := d.refs.plain(s)
	if err != nil {
		d.fail(where, "%s", err)
		return "", false
	}
	if secretShape.MatchString(s) && !d.trusted {
		d.add(where, true, "%s", errInline)
		return "", false
	}
	return v, true
}

// plain is expand for texts that are no secrets: a bare file: is a text there.
func (r *resolver) plain(s string) (string, error) {
	if strings.HasPrefix(s, "file:") {
		return s, nil
	}
	v, _, err := r.expand(s)
	return v, err
}

func (d *document) secret(n ast.Node, where Position, p *Secret) {
	if _, ok := n.(ast.ScalarNode); !ok {
		d.add(where, true, "a secret must be a reference, not %s", kindOf(n))
		return
	}
	s, err := d.refs.secret(scalarText(n))
	if err != nil {
		d.add(where, true, "%s", err)
		return
	}
	*p = s
}

func (d *document) value(n ast.Node, where Position, key string, p *Value) {
	if _, ok := n.(ast.ScalarNode); !ok {
		d.want(where, n, key, "a text", "")
		return
	}
	s := scalarText(n)
	if d.trusted {
		*p = Value{lr.NewSecret(s), "[secret]", s}
		return
	}
	if key == "url" { // of the database: a connection URL is a secret when it holds a password
		key = "connection"
	}
	v, err := d.refs.value(key, s)
	if err != nil {
		d.add(where, true, "%s", err)
		return
	}
	if strings.ContainsAny(v.Reveal(), "\r\n\x00") {
		d.add(where, true, "%s holds a line break, which no header or field can carry", key)
		return
	}
	d.variable(where, s)
	*p = v
}

func (d *document) headerLine(n ast.Node, where Position, p *HeaderLine) {
	if _, ok := n.(ast.ScalarNode); !ok {
		d.want(where, n, "header", "a text: Name: value", "")
		return
	}
	name, val, ok := strings.Cut(scalarText(n), ":")
	if !ok || !headerName.MatchString(name) {
		d.add(where, true, "not a header line: write \"Name: ${env:NAME}\"")
		return
	}
	v, err := d.refs.value(name, strings.TrimSpace(val))
	if err != nil {
		d.add(where, true, "%s", err)
		return
	}
	p.Name, p.Value = name, v
}

func (d *document) spec(n ast.Node, where Position, p *Spec) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if s, ok := d.text(n, where, "spec"); ok {
			p.Path = s
		}
		return
	}
	for _, x := range seq.Values {
		x = d.resolve(x)
		var line RequestLine
		if x == nil {
			continue
		}
		request, body := cutBody(scalarText(x))
		if err := line.UnmarshalText([]byte(request)); err != nil {
			d.fail(d.pos(x), "%s", err)
			continue
		}
		p.Routes = append(p.Routes, strings.TrimSpace(line.String()+" "+body))
	}
}

// cutBody takes the example of a body off a line: POST /chats {"title": "hello"}.
func cutBody(s string) (request, body string) {
	method, rest, _ := strings.Cut(s, " ")
	path, body, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if body = strings.TrimSpace(body); strings.IndexAny(body, "{[") == 0 && json.Valid([]byte(body)) {
		return method + " " + path, body
	}
	return s, ""
}

// tree reads any value. Texts that hold a reference become a Value, so that no
// print of the tree tells a secret.
func (d *document) tree(n ast.Node, key string, depth int) any {
	if d.nodes++; d.nodes > maxNodes || depth > maxDepth {
		return nil
	}
	where := d.pos(n)
	switch x := d.resolve(n).(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.MappingNode, *ast.MappingValueNode:
		m := map[string]any{}
		d.pairs(x, where, key, func(k string, _, val ast.Node) { m[k] = d.tree(val, k, depth+1) })
		return m
	case *ast.SequenceNode:
		out := make([]any, 0, len(x.Values))
		for _, e := range x.Values {
			out = append(out, d.tree(e, key, depth+1))
		}
		return out
	case *ast.BoolNode:
		return x.Value
	case *ast.IntegerNode:
		if i, err := strconv.ParseInt(scalarText(x), 0, 64); err == nil {
			return i
		}
		return scalarText(x)
	case *ast.FloatNode:
		return x.Value
	default:
		s := scalarText(x)
		v, err := d.refs.value(key, s)
		if err != nil {
			d.add(where, true, "%s", err)
			return nil
		}
		d.variable(where, s)
		if v.Reveal() != s {
			return v
		}
		return s
	}
}

// variable names a $word that nothing fills in; $$ is a dollar sign.
func (d *document) variable(where Position, s string) {
	words := variables
	if d.words != nil {
		words = d.words
	}
	for _, w := range variable.FindAllString(reference.ReplaceAllString(s, ""), -1) {
		if w != "$$" && !known(w, words) {
			d.fail(where, "nothing fills in %s%s (write $$ for a dollar sign)", clip(w), nearest.Hint(w, words))
		}
	}
}

// Reveal returns a tree with every reference in it replaced by its value, for
// the wire and for nothing else.
func Reveal(tree any) any { return walk(tree, func(v Value) string { return v.Secret.Reveal() }) }

// Template is Reveal for a tree whose $words are filled in later.
func Template(tree any) any { return walk(tree, Value.Template) }

func walk(tree any, leaf func(Value) string) any {
	switch x := tree.(type) {
	case map[string]any:
		m := make(map[string]any, len(x))
		for k, v := range x {
			m[k] = walk(v, leaf)
		}
		return m
	case []any:
		out := make([]any, len(x))
		for i, v := range x {
			out[i] = walk(v, leaf)
		}
		return out
	case Value:
		return leaf(x)
	}
	return tree
}

// fieldsOf maps the keys of a struct to its fields, inlined structs included.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.IsExported() && name != "" && name != "-" {
			out[name] = f
		}
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
