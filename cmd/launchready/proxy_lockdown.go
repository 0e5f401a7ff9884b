package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

// lockdownMark is the file whose being there locks guard down. Whoever may write
// beside the policy may change the policy as well, so it opens no way in.
func lockdownMark(file string) string { return file + ".lockdown" }

func (p *program) guardLockdownVerb() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "lockdown on|off",
		Short: "Serve essential routes only, in an incident",
		Long: `Serve essential routes only, in an incident.

Within a second the guard that serves by the policy refuses every route that is not
essential: true with 503, calls of the model's listener by every key that is not, and cuts
what is under way. It does so by a file beside the policy, NAME.lockdown, which outlives a
restart; the policy's own lockdown: true does the same.`,
		Example:   "  launchready guard lockdown on\n  launchready guard lockdown off",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"on", "off"},
		RunE: func(_ *cobra.Command, args []string) error {
			pol, _, err := readPolicy(p.path(file))
			if err != nil {
				return err
			}
			mark := lockdownMark(p.path(file))
			if args[0] == "on" {
				if err := os.WriteFile(mark, []byte("launchready guard lockdown off takes this file away.\n"), 0o600); err != nil {
					return setup(fmt.Errorf("lock guard down: %w", err))
				}
				n := 0
				for _, r := range pol.Routes {
					if r.Essential {
						n++
					}
				}
				fmt.Fprintf(p.out, "locked down: %d of %d routes are essential and are served\n", n, len(pol.Routes))
				if pol.Model != nil {
					n = 0
					for _, k := range pol.Model.Keys {
						if k.Essential {
							n++
						}
					}
					fmt.Fprintf(p.out, "and %d of %d keys of the model's listener\n", n, len(pol.Model.Keys))
				}
				return nil
			}
			if err := os.Remove(mark); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return setup(fmt.Errorf("end the lock-down: %w", err))
			}
			if pol.Lockdown {
				return setup(errors.New("the policy itself says lockdown: true"))
			}
			fmt.Fprintln(p.out, "open")
			return nil
		},
	}
	c.Flags().StringVarP(&file, "config", "c", "guard.yaml", "the policy")
	return c
}
