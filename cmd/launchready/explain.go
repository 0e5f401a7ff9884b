package main

import (
	"github.com/spf13/cobra"

	"github.com/launchready/launchready/internal/checkdoc"
)

func (p *program) explainVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CHECK",
		Short: "Say what a check asks, why it matters and how to fix it",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return checkdoc.IDs(scorecard()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := checkdoc.Find(scorecard(), args[0])
			if err != nil {
				return setup(err)
			}
			return checkdoc.Explain(p.out, c, min(width(p.out), 100), p.bold)
		},
	}
}
