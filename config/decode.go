package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/launchready/launchready/internal/nearest"
)

// document is a file that is being read: its lines, where each value stood, and
// what is wrong with it.
type document struct {
	name   string
	lines  []string
	refs   resolver
	anchor map[string]ast.Node
	at     map[string]Position // by path: "identities.acme_member.user", "waivers[0].check"
	from   map[string]string   // origin of values that stand in no file
	meant  map[string]bool     // paths that a mistyped key was meant for
	errs   Errors
	nodes  int
	words  []string // variables of the section that is being read; nil: those of sign-in and its kin
	// trusted marks values that came by a flag or the environment, where an
	// inline secret is no mistake.
	trusted bool
}

const (
	maxDepth = 40
	maxNodes = 50_000 // aliases may repeat nodes; no file needs so many
	maxErrs  = 50
)

// parse reads the text into c and records positions and mistakes.
func (d *document) parse(text []byte, c *Config) {
	root, err := syntax(text)
	if err != nil {
		d.syntaxError(err)
		return
	}
	if root == nil {
		d.fail(Position{d.name, 1, 1}, "the file is empty: it needs at least version and target")
		return
	}
	d.decode(root, reflect.ValueOf(c).Elem(), "", "", 0)
}

// syntax parses one document. The parser is not trusted to survive every text.
func syntax(text []byte) (root ast.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("not YAML that can be read")
		}
	}()
	f, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, err
	}
	for _, doc := range f.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.CommentGroupType {
			continue
		}
		if root != nil {
			return nil, errors.New("the file holds more than one document: remove everything after ---")
		}
		root = doc.Body
	}
	return root, nil
}

func (d *document) syntaxError(err error) {
	p, msg := Position{d.name, 1, 1}, err.Error()
	var positioned interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &positioned) {
		msg = positioned.GetMessage()
		if tk := positioned.GetToken(); tk != nil && tk.Position != nil {
			p.Line, p.Column = tk.Position.Line, tk.Position.Column
		}
	}
	msg, _, _ = strings.Cut(msg, "\n")
	d.fail(p, "not valid YAML: %s", clip120(mask(msg)))
}

func clip120(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}

func (d *document) fail(p Position, format string, args ...any) {
	d.add(p, false, format, args...)
}

func (d *document) add(p Position, hide bool, format string, args ...any) {
	if len(d.errs) >= maxErrs {
		return
	}
	d.errs = append(d.errs, &Error{Position: p, Message: mask(fmt.Sprintf(format, args...)), Excerpt: d.excerpt(p, hide)})
}

func (d *document) pos(n ast.Node) Position {
	p := Position{File: d.name, Line: 1, Column: 1}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		p.Line, p.Column = tk.Position.Line, tk.Position.Column
	}
	switch m := n.(type) {
	case *ast.MappingNode: // its token is the first colon
		if len(m.Values) > 0 && !m.IsFlowStyle {
			return d.pos(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return d.pos(m.Key)
	}
	return p
}

// resolve follows anchors, aliases and tags to the node they stand for.
func (d *document) resolve(n ast.Node) ast.Node {
	for range maxDepth {
		switch x := n.(type) {
		case *ast.AnchorNode:
			if d.anchor == nil {
				d.anchor = map[string]ast.Node{}
			}
			d.anchor[x.Name.GetToken().Value] = x.Value
			n = x.Value
		case *ast.AliasNode:
			target, ok := d.anchor[x.Value.GetToken().Value]
			if !ok {
				d.fail(d.pos(n), "alias %s stands for nothing", x.String())
				return nil
			}
			n = target
		case *ast.TagNode:
			n = x.Value
		case *ast.MappingKeyNode:
			n = x.Value
		default:
			return n
		}
	}
	return nil
}

// decode writes a node into a value. key is the name of the field it stands
// in, path the whole way to it.
func (d *document) decode(n ast.Node, v reflect.Value, path, key string, depth int) {
	if n == nil {
		return
	}
	where := d.pos(n)
	if d.nodes++; d.nodes > maxNodes || depth > maxDepth {
		if d.nodes == maxNodes+1 || depth == maxDepth+1 {
			d.fail(where, "the file is nested or repeated too deeply")
		}
		return
	}
	if n = d.resolve(n); n == nil || n.Type() == ast.NullType {
		return // a key without a value is as if it were not there
	}
	if d.trusted {
		where = d.at[path]
	} else if path != "" {
		d.at[path] = where
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if w, section := words[path]; section {
		defer func(outer []string) { d.words = outer }(d.words)
		d.words = w
	}
	switch p := v.Addr().Interface().(type) {
	case *Secret:
		d.secret(n, where, p)
	case *Value:
		d.value(n, where, key, p)
	case *HeaderLine:
		d.headerLine(n, where, p)
	case *Spec:
		d.spec(n, where, p)
	case interface{ add(string) any }:
		d.named(n, where, p, path, depth)
	case encoding.TextUnmarshaler:
		if s, ok := d.text(n, where, key); ok {
			if err := p.UnmarshalText([]byte(s)); err != nil {
				d.fail(where, "%s", err)
			}
		}
	default:
		d.plain(n, where, v, path, key, depth)
	}
}

func (d *document) plain(n ast.Node, where Position, v reflect.Value, path, key string, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, where, v, path, depth)
	case reflect.Map:
		d.mapping(n, where, v, path, depth)
	case reflect.Slice:
		seq, ok := n.(*ast.SequenceNode)
		if !ok && v.Type() == reflect.TypeFor[Selectors]() {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			d.decode(n, v.Index(0), path+"[0]", key, depth+1)
			return
		}
		if !ok {
			d.want(where, n, key, "a list", "- one\n")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
		for i, x := range seq.Values {
			d.decode(x, v.Index(i), fmt.Sprintf("%s[%d]", path, i), key, depth+1)
		}
	case reflect.Interface:
		if tree := d.tree(n, key, depth); tree != nil {
			v.Set(reflect.ValueOf(tree))
		}
	case reflect.String:
		if s, ok := d.text(n, where, key); ok {
			v.SetString(s)
		}
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			v.SetBool(b.Value)
			return
		}
		d.want(where, n, key, "true or false", "")
	case reflect.Int, reflect.Float64:
		d.number(n, where, v, key)
	}
}

