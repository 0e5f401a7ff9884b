package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/json"
)

func (p *program) guardInitVerb() *cobra.Command {
	var (
		rep, out string
		mod      string
		s        policy.Sketch
		a        policy.Auth
		own      policy.Bearer
	)
	c := &cobra.Command{
		Use:   "init",
		Short: "Draft a policy from a report",
		Long: `Draft a policy from a report.

The routes that the audit knew are listed with what they need, and all else is denied. Each
confirmed finding whose guard directive this build applies becomes a stanza, with the finding's
id beside it; the others are listed in comments, with the reason. Where requests are to be
judged by the API's description, it is the file that the audit read; one that the target serves
is fetched and kept beside the policy. What is not said by --issuer, --audience, --jwks,
--roles-claim and --admin-role is left blank where it is needed: launchready guard check names
the blanks, and guard does not serve by them.

An application that judges its own tokens, and publishes no keys, is asked who is signed in:
--whoami says where, --whoami-method how where the audit did not know, and --subject, --tenant
and --roles which members of the answer say it.

What bounds the model is drafted in comments unless --model names a file with the section: guard
cannot know the provider, its key's variable, the models and the tools. The application has to
ask its model at guard's second listener then.`,
		Example: "  launchready audit -o json=run.json\n  launchready guard init --report run.json --listen 127.0.0.1:8080 -o guard.yaml\n  launchready guard -c guard.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if rep == "" {
				return setup(errors.New("--report wants the report that an audit wrote with -o json=FILE"))
			}
			f, err := os.Open(p.path(rep))
			if err != nil {
				return setup(fmt.Errorf("read the report: %w", err))
			}
			defer f.Close()
			r, err := json.Read(f)
			if err != nil {
				return setup(fmt.Errorf("read the report: %w", err))
			}
			if mod != "" {
				text, err := os.ReadFile(p.path(mod))
				if err != nil {
					return setup(fmt.Errorf("read the section model: %w", err))
				}
				if s.Model, err = policy.ReadModel(mod, text); err != nil {
					return setup(err)
				}
			}
			s.Auth = &a
			if own.WhoAmI+own.Method+own.Subject+own.Tenant+own.Roles != "" {
				a.Bearer = &own
			} else if _, at := policy.WhoAmI(r); at != "" && a.JWKS == "" {
				p.warn("if the application has no keys that it publishes: --whoami %s --subject MEMBER takes its own tokens", at)
			}
			d, err := policy.Draft(r, s)
			if err != nil {
				return setup(err)
			}
			if wanted(d.Text) {
				folder := p.dir
				if out != "-" {
					folder = filepath.Dir(p.path(out))
				}
				if s.Description, s.DescriptionFile, err = p.descriptionOf(c.Context(), r, folder); err != nil {
					p.warn("the description %s is not there: %v", r.Description.Location, err)
				} else if d, err = policy.Draft(r, s); err != nil {
					return setup(err)
				}
			}
			text := d.Text
			if n := strings.Count(string(text), "FILL IN"); n > 0 {
				p.warn("%s to fill in: launchready guard check names them", report.Count(n, "blank"))
			}
			if out == "-" {
				_, err = p.out.Write(text)
				return err
			}
			w, err := os.OpenFile(p.path(out), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return setup(fmt.Errorf("write the policy: %w", err))
			}
			_, err = w.Write(text)
			return errors.Join(err, w.Close())
		},
	}
	fl := c.Flags()
	fl.StringVar(&rep, "report", "", "the report, as JSON")
	fl.StringVarP(&out, "output", "o", "guard.yaml", "file to write, which must not exist; - for stdout")
	fl.StringVar(&s.Listen, "listen", "127.0.0.1:8080", "where guard is to listen")
	fl.StringVar(&s.Upstream, "upstream", "", "the application (default: the report's target)")
	fl.StringVar(&a.Issuer, "issuer", "", "issuer of the tokens")
	fl.StringVar(&a.Audience, "audience", "", "audience of the tokens")
	fl.StringVar(&a.JWKS, "jwks", "", "address of the keys that sign them")
	fl.StringVar(&own.WhoAmI, "whoami", "", "path of the application that says who is signed in, where no keys are published")
	fl.StringVar(&own.Method, "whoami-method", "", "by which it is asked: GET or POST (default: as the audit knew it, else GET)")
	fl.StringVar(&own.Subject, "subject", "", "member of its answer that names the user, as user.id")
	fl.StringVar(&own.Tenant, "tenant", "", "member of its answer that names the tenant")
	fl.StringVar(&own.Roles, "roles", "", "member of its answer that names the roles, or is true for administrators")
	fl.StringVar(&a.TenantClaim, "tenant-claim", "", "claim that names the tenant")
	fl.StringVar(&a.RolesClaim, "roles-claim", "", "claim that names the roles")
	fl.StringVar(&mod, "model", "", "file with the section model: provider, virtual keys, models and tools; what findings ask for is added")
	fl.StringVar(&s.AdminRole, "admin-role", "", "role that routes for administrators want")
	return c
}
