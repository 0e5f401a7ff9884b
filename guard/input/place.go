package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	goyaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"go.yaml.in/yaml/v3"
)

// Mistake is what is wrong with a description, and where it stands in its text.
type Mistake struct {
	Line, Column int
	Err          error
}

func (m *Mistake) Error() string { return fmt.Sprintf("%d:%d: %v", m.Line, m.Column, m.Err) }

// Unwrap gives what is wrong.
func (m *Mistake) Unwrap() error { return m.Err }

// astray is an error with the JSON pointer of what it is about.
type astray struct {
	where string
	err   error
}

func (a *astray) Error() string { return a.err.Error() }
func (a *astray) Unwrap() error { return a.err }

var yamlLine = regexp.MustCompile(`line (\d+):`)

// placed tells where an error stands, if that can be known.
func placed(text []byte, err error) error {
	var syntax *json.SyntaxError
	var at *astray
	switch {
	case errors.As(err, &syntax):
		line, column := position(text, int(syntax.Offset)-1)
		return &Mistake{line, column, err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		line, column := position(text, len(text))
		return &Mistake{line, column, err}
	case errors.As(err, &at):
		if line, column, ok := find(text, at.where); ok {
			return &Mistake{line, column, err}
		}
	default:
		m := yamlLine.FindStringSubmatch(err.Error())
		if m == nil {
			return err
		}
		line, column, ok := broken(text)
		if !ok {
			column = 1
			if line, _ = strconv.Atoi(m[1]); line < 1 {
				return err
			}
		}
		return &Mistake{line, column, errors.New(strings.Join(strings.Fields(yamlLine.ReplaceAllString(err.Error(), "")), " "))}
	}
	return err
}

// broken is where YAML cannot be read any further, as another parser than the one that
// reads it tells: that one knows no column, and often not the line.
func broken(text []byte) (line, column int, ok bool) {
	defer func() { // it is not trusted to survive every text
		if recover() != nil {
			ok = false
		}
	}()
	_, err := parser.ParseBytes(text, 0)
	var y goyaml.Error
	if !errors.As(err, &y) || y.GetToken() == nil {
		return 0, 0, false
	}
	at := y.GetToken().Position
	return at.Line, at.Column, true
}

// position is the line and column of an offset, both from 1.
func position(text []byte, at int) (line, column int) {
	head := text[:max(0, min(at, len(text)))]
	return bytes.Count(head, []byte("\n")) + 1, len(head) - bytes.LastIndexByte(head, '\n')
}

// find is where a JSON pointer leads, or the nearest above it that is there.
func find(text []byte, pointer string) (line, column int, ok bool) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) != 1 {
		return 0, 0, false
	}
	n := doc.Content[0]
	line, column = n.Line, n.Column
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		var next, key *yaml.Node
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == part {
					key, next = n.Content[i], n.Content[i+1]
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(n.Content) {
				key, next = n.Content[i], n.Content[i]
			}
		case yaml.DocumentNode, yaml.ScalarNode, yaml.AliasNode:
		}
		if next == nil {
			break
		}
		n, line, column = next, key.Line, key.Column
	}
	return line, column, true
}
