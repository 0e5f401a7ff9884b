package surface

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxYAMLDepth is deeper than any honest description nests.
const maxYAMLDepth = 1000

var yamlLine = regexp.MustCompile(`line (\d+)`)

// decodeYAML goes through the node tree: it keeps positions, accepts keys that
// are numbers, and an alias becomes a shared value, not a copy. A "billion
// laughs" document therefore costs what its text costs.
func decodeYAML(loc string, data []byte, warn func(string, ...any)) (any, error) {
	var n yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&n); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &SyntaxError{loc, 1, 1, "the document is empty"}
		}
		return nil, yamlError(loc, data, err)
	}
	c := &yamlConverter{loc: loc, warn: warn, done: map[*yaml.Node]any{}}
	return c.value(&n, 0)
}

func yamlError(loc string, data []byte, err error) *SyntaxError {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	out := &SyntaxError{Location: loc, Line: 1, Column: 1}
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		out.Line, _ = strconv.Atoi(m[1])
		msg = strings.TrimPrefix(strings.TrimPrefix(msg, m[0]), ": ")
	}
	out.Line = max(out.Line, 1)
	// The library tells the line alone; the first thing on it is the best column.
	lines := bytes.SplitN(data, []byte("\n"), out.Line+1)
	if len(lines) >= out.Line {
		l := lines[out.Line-1]
		out.Column = 1 + len(l) - len(bytes.TrimLeft(l, " \t"))
	}
	out.Message = msg
	return out
}

type yamlConverter struct {
	loc  string
	warn func(string, ...any)
	done map[*yaml.Node]any // values of anchors
}

func (c *yamlConverter) value(n *yaml.Node, depth int) (any, error) {
	if depth > maxYAMLDepth {
		return nil, &SyntaxError{c.loc, n.Line, max(n.Column, 1), fmt.Sprintf("nested more than %d deep", maxYAMLDepth)}
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return nil, nil
		}
		return c.value(n.Content[0], depth+1)
	case yaml.AliasNode:
		if n.Alias == nil {
			return nil, nil
		}
		if v, ok := c.done[n.Alias]; ok {
			return v, nil
		}
		return c.value(n.Alias, depth+1)
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		if n.Anchor != "" {
			c.done[n] = out // before its items: an alias inside meets itself
		}
		for i, item := range n.Content {
			v, err := c.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case yaml.ScalarNode:
		return scalar(n), nil
	}
	return nil, nil
}

func (c *yamlConverter) mapping(n *yaml.Node, depth int) (any, error) {
	out := make(map[string]any, len(n.Content)/2)
	if n.Anchor != "" {
		c.done[n] = out
	}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.AliasNode && k.Alias != nil {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			c.warn("%s:%d:%d: a key that is no scalar is left out", c.loc, k.Line, k.Column)
			continue
		}
		if k.Value == "<<" && k.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
			merges = append(merges, v)
			continue
		}
		if _, dup := out[k.Value]; dup {
			c.warn("%s:%d:%d: key %q stands twice; the last one counts", c.loc, k.Line, k.Column, k.Value)
		}
		got, err := c.value(v, depth+1)
		if err != nil {
			return nil, err
		}
		out[k.Value] = got
	}
	for _, m := range merges {
		if err := c.merge(out, m, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// merge adds what the merged mapping has and out lacks (YAML merge key type).
func (c *yamlConverter) merge(out map[string]any, n *yaml.Node, depth int) error {
	v, err := c.value(n, depth+1)
	if err != nil {
		return err
	}
	from, ok := v.([]any)
	if !ok {
		from = []any{v}
	}
	for _, f := range from {
		m, _ := f.(map[string]any)
		for k, v := range m {
			if _, have := out[k]; !have {
				out[k] = v
			}
		}
	}
	return nil
}

// scalar gives the value that JSON would have. Times and binaries stay text.
func scalar(n *yaml.Node) any {
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Value
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case "!!int", "!!float":
		var f float64
		if n.Decode(&f) == nil {
			return f
		}
	}
	return n.Value
}
