package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/probe/smtp"
)

// sampleFile is where a message that was received is kept.
const sampleFile = "sample.eml"

// mailFlags are the flags that name a message of the product.
func mailFlags(c *cobra.Command, f *auditFlags) {
	fl := c.Flags()
	fl.StringVar(&f.mailSample, "mail-sample", "", "message that the product sent to an outside mailbox, as received (.eml), or a folder of such (default: domain.mail.sample)")
	fl.StringVar(&f.mailListen, "mail-listen", "", "address to take one message of the product at, before the audit: \"0.0.0.0:25\"")
	fl.DurationVar(&f.mailWait, "mail-wait", 10*time.Minute, "with --mail-listen: how long to wait for it")
}

// sample gives the audit a message, where a flag names one or waits for one.
func (p *program) sample(ctx context.Context, cfg *config.Config, f *auditFlags) error {
	switch {
	case f.mailSample == "" && f.mailListen == "":
		return nil
	case f.mailSample != "" && f.mailListen != "":
		return setup(errors.New("--mail-sample names a message and --mail-listen waits for one: give one of them"))
	case cfg.Domain.Name == "":
		return setup(errors.New("a message needs the domain that it is from: give domain.name"))
	case f.mailSample != "":
		file := p.path(f.mailSample)
		if _, err := os.Stat(file); err != nil {
			return setup(fmt.Errorf("--mail-sample: %w", err))
		}
		cfg.Domain.Mail.Sample = file
		return nil
	}
	if err := private(cfg.Dir); err != nil {
		return setup(err)
	}
	file := filepath.Join(cfg.Dir, privateFolder, sampleFile)
	ctx, cancel := context.WithTimeout(ctx, f.mailWait)
	defer cancel()
	err := receive(ctx, f.mailListen, file, func(at string) {
		p.progress("waiting %s for one message on %s: have the product send mail to any address whose MX record leads here", f.mailWait, at)
	})
	if err != nil {
		return setup(fmt.Errorf("--mail-listen: %w", err))
	}
	p.progress("it came; kept in %s", filepath.Join(privateFolder, sampleFile))
	cfg.Domain.Mail.Sample = file
	return nil
}

// receive waits for one message at an address and keeps it.
func receive(ctx context.Context, addr, file string, ready func(at string)) error {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	ready(l.Addr().String())
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	message, err := smtp.Receive(ctx, l, name)
	if err != nil {
		return err
	}
	return writeSecret(file, message)
}