func (d *document) number(n ast.Node, where Position, v reflect.Value, key string) {
	s, err := strconv.Unquote(`"` + scalarText(n) + `"`)
	f, ferr := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
	default:
		if !d.trusted {
			ferr = errors.New("not a number")
		}
	}
	switch {
	case err != nil || ferr != nil || math.IsInf(f, 0) || math.IsNaN(f):
		d.want(where, n, key, "a number", "")
	case f < 0:
		d.fail(where, "%s cannot be negative", key)
	case v.Kind() == reflect.Int && (f != math.Trunc(f) || f > math.MaxInt32):
		d.fail(where, "%s must be a whole number of at most %d", key, math.MaxInt32)
	case v.Kind() == reflect.Int:
		v.SetInt(int64(f))
	default:
		v.SetFloat(f)
	}
}

func (d *document) structure(n ast.Node, where Position, v reflect.Value, path string, depth int) {
	if s, ok := n.(ast.ScalarNode); ok {
		if call := callOf(v); call != nil {
			d.decode(s, reflect.ValueOf(&call.Request).Elem(), join(path, "request"), "request", depth+1)
			return
		}
	}
	fields := fieldsOf(v.Type())
	d.pairs(n, where, lastOf(path), func(key string, at ast.Node, val ast.Node) {
		f, ok := fields[key]
		if !ok {
			meant, hint := d.meantBy(key, fields)
			d.meant[join(path, meant)] = true
			d.fail(d.pos(at), "unknown key %q%s%s", clip(key), inPath(path), hint)
			return
		}
		d.decode(val, v.FieldByIndex(f.Index), join(path, key), key, depth+1)
	})
}

// callOf is the Call that a struct is or begins with, for its short form.
func callOf(v reflect.Value) *Call {
	switch p := v.Addr().Interface().(type) {
	case *Call:
		return p
	case *Refresh:
		return &p.Call
	}
	return nil
}

// meantBy finds the key that an unknown one was meant to be.
func (d *document) meantBy(key string, fields map[string]reflect.StructField) (meant, hint string) {
	names := make([]string, 0, len(fields))
	for k := range fields {
		names = append(names, k)
	}
	sort.Strings(names)
	if meant = nearest.Of(key, names); meant != "" {
		return meant, nearest.Hint(key, names)
	}
	return "", " (known: " + strings.Join(names, ", ") + ")"
}

func inPath(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func (d *document) named(n ast.Node, where Position, p interface{ add(string) any }, path string, depth int) {
	d.pairs(n, where, lastOf(path), func(key string, at, val ast.Node) {
		d.at[join(path, key)] = d.pos(at)
		d.decode(val, reflect.ValueOf(p.add(key)).Elem(), join(path, key), key, depth+1)
		d.at[join(path, key)] = d.pos(at)
	})
}

func (d *document) mapping(n ast.Node, where Position, v reflect.Value, path string, depth int) {
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, where, lastOf(path), func(key string, at, val ast.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		d.decode(val, e, join(path, key), key, depth+1)
		k := reflect.ValueOf(key)
		if v.Type().Key().Kind() == reflect.Int {
			n, err := strconv.Atoi(key)
			if err != nil {
				d.fail(d.pos(at), "%s is no number", clip(strconv.Quote(key)))
				return
			}
			k = reflect.ValueOf(n)
		}
		v.SetMapIndex(k, e)
	})
}

// pairs calls f for each key of a mapping, merge keys included, and names keys
// that stand twice.
func (d *document) pairs(n ast.Node, where Position, name string, f func(key string, at, val ast.Node)) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		d.want(where, n, name, "keys with values", "")
		return
	}
	seen := map[string]Position{}
	var merged []ast.Node
	for _, kv := range values {
		if kv.Key.IsMergeKey() {
			merged = append(merged, kv.Value)
			continue
		}
		key := scalarText(d.resolve(kv.Key))
		if first, twice := seen[key]; twice {
			d.fail(d.pos(kv.Key), "key %q stands twice: first at line %d", clip(key), first.Line)
			continue
		}
		seen[key] = d.pos(kv.Key)
		f(key, kv.Key, kv.Value)
	}
	for _, m := range merged {
		if d.nodes++; d.nodes > maxNodes {
			return
		}
		if r := d.resolve(m); r != nil && r != n {
			d.pairs(r, d.pos(m), name, func(key string, at, val ast.Node) {
				if _, have := seen[key]; !have {
					seen[key] = d.pos(at)
					f(key, at, val)
				}
			})
		}
	}
}
