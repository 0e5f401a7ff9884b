package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"go.yaml.in/yaml/v3"
)

// tree reads a file of identities: JSON, YAML or TOML, whichever it is. nil means
// that the reading has faults.
func (r *reading) tree(text []byte) *node {
	if len(text) > maxIdentityFile {
		r.fault(nil, "the file is larger than 1 MiB: a file of identities is small")
		return nil
	}
	var n *node
	var err error
	switch text = bytes.TrimPrefix(text, []byte("\ufeff")); syntaxOf(text) {
	case "JSON":
		if n, err = r.json(text); err != nil {
			// YAML has braces too, and is more tolerant inside of them.
			if y, yerr := r.yaml(text); yerr == nil {
				n, err = y, nil
			}
		}
	case "TOML":
		n, err = r.toml(text)
	default:
		n, err = r.yaml(text)
	}
	var f *Fault
	switch {
	case errors.As(err, &f):
		r.faults = append(r.faults, f)
		return nil
	case err != nil:
		r.fault(nil, "%s", err)
		return nil
	case n == nil || n.shape == nothing:
		r.fault(nil, "the file is empty")
		return nil
	}
	return n
}

// errDeep is told once, where it was noticed first.
func (r *reading) deep(line, column int) error {
	return &Fault{r.file, line, column, "the file is nested or repeated too deeply"}
}

func (r *reading) json(text []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	p := &places{text: text}
	n, err := r.jsonValue(d, p, 0)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return n, nil
		}
		line, column := p.at(d.InputOffset())
		return nil, &Fault{r.file, line, column, "not valid JSON: more follows after the end"}
	}
	var f *Fault
	if errors.As(err, &f) {
		return nil, f
	}
	offset := d.InputOffset()
	var syn *json.SyntaxError
	if errors.As(err, &syn) && syn.Offset > offset {
		offset = syn.Offset
	}
	line, column := p.at(offset)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		line, column = p.at(int64(len(text)))
		return nil, &Fault{r.file, line, column, "not valid JSON: the file ends in the middle"}
	}
	return nil, &Fault{r.file, line, column, "not valid JSON here"}
}

// places turns offsets into lines. They come in rising order.
type places struct {
	text         []byte
	offset       int64
	line, column int
}

func (p *places) at(offset int64) (line, column int) {
	if p.line == 0 || offset < p.offset {
		p.offset, p.line, p.column = 0, 1, 1
	}
	for ; p.offset < offset && p.offset < int64(len(p.text)); p.offset++ {
		if c := p.text[p.offset]; c == '\n' {
			p.line, p.column = p.line+1, 1
		} else if c&0xc0 != 0x80 { // columns count characters
			p.column++
		}
	}
	return p.line, p.column
}

// begin is where the next value begins.
func (p *places) begin(offset int64) (line, column int) {
	for offset < int64(len(p.text)) && strings.IndexByte(" \t\r\n,:", p.text[offset]) >= 0 {
		offset++
	}
	return p.at(offset)
}

func (r *reading) jsonValue(d *json.Decoder, p *places, depth int) (*node, error) {
	n := &node{}
	n.line, n.column = p.begin(d.InputOffset())
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		return nil, r.deep(n.line, n.column)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := t.(type) {
	case json.Delim:
		if v == '[' {
			n.shape = list
			for d.More() {
				x, err := r.jsonValue(d, p, depth+1)
				if err != nil {
					return nil, err
				}
				n.items = append(n.items, x)
			}
		} else {
			n.shape = mapping
			for d.More() {
				at := &node{}
				at.line, at.column = p.begin(d.InputOffset())
				k, err := d.Token()
				if err != nil {
					return nil, err
				}
				key, _ := k.(string)
				x, err := r.jsonValue(d, p, depth+1)
				if err != nil {
					return nil, err
				}
				r.pair(n, key, at, x)
			}
		}
		_, err = d.Token()
		return n, err
	case nil:
	case string:
		n.shape, n.text = scalar, v
	default:
		n.shape, n.text, n.value = scalar, fmt.Sprint(v), v
	}
	return n, nil
}

// pair adds a key; one that stands twice is a mistake.
func (r *reading) pair(n *node, key string, at, value *node) {
	if len(n.pairs) >= maxKeys {
		if len(n.pairs) == maxKeys {
			r.fault(at, "more than %d keys in one place", maxKeys)
		}
		return
	}
	for _, p := range n.pairs {
		if p.key == key {
			r.fault(at, "key %q stands twice: first at line %d", clip(key), p.at.line)
			return
		}
	}
	n.pairs = append(n.pairs, pair{key, at, value})
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

func (r *reading) yaml(text []byte) (n *node, err error) {
	var root yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		f := &Fault{File: r.file, Line: 1, Message: "not valid YAML here"}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			// Its message may quote the text, so the place alone is told.
			f.Line, _ = strconv.Atoi(m[1])
		}
		if line, column := pinpoint(text); line > 0 {
			f.Line, f.Column = line, column
		}
		return nil, f
	}
	r.nodes = 0
	return r.yamlValue(&root, 0)
}

