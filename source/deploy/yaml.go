package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

var errTemplate = errors.New("it is a template, whose values are not known")

// documents parses a file of YAML documents.
func documents(text []byte) ([]ast.Node, error) {
	if bytes.Contains(text, []byte("{{")) && bytes.Contains(text, []byte("}}")) {
		if bytes.Contains(text, []byte("{{-")) || bytes.Contains(text, []byte("{{ .")) || bytes.Contains(text, []byte("{{ include")) {
			return nil, errTemplate
		}
	}
	file, err := parse(text)
	if err != nil {
		return nil, errors.New("it is no YAML")
	}
	var out []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			out = append(out, d.Body)
		}
	}
	return out, nil
}

// parse turns a fault of the parser on strange text into an error.
func parse(text []byte) (f *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return parser.ParseBytes(text, 0)
}

// field is a value of a mapping, nil without one.
func field(n ast.Node, name string) ast.Node {
	for _, v := range pairs(n) {
		if v.Key.String() == name {
			return v.Value
		}
	}
	return nil
}

func pairs(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	case *ast.AnchorNode:
		return pairs(n.Value)
	}
	return nil
}

func items(n ast.Node) []ast.Node {
	if s, ok := n.(*ast.SequenceNode); ok {
		return s.Values
	}
	return nil
}

// word is a scalar's value, "" for anything else.
func word(n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		return ""
	case ast.Node:
		var s any
		if yaml.NodeToValue(n, &s) != nil || s == nil {
			return ""
		}
		return fmt.Sprint(s)
	}
	return ""
}

func line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// words is a command: a list, or one text that a shell reads.
func words(n ast.Node) (text string, shell bool) {
	if list := items(n); list != nil {
		var out []string
		for _, w := range list {
			out = append(out, word(w))
		}
		text = strings.Join(out, " ")
		return text, len(out) > 0 && (out[0] == "sh" || out[0] == "/bin/sh" || out[0] == "bash") && !strings.Contains(text, "exec ")
	}
	return word(n), false
}

// manifest reads a Compose file or manifests of Kubernetes; another YAML file
// tells nothing.
func (f *Facts) manifest(name string, text []byte) error {
	compose := bytes.Contains(text, []byte("services:"))
	kubernetes := bytes.Contains(text, []byte("apiVersion:")) && bytes.Contains(text, []byte("kind:"))
	if !compose && !kubernetes {
		return nil
	}
	docs, err := documents(text)
	if err != nil {
		return err
	}
	for _, d := range docs {
		switch {
		case field(d, "kind") != nil && field(d, "apiVersion") != nil:
			f.kubernetes(name, d)
		case field(d, "services") != nil:
			for _, s := range pairs(field(d, "services")) {
				f.container(name, s.Value, local(name))
			}
		}
	}
	return nil
}

// kubernetes finds the containers of a manifest, wherever its kind has them.
func (f *Facts) kubernetes(name string, doc ast.Node) {
	var walk func(n ast.Node, depth int)
	walk = func(n ast.Node, depth int) {
		if depth > 20 {
			return
		}
		for _, v := range pairs(n) {
			key := v.Key.String()
			switch key {
			case "containers", "initContainers":
				for _, c := range items(v.Value) {
					f.container(name, c, false)
				}
				continue
			case "runAsNonRoot":
				if word(v.Value) == "true" {
					f.NonRoot = append(f.NonRoot, Place{name, line(v.Value)})
				}
			case "terminationGracePeriodSeconds":
				if word(v.Value) == "0" {
					f.Grace = append(f.Grace, Place{name, line(v.Value)})
				}
			}
			walk(v.Value, depth+1)
		}
		for _, i := range items(n) {
			walk(i, depth+1)
		}
	}
	walk(doc, 0)
}

// container reads one service or container.
func (f *Facts) container(name string, c ast.Node, isLocal bool) {
	for _, v := range pairs(c) {
		at := Place{name, line(v.Value)}
		switch v.Key.String() {
		case "image":
			if ref := word(v.Value); ref != "" && !strings.Contains(ref, "$") {
				f.Images = append(f.Images, Image{at, ref, isLocal})
			}
		case "command", "args", "entrypoint":
			text, shell := words(v.Value)
			f.command(at, text, shell, isLocal)
		case "healthcheck", "readinessProbe", "livenessProbe":
			f.Probes = append(f.Probes, at)
		case "securityContext":
			if n := field(v.Value, "runAsNonRoot"); word(n) == "true" {
				f.NonRoot = append(f.NonRoot, Place{name, line(n)})
			}
		case "env", "environment":
			f.environment(name, v.Value, isLocal)
		}
	}
}

// environment reads literal values: a mapping, a list of NAME=value, or the
// list of name and value that Kubernetes has.
func (f *Facts) environment(name string, n ast.Node, isLocal bool) {
	add := func(at ast.Node, k, v string) {
		if k != "" && v != "" {
			f.Settings = append(f.Settings, Setting{Place{name, line(at)}, k, v, isLocal})
		}
	}
	for _, v := range pairs(n) {
		add(v.Value, v.Key.String(), word(v.Value))
	}
	for _, i := range items(n) {
		if k := field(i, "name"); k != nil {
			add(k, word(k), word(field(i, "value")))
			continue
		}
		if k, v, ok := strings.Cut(word(i), "="); ok {
			add(i, k, v)
		}
	}
}

// workflow reads the steps of a workflow that run somebody else's code.
func (f *Facts) workflow(name string, text []byte) error {
	file, err := parse(text)
	if err != nil {
		return errors.New("it is no YAML")
	}
	for _, d := range file.Docs {
		for _, job := range pairs(field(d.Body, "jobs")) {
			uses := append([]ast.Node{job.Value}, items(field(job.Value, "steps"))...)
			for _, step := range uses {
				if u := field(step, "uses"); word(u) != "" {
					f.Actions = append(f.Actions, Action{Place{name, line(u)}, word(u)})
				}
				if run := word(field(step, "run")); migrates(run) {
					f.Migrates = append(f.Migrates, Place{name, line(field(step, "run"))})
				}
			}
		}
	}
	return nil
}
