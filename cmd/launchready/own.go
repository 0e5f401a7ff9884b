package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/guard/policy"
)

func (p *program) guardOwnVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "own",
		Short: "What guard knows of whose objects are",
		Args:  cobra.NoArgs,
	}
	c.AddCommand(p.guardOwnImportVerb())
	return c
}

func (p *program) guardOwnImportVerb() *cobra.Command {
	var (
		file string
		move bool
	)
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Tell guard whose the objects are that were there before it",
		Long: `Tell guard whose the objects are that were there before it.

FILE is a CSV table with the columns kind, id and tenant, or JSON lines as
{"kind": "chat", "id": "chat_1", "tenant": "acme"} where its name ends with .jsonl or .ndjson.
- is standard input, as CSV. The tenant * makes an object readable by everybody and
writable by nobody. What another tenant has stays with it, and the exit code is then 2;
--move gives it over. A guard that runs sees new objects at once, and moved ones
within a minute.`,
		Example: "  launchready guard own import chats.csv -c guard.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path := p.path(file)
			pol, _, err := readPolicy(path)
			if err != nil {
				return err
			}
			store, err := pol.OpenOwners(c.Context(), &policy.State{Folder: filepath.Dir(path), Env: os.LookupEnv})
			if err != nil {
				return setup(err)
			}
			if store == nil {
				return setup(errors.New("the policy has no ownership.store that is a file or a Postgres: what is imported would be forgotten"))
			}
			defer store.Close()
			in := p.in
			if args[0] != "-" {
				f, err := os.Open(p.path(args[0]))
				if err != nil {
					return setup(fmt.Errorf("read the list of objects: %w", err))
				}
				defer f.Close()
				in = f
			}
			m := ownership.Import{Store: store, Fold: map[string]bool{}, Move: move}
			for _, kind := range pol.Ownership.IgnoreCase {
				m.Fold[kind] = true
			}
			read := m.CSV
			if ext := strings.ToLower(filepath.Ext(args[0])); ext == ".jsonl" || ext == ".ndjson" {
				read = m.JSONLines
			}
			got, err := read(c.Context(), in)
			if err != nil {
				return setup(fmt.Errorf("import %s: %w", args[0], err))
			}
			fmt.Fprintf(p.out, "%d objects, %d of them another tenant's\n", got.Objects, got.Conflict)
			for _, l := range got.Lines {
				fmt.Fprintf(p.err, "%s: %s\n", args[0], l)
			}
			if got.Conflict > 0 {
				return setup(fmt.Errorf("%d objects stay with the tenants that have them: --move gives them over", got.Conflict))
			}
			return nil
		},
	}
	c.Flags().StringVarP(&file, "config", "c", "guard.yaml", "the policy, which names the store")
	c.Flags().BoolVar(&move, "move", false, "give over what another tenant has")
	return c
}
