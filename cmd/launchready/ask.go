package main

import (
	"context"
	"errors"

	"charm.land/huh/v2"

	"github.com/launchready/launchready/config"
)

// askTarget asks for the address of the running application; "" is none.
func (p *program) askTarget(ctx context.Context, guess string) (string, error) {
	target := guess
	err := p.ask(ctx, huh.NewInput().
		Title("Address of the running application").
		Description("A staging system is best. Empty: only the repository is read.").
		Value(&target).
		Validate(func(s string) error {
			if s == "" {
				return nil
			}
			var u config.URL
			return u.UnmarshalText([]byte(s))
		}))
	return target, err
}

// askSignUp asks whether users may be made at the target.
func (p *program) askSignUp(ctx context.Context, target string) (bool, error) {
	yes := true
	err := p.ask(ctx, huh.NewConfirm().
		Title("Sign up two test tenants at "+target+"?").
		Description("Their passwords go to .launchready/credentials, which stays out of the repository.").
		Value(&yes))
	return yes, err
}

func (p *program) ask(ctx context.Context, f huh.Field) error {
	return p.askPages(ctx, huh.NewGroup(f))
}

// askPages asks one page after the other; who goes back may answer anew.
func (p *program) askPages(ctx context.Context, pages ...*huh.Group) error {
	form := huh.NewForm(pages...).WithInput(p.in).WithOutput(p.err)
	err := form.RunWithContext(ctx)
	if errors.Is(err, huh.ErrUserAborted) {
		return &failure{exitInterrupted, errors.New("stopped: nothing was written")}
	}
	return err
}
