package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/internal/checkdoc"
)

func (p *program) explainVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CHECK",
		Short: "Say what a check asks, why it matters and how to fix it",
		Long: `Say what a check asks, why it matters and how to fix it.

launchready checks lists them.`,
		Example: "  launchready explain isolation/foreign-read",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("explain takes one check, as in: launchready explain isolation/foreign-read")
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return checkdoc.IDs(scorecard()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if slices.Contains(rowIDs(), args[0]) {
				return setup(fmt.Errorf("%s is a row, not a check: 'launchready checks %s' lists its checks", args[0], args[0]))
			}
			c, err := checkdoc.Find(scorecard(), args[0])
			if err != nil {
				return setup(err)
			}
			return checkdoc.Explain(p.out, c, min(p.width(p.out), 100), p.bold)
		},
	}
}
