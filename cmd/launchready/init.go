package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/config/draft"
	"github.com/launchready/launchready/config/intake"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/surface"
)

// initFlags are what init can be told beforehand; on a terminal it asks.
type initFlags struct {
	target     string
	force      bool
	signUp     bool
	mailDomain string
	caFile     string
	insecure   bool
	from       []string
}

func (p *program) initVerb() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a launchready.yaml for the repository in this folder",
		Long: `Write a launchready.yaml for the repository in this folder.

init reads the repository (framework, API description, names in .env.example, domain)
and, with --target, asks the running application for its description. Where the API
has a sign-up route it can sign up the two tenants that the audit needs.

--from reads what other tools know: a HAR recording of a browser's session, a Postman
collection or environment, a WFC auth.yaml, an overstep matrix, Hadrian's auth.yaml and
roles.yaml, an API description, or curl commands (- is what is pasted on stdin). Several
files are merged. References to the environment stay references; secrets
go to .launchready/credentials, never into launchready.yaml.`,
		Example: `  launchready init --target https://staging.acme.test
  launchready init --from session.har
  launchready init --from collection.json --from environment.json
  launchready init --from auth.yaml --target https://staging.acme.test
  launchready init --from openapi.yaml --from matrix.yaml
  pbpaste | launchready init --from -`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.initialise(c.Context(), f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.target, "target", "", "address of the running application, asked for its description")
	fl.BoolVar(&f.force, "force", false, "overwrite an existing launchready.yaml")
	fl.BoolVar(&f.signUp, "sign-up", false, "sign up two test tenants at the target")
	fl.StringVar(&f.mailDomain, "mail-domain", "example.com", "domain of the test users' addresses")
	fl.StringVar(&f.caFile, "ca-file", "", "PEM file of certificate authorities to trust beside the system's")
	fl.BoolVar(&f.insecure, "insecure", false, "do not verify the target's certificate")
	fl.StringArrayVar(&f.from, "from", nil, "file of another tool: a HAR recording, a Postman collection or environment, …, or curl commands; - is stdin; repeatable")
	return c
}

func (p *program) initialise(ctx context.Context, f initFlags) error {
	file := filepath.Join(p.dir, config.FileName)
	if _, err := os.Lstat(file); err == nil && !f.force {
		return setup(fmt.Errorf("%s exists: --force overwrites it", config.FileName))
	}
	facts := draft.Facts{Repository: draft.Read(os.DirFS(p.dir)), Schema: config.SchemaURL}
	from, err := p.intakes(f.from)
	if err != nil {
		return setup(err)
	}
	if f.target == "" && p.interactive() {
		pasted, err := p.askWhere(ctx, &f, from, facts.Repository.Port)
		if err != nil {
			return err
		}
		from = append(from, pasted...)
	}
	facts.Target = strings.TrimRight(f.target, "/")
	all, conflicts := intake.Combine(from...)
	var w *web
	if facts.Target != "" {
		var u config.URL
		if err := u.UnmarshalText([]byte(facts.Target)); err != nil {
			return setup(fmt.Errorf("--target: %w", err))
		}
		if w, err = newWeb(probe.Options{Base: u.URL, CAFile: p.path(f.caFile), Insecure: f.insecure, Version: about().Version, Log: p.log}); err != nil {
			return setup(err)
		}
		defer w.Close()
		if err := p.describe(ctx, w, &facts); err != nil {
			return err
		}
	}
	if err := p.take(ctx, all, &facts); err != nil {
		return err
	}
	if w == nil && len(facts.Routes) == 0 && facts.Repository.Spec != "" {
		p.routes(ctx, nil, &facts, filepath.Join(p.dir, facts.Repository.Spec))
	}
	if err := p.signUp(ctx, w, f, &facts); err != nil {
		return err
	}
	if len(from) > 0 {
		draft.FromIntake(all, &facts)
	}
	return p.writeDraft(file, f.force, facts, p.story(from, conflicts, facts))
}

// describe asks the target for its description; the repository's own is the
// second choice, since what runs may differ.
func (p *program) describe(ctx context.Context, w *web, facts *draft.Facts) error {
	at, err := draft.Find(ctx, facts.Target, w.get)
	if err != nil {
		return setup(fmt.Errorf("reach the target %s: %w", facts.Target, err))
	}
	if at != "" {
		facts.Spec = at
		p.routes(ctx, w, facts, at)
		return nil
	}
	if facts.Repository.Spec != "" {
		p.routes(ctx, w, facts, filepath.Join(p.dir, facts.Repository.Spec))
	}
	return nil
}

// routes reads a description. One that cannot be read is named in the file all
// the same, with a word of warning here.
func (p *program) routes(ctx context.Context, w *web, facts *draft.Facts, at string) {
	src := surface.Source{Location: at}
	if w != nil {
		src.Base, src.Fetch = w.base, w.document
	}
	s, err := surface.Load(ctx, src)
	if err != nil {
		p.warn("%v", err)
		return
	}
	facts.Routes = s.Routes
	if facts.Repository.Product == "" {
		facts.Repository.Product = s.Title
	}
	p.progress("read %d routes from %s", len(s.Routes), at)
}

func (p *program) signUp(ctx context.Context, w *web, f initFlags, facts *draft.Facts) error {
	can := w != nil && facts.CanSignUp()
	known := facts.Intake != nil && len(facts.Intake.Identities) > 0
	if f.signUp && !can {
		if w == nil {
			return setup(errors.New("--sign-up needs --target: the address to sign up at"))
		}
		return setup(draft.ErrNoSignUp)
	}
	if can && !f.signUp && !known && p.interactive() {
		yes, err := p.askSignUp(ctx, facts.Target)
		if err != nil {
			return err
		}
		f.signUp = yes
	}
	if !f.signUp {
		return nil
	}
	accounts, err := facts.SignUp(ctx, w.post, f.mailDomain, rand.Text)
	if err != nil {
		for _, a := range accounts {
			p.fault(a.User + " was signed up before that and stays at the target")
		}
		return setup(err)
	}
	facts.Accounts = accounts
	return nil
}

func (p *program) writeDraft(file string, force bool, facts draft.Facts, story *lines) error {
	// Credentials first: a file that refers to nothing is worse than none.
	if creds := facts.Credentials(); creds != nil {
		if err := errors.Join(private(p.dir), writeSecret(filepath.Join(p.dir, draft.CredentialsFile), creds)); err != nil {
			return setup(err)
		}
		for _, a := range facts.Accounts {
			fmt.Fprintf(p.out, "signed up %s\n", a.User)
		}
		fmt.Fprintf(p.out, "wrote %s (readable by you alone)\n", draft.CredentialsFile)
	}
	if err := writeNew(file, facts.YAML(), 0o644, force); err != nil {
		return setup(err)
	}
	fmt.Fprintf(p.out, "wrote %s\n\n", config.FileName)
	if err := story.to(p.out); err != nil {
		return err
	}
	next := "fill in what it guessed, then: launchready config validate"
	if len(facts.Accounts) > 0 || facts.Intake != nil && facts.Target != "" && len(facts.Intake.Identities) > 0 {
		next = "launchready audit plan"
	}
	_, err := fmt.Fprintf(p.out, "next: %s\n", next)
	return err
}
