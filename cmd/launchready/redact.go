package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/redact"
	"github.com/launchready/launchready/secretscan"
)

func (p *program) redactVerb() *cobra.Command {
	var file string
	var addresses bool
	c := &cobra.Command{
		Use:   "redact",
		Short: "Take secrets out of a stream of logs",
		Long: `Take secrets out of a stream of logs: stdin to stdout, line by line.

It knows what the audit's row of secrets knows: keys of providers by their form, values of
fields and headers by their names, signatures of webhooks, private keys, connection URLs,
and e-mail addresses. With -c it also takes out the values that the configuration refers
to. What was taken out is counted on stderr.`,
		Example: `  node server.js 2>&1 | launchready redact >> server.log
  launchready redact -c launchready.yaml < server.log > shared.log`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.redact(c.Context(), file, addresses) },
	}
	c.Flags().StringVarP(&file, "config", "c", "", "configuration whose secret values are taken out as well")
	c.Flags().BoolVar(&addresses, "keep-addresses", false, "leave e-mail addresses in")
	return c
}

func (p *program) redact(ctx context.Context, file string, addresses bool) error {
	var known *redact.Redactor
	if file != "" {
		cfg, err := p.load(file)
		if err != nil {
			return err
		}
		known = assembly.Redactor(cfg)
	}
	s, err := secretscan.New(secretscan.Options{Now: p.now()})
	if err != nil {
		return err
	}
	f := secretscan.Filter{Scanner: s, Known: known, KeepAddresses: addresses}
	n, err := f.Copy(ctx, p.out, p.in)
	if err != nil {
		return setup(err)
	}
	p.progress("%d bytes read; taken out: secrets %d, addresses %d", n.Bytes, n.Secrets, n.Addresses)
	return nil
}
