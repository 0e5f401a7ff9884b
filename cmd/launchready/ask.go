package main

import (
	"context"
	"errors"
	"strings"

	"charm.land/huh/v2"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/config/intake"
)

// askWhere asks for the address of the running application. Who has none at hand
// may paste a curl command, which has it and a credential.
func (p *program) askWhere(ctx context.Context, f *initFlags, from []*intake.Intake, port string) ([]*intake.Intake, error) {
	answer := ""
	for _, in := range from {
		if answer == "" {
			answer = in.Target
		}
	}
	if answer == "" && port != "" {
		answer = "http://localhost:" + port
	}
	err := p.ask(ctx, huh.NewText().
		Title("Address of the running application, or paste a curl command").
		Description("A staging system is best. Empty: only the repository is read.").
		Lines(4).CharLimit(0).
		Value(&answer).
		Validate(func(s string) error {
			_, _, err := whereOf(s)
			return err
		}))
	if err != nil {
		return nil, err
	}
	target, pasted, err := whereOf(answer)
	if err != nil {
		return nil, setup(err)
	}
	f.target = target
	if pasted == nil {
		return nil, nil
	}
	return []*intake.Intake{pasted}, nil
}

// whereOf reads an answer: an address, curl commands, or nothing.
func whereOf(answer string) (target string, pasted *intake.Intake, err error) {
	answer = strings.TrimSpace(answer)
	if answer == "" {
		return "", nil, nil
	}
	var u config.URL
	if !strings.ContainsAny(answer, " \t\n") {
		return answer, nil, u.UnmarshalText([]byte(answer))
	}
	in, err := intake.Read(intake.Stdin, []byte(answer))
	switch {
	case errors.Is(err, intake.ErrUnknown):
		return "", nil, errors.New("neither an address nor a curl command")
	case err != nil:
		return "", nil, err
	}
	in.File = "what was pasted"
	return in.Target, in, nil
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
	form := huh.NewForm(huh.NewGroup(f)).WithInput(p.in).WithOutput(p.err)
	err := form.RunWithContext(ctx)
	if errors.Is(err, huh.ErrUserAborted) {
		return &failure{exitInterrupted, errors.New("stopped: nothing was written")}
	}
	return err
}
