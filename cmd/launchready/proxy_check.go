package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/surface"
)

func (p *program) guardCheckVerb() *cobra.Command {
	var file, spec string
	c := &cobra.Command{
		Use:   "check",
		Short: "Judge a policy without serving by it",
		Long: `Judge a policy without serving by it.

Each mistake is told with its line and column, and so is what is unsafe and was not said
twice. What the policy refers to, variables and files, is read as guard reads it. With
--spec the policy is compared with the API's description: operations that it does not
cover, that ask for no credential, that have no limit or whose bodies nothing looks at,
and routes that the description lacks.

Exit code 0 when guard would serve by the file and nothing is missing, 1 when the
description shows that something is, 2 when the file has a mistake.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.guardCheck(c.Context(), file, spec) },
	}
	c.Flags().StringVarP(&file, "config", "c", "guard.yaml", "the policy")
	c.Flags().StringVar(&spec, "spec", "", "the API's description: OpenAPI, Swagger, Postman, HAR or a list of routes")
	return c
}

func (p *program) guardCheck(ctx context.Context, file, spec string) (err error) {
	pol, _, err := readPolicy(p.path(file))
	if err != nil {
		return err
	}
	s := &policy.State{Folder: filepath.Dir(p.path(file)), Env: os.LookupEnv}
	defer func() { err = errors.Join(err, s.Close()) }()
	_, front := pol.Build(s)
	_, second := pol.BuildModel(s, p.env)
	if err := errors.Join(front, second, pol.Refers(s)); err != nil {
		return setup(err)
	}
	for _, note := range pol.Notes() {
		fmt.Fprintln(p.out, note)
	}
	if spec == "" {
		fmt.Fprintf(p.out, "%s: %d routes, no mistake\n", file, len(pol.Routes))
		return nil
	}
	base, err := url.Parse(pol.Upstream)
	if err != nil {
		return setup(err)
	}
	api, err := surface.Load(ctx, surface.Source{Base: base, Location: p.path(spec)})
	if err != nil {
		return setup(fmt.Errorf("read the description: %w", err))
	}
	gaps, err := pol.Compare(api.Routes)
	if err != nil {
		return setup(err)
	}
	for _, g := range gaps {
		at := file
		if g.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d", file, g.Line, g.Column)
		}
		fmt.Fprintf(p.out, "%s: %s: %s: %s\n", at, g.Kind, g.Subject, g.Why)
	}
	if len(gaps) > 0 {
		p.code = exitNotReady
		return nil
	}
	fmt.Fprintf(p.out, "%s: %d routes, no mistake, nothing missing of %d operations\n", file, len(pol.Routes), len(api.Routes))
	return nil
}