// pinpoint asks the parser that knows columns where it stops. It is slow on much
// text and deep nesting, so it is asked about little.
func pinpoint(text []byte) (line, column int) {
	if len(text) > 64<<10 || bracketsDeep(text) || bytes.Contains(text, []byte("- - - - - - - - ")) {
		return 0, 0
	}
	defer func() {
		if recover() != nil { // it is not trusted to survive every text
			line, column = 0, 0
		}
	}()
	_, err := parser.ParseBytes(text, 0)
	var positioned interface{ GetToken() *token.Token }
	if errors.As(err, &positioned) {
		if tk := positioned.GetToken(); tk != nil && tk.Position != nil {
			return tk.Position.Line, tk.Position.Column
		}
	}
	return 0, 0
}

func (r *reading) yamlValue(y *yaml.Node, depth int) (*node, error) {
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		return nil, r.deep(y.Line, y.Column)
	}
	n := &node{line: y.Line, column: y.Column}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) == 0 {
			return nil, nil
		}
		return r.yamlValue(y.Content[0], depth+1)
	case yaml.AliasNode:
		x, err := r.yamlValue(y.Alias, depth+1)
		if x != nil {
			x.line, x.column = y.Line, y.Column
		}
		return x, err
	case yaml.SequenceNode:
		n.shape = list
		for _, c := range y.Content {
			x, err := r.yamlValue(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, x)
		}
	case yaml.MappingNode:
		n.shape = mapping
		return n, r.yamlPairs(n, y, depth)
	case yaml.ScalarNode:
		n.shape, n.text = scalar, y.Value
		switch y.ShortTag() {
		case "!!null":
			n.shape = nothing
		case "!!bool":
			n.value = strings.EqualFold(y.Value, "true")
		case "!!int", "!!float":
			if num := json.Number(y.Value); json.Valid([]byte(y.Value)) {
				n.value = num
			}
		}
	}
	return n, nil
}

func (r *reading) yamlPairs(n *node, y *yaml.Node, depth int) error {
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		x, err := r.yamlValue(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		if k.Kind == yaml.AliasNode && k.Alias != nil {
			k = k.Alias
		}
		if k.ShortTag() == "!!merge" {
			merged = append(merged, x)
			if x.shape == list {
				merged = append(merged[:len(merged)-1], x.items...)
			}
			continue
		}
		r.pair(n, k.Value, &node{line: k.Line, column: k.Column}, x)
	}
	for _, m := range merged { // what stands in the mapping itself wins
		for _, p := range m.pairs {
			if r.nodes++; r.nodes > maxNodes {
				return r.deep(m.line, m.column)
			}
			if n.get(p.key) == nil {
				n.pairs = append(n.pairs, p)
			}
		}
	}
	return nil
}

func (r *reading) toml(text []byte) (*node, error) {
	if bracketsDeep(text) {
		return nil, r.deep(0, 0)
	}
	var tree map[string]any
	_, err := toml.Decode(string(text), &tree)
	var pe toml.ParseError
	switch {
	case errors.As(err, &pe):
		return nil, &Fault{r.file, pe.Position.Line, pe.Position.Col, "not valid TOML here"}
	case err != nil:
		return nil, &Fault{File: r.file, Message: "not valid TOML"}
	}
	return r.tomlValue(tree, 0)
}

// bracketsDeep tells nesting before a parser that recurses sees it.
func bracketsDeep(text []byte) bool {
	depth := 0
	for _, c := range text {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		}
		if depth > 1000 {
			return true
		}
	}
	return false
}

func (r *reading) tomlValue(v any, depth int) (*node, error) {
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		return nil, r.deep(0, 0)
	}
	n := &node{}
	items := func(length int, at func(int) any) error {
		n.shape = list
		for i := range length {
			x, err := r.tomlValue(at(i), depth+1)
			if err != nil {
				return err
			}
			n.items = append(n.items, x)
		}
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		n.shape = mapping
		names := make([]string, 0, len(v))
		for k := range v {
			names = append(names, k)
		}
		sort.Strings(names)
		for _, k := range names {
			x, err := r.tomlValue(v[k], depth+1)
			if err != nil {
				return nil, err
			}
			n.pairs = append(n.pairs, pair{k, &node{}, x})
		}
	case []any:
		return n, items(len(v), func(i int) any { return v[i] })
	case []map[string]any:
		return n, items(len(v), func(i int) any { return v[i] })
	case string:
		n.shape, n.text = scalar, v
	case int64:
		n.shape, n.text = scalar, strconv.FormatInt(v, 10)
		n.value = json.Number(n.text)
	default:
		n.shape, n.text, n.value = scalar, fmt.Sprint(v), v
	}
	return n, nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
