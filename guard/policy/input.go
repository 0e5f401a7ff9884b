package policy

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/input"
)

// OpenAPI names the API's description, whose rules hold for every request.
type OpenAPI struct {
	File     string `yaml:"file"`               // beside the policy
	Unlisted string `yaml:"unlisted,omitempty"` // what it does not list: refuse (default), pass
	Unknown  string `yaml:"unknown,omitempty"`  // names that it does not know: schema (as it says, the default), refuse
}

// GraphQL bounds what one request asks of a GraphQL server.
type GraphQL struct {
	Paths      []string `yaml:"paths,flow"` // as in routes
	Operations int      `yaml:"operations,omitempty"`
	Aliases    int      `yaml:"aliases,omitempty"`
	Depth      int      `yaml:"depth,omitempty"`
	Fields     int      `yaml:"fields,omitempty"`
}

func (j *judge) graphql(p *Policy) {
	if p.Input == nil || p.Input.GraphQL == nil {
		return
	}
	g := p.Input.GraphQL
	if len(g.Paths) == 0 {
		j.fail("input.graphql", "input.graphql names no paths")
	}
	for i, path := range g.Paths {
		if !slices.ContainsFunc(p.Routes, func(r Route) bool { return r.Path == path }) {
			j.fail(fmt.Sprintf("input.graphql.paths[%d]", i), "input.graphql: %q is the path of no route", path)
		}
	}
	if min(g.Operations, g.Aliases, g.Depth, g.Fields) < 0 || g.Operations > 1000 || g.Depth > 1000 || max(g.Aliases, g.Fields) > 10_000 {
		j.fail("input.graphql", "input.graphql: operations and depth are at most 1000, aliases and fields 10000, and none is below 0")
	}
}

// Uploads is what files must be.
type Uploads struct {
	Size     int64    `yaml:"max_size,omitempty"`     // bytes of one
	Files    int      `yaml:"max_files,omitempty"`    // of a request; 10
	Kinds    []string `yaml:"kinds,omitempty,flow"`   // extensions
	Ratio    int64    `yaml:"max_ratio,omitempty"`    // 100: an archive's content to what it is packed
	Unpacked int64    `yaml:"max_unpacked,omitempty"` // bytes of an archive's content; 100 MiB
	Entries  int      `yaml:"max_entries,omitempty"`  // of an archive; 2,000
}

func (j *judge) input(p *Policy) {
	j.graphql(p)
	if i := p.Input; i != nil {
		for _, s := range []struct{ name, says string }{{"controls", i.Controls}, {"climbing", i.Climbing}} {
			if s.says != "" && s.says != "refuse" {
				j.fail("input."+s.name, "%s %q: refuse, or leave it out", s.name, s.says)
			}
		}
	}
	if p.Input != nil && p.Input.OpenAPI != nil {
		o := p.Input.OpenAPI
		if o.File == "" {
			j.fail("input.openapi", "input.openapi.file names no description")
		}
		if !slices.Contains([]string{"", "refuse", "pass"}, o.Unlisted) {
			j.fail("input.openapi.unlisted", "unlisted %q: one of refuse, pass", o.Unlisted)
		}
		if !slices.Contains([]string{"", "schema", "refuse"}, o.Unknown) {
			j.fail("input.openapi.unknown", "unknown %q: one of schema, refuse", o.Unknown)
		}
	}
	u := p.Uploads
	if u == nil {
		return
	}
	if p.Input == nil {
		j.fail("uploads", "uploads needs input, even if it is empty: input: {}")
	}
	if u.Size < 0 || u.Files < 0 || u.Ratio < 0 || u.Unpacked < 0 || u.Entries < 0 {
		j.fail("uploads", "a bound is below 0")
	}
	f := input.Uploads{Size: u.Size, Files: u.Files}
	if f := f.Filled(); u.Size > 128<<20 || u.Files > 1000 || f.Size*int64(f.Files) > 200<<20 {
		j.fail("uploads", "max_size times max_files is %d bytes: guard reads uploads whole, 200 MiB at most", f.Size*int64(f.Files))
	}
	for i, k := range u.Kinds {
		at := fmt.Sprintf("uploads.kinds[%d]", i)
		switch {
		case !input.Known(k):
			j.fail(at, "files named .%s cannot be judged by their content", k)
		case k == "svg":
			j.twice(p, at, "svg uploads", "SVG is a page that carries scripts; guard refuses what it sees to run or load something")
		}
	}
}

// input adds the check.
func (p *Policy) input(o *guard.Options, s *State) error {
	if p.Input == nil {
		return nil
	}
	o.MaxBody = p.Input.MaxBody
	c := input.Check{Depth: p.Input.MaxDepth, Types: p.Input.Types, Odd: p.Input.Controls == "refuse", Climbing: p.Input.Climbing == "refuse"}
	if api := p.Input.OpenAPI; api != nil {
		b, err := os.ReadFile(s.path(api.File))
		if err != nil {
			return p.wrong("input.openapi.file", err)
		}
		if c.Spec, err = input.Compile(b, api.Unknown == "refuse"); err != nil {
			if m := (*input.Mistake)(nil); errors.As(err, &m) {
				return fmt.Errorf("%s:%w", api.File, err)
			}
			return fmt.Errorf("%s: %w", api.File, err)
		}
		c.Spec.Refuse = api.Unlisted != "pass"
		for _, n := range c.Spec.Notes {
			if s.Log != nil {
				s.Log.Warn("the description is followed in part", "file", api.File, "note", n)
			}
		}
	}
	if g := p.Input.GraphQL; g != nil {
		c.Graph = map[string]*input.GraphQL{}
		for _, path := range g.Paths {
			c.Graph[path] = input.GraphQL{Operations: g.Operations, Aliases: g.Aliases, Depth: g.Depth, Fields: g.Fields}.Filled()
		}
	}
	if u := p.Uploads; u != nil {
		c.Uploads = input.Uploads{Size: u.Size, Files: u.Files, Kinds: u.Kinds, Ratio: u.Ratio, Unpacked: u.Unpacked, Entries: u.Entries, Held: &s.held}.Filled()
	}
	o.Checks = append(o.Checks, c)
	return nil
}
