package main

import (
	"errors"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/config/draft"
	"github.com/launchready/launchready/config/intake"
	"github.com/launchready/launchready/internal/checkdoc"
)

// fromFiles makes the configuration of what other tools' files tell. Their
// secrets stay in memory. Beside a launchready.yaml they add identities to it.
func (p *program) fromFiles(f *auditFlags, set []config.Override) (*config.Config, error) {
	in, err := p.told(f)
	if err != nil {
		return nil, setup(err)
	}
	own := f.config
	if v, ok := p.env(config.EnvPrefix + "CONFIG"); own == "" && ok {
		own = v
	}
	if own == "" {
		own, err = config.Find(p.dir, p.env)
		if err != nil && !errors.Is(err, config.ErrNotFound) {
			return nil, setup(err)
		}
	}
	if own == "" {
		cfg, err := p.drafted(f, in, set)
		if err == nil {
			p.progress("launchready: understood %s", in.Summary())
		}
		return cfg, err
	}
	cfg, err := p.load(own, set...)
	if err != nil {
		return nil, err
	}
	if in.Target == "" {
		in.Target = cfg.Target.URL.String()
	}
	more, err := p.drafted(f, in, nil)
	if err != nil {
		return nil, err
	}
	p.progress("launchready: %s; added %s", in.Summary(), orNone(strings.Join(cfg.Join(more), ", ")))
	return cfg, nil
}

// errNoFile is an empty --from: a variable that is not set, mostly.
var errNoFile = errors.New(`--from "": name a file; a variable in its place may not be set`)

// told reads the files.
func (p *program) told(f *auditFlags) (*intake.Intake, error) {
	var all []*intake.Intake
	for _, file := range f.from {
		if file == "" {
			return nil, errNoFile
		}
		in, err := intake.Open(p.ctx, p.path(file))
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	in, err := intake.Merge(all...)
	if err != nil {
		return nil, err
	}
	if f.target != "" && in.Target == "" {
		in.Target = f.target
	}
	for _, w := range in.Warnings {
		p.warn("%s", w)
	}
	return in, nil
}

// fromPrefix begins the names by which the drafted configuration refers to
// secrets. They are no environment variables: nobody but this program sees them.
const fromPrefix = "FROM_FILE_"

// drafted is the configuration that init would write, read from memory.
func (p *program) drafted(f *auditFlags, in *intake.Intake, set []config.Override) (*config.Config, error) {
	names := strings.Join(f.from, " and ")
	switch {
	case in.Target == "":
		return nil, setup(fmt.Errorf("%s: no address of the application in it: say it with --target URL", names))
	case len(in.Identities) == 0:
		return nil, setup(fmt.Errorf("%s: no user in it that the audit could play: record a session in which somebody signs in, or give the environment with the credentials beside the collection", names))
	}
	var facts draft.Facts
	draft.FromIntake(in, &facts)
	facts.Refer = func(name string) string { return "${env:" + fromPrefix + name + "}" }
	secrets := map[string]lr.Secret{}
	for name, v := range facts.Secrets() {
		secrets[fromPrefix+name] = v
	}
	cfg, err := config.Parse("what "+names+" tells", facts.YAML(), p.dir, config.Options{
		Dir: p.dir, Now: p.now(), Checks: checkdoc.IDs(scorecard()), Set: set,
		Env: func(name string) (string, bool) {
			if v, ok := secrets[name]; ok {
				return v.Reveal(), true
			}
			return p.env(name)
		},
	})
	if err != nil {
		return nil, &failure{exitSetup, err}
	}
	// A report points at a file that is there; the words above are for mistakes.
	cfg.File = f.from[0]
	for _, w := range cfg.Warnings {
		p.warn("%s", w)
	}
	return cfg, nil
}
