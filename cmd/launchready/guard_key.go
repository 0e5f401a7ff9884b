package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/guard/auth"
)

func (p *program) guardKeyVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "API keys that guard verifies",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.guardKeyNewVerb())
	return c
}

func (p *program) guardKeyNewVerb() *cobra.Command {
	var (
		subject, tenant string
		roles           []string
		days            int
	)
	c := &cobra.Command{
		Use:   "new",
		Short: "Make an API key",
		Long: `Make an API key.

The key is printed once, on stdout, and kept nowhere. What is to be kept is printed on
stderr: an entry for auth.api_keys.keys in guard.yaml, or for the file that it names,
with a hash of the key.`,
		Example: "  launchready guard key new --subject billing-job --tenant acme --days 90",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if subject == "" {
				return setup(errors.New("--subject wants the name of who uses the key"))
			}
			if days < 0 {
				return setup(errors.New("--days wants how long the key is valid, 0 for ever"))
			}
			key, hash := auth.NewKey()
			entry := fmt.Sprintf("- {sha256: %s, subject: %q", hash, subject)
			if tenant != "" {
				entry += fmt.Sprintf(", tenant: %q", tenant)
			}
			if len(roles) > 0 {
				quoted := make([]string, len(roles))
				for i, r := range roles {
					quoted[i] = fmt.Sprintf("%q", r)
				}
				entry += ", roles: [" + strings.Join(quoted, ", ") + "]"
			}
			if days > 0 {
				entry += ", expires: " + time.Now().AddDate(0, 0, days).UTC().Format(time.DateOnly)
			}
			fmt.Fprintln(p.err, entry+"}")
			fmt.Fprintln(p.out, key)
			return nil
		},
	}
	fl := c.Flags()
	fl.StringVar(&subject, "subject", "", "who uses the key")
	fl.StringVar(&tenant, "tenant", "", "the tenant it is bound to")
	fl.StringSliceVar(&roles, "roles", nil, "roles that it has")
	fl.IntVar(&days, "days", 365, "days until it expires; 0: never")
	return c
}
