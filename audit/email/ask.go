package email

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
)

// atOnce is how many questions are under way at one time: a domain's name
// servers are somebody's, and 50 ms each.
const atOnce = 16

// names are what mail is sent from: the domain, and what the owner names beside it.
func names(t *lr.Trial) []string {
	d := t.Target.Domain
	out := []string{d.Name}
	for _, n := range d.From {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// bounded lets no more than atOnce questions through.
type bounded struct {
	of    mail.Resolver
	slots chan struct{}
}

// Lookup waits for its turn.
func (b *bounded) Lookup(ctx context.Context, name string, t mail.Type) (mail.Answer, error) {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
		return b.of.Lookup(ctx, name, t)
	case <-ctx.Done():
		return mail.Answer{Name: name, Type: t}, ctx.Err()
	}
}

// resolver is the one of the run: it asks each question once, by the network.
func resolver(ctx context.Context, t *lr.Trial) (mail.Resolver, error) {
	return lr.Recall(ctx, t.Memo, "email/resolver", func(context.Context) (mail.Resolver, error) {
		n := t.Target.Domain.Network
		if n == nil {
			return nil, errors.New("the run has no way to the domain's servers")
		}
		client := &mail.Client{Server: n.Resolver(), Dial: n.Dial, Timeout: 6 * time.Second}
		return mail.NewMemo(&bounded{of: client, slots: make(chan struct{}, atOnce)}), nil
	})
}

// each calls do for the numbers below n, atOnce of them at one time.
func each(n int, do func(i int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	wg.Wait()
}

// spent returns the error by which the run ends, where a question met it.
func spent(err error) error {
	if errors.Is(err, lr.ErrBudget) {
		return lr.ErrBudget
	}
	return nil
}

// registrable is the part of a name that is bought: one label below the public
// suffix.
func registrable(name string) string {
	if out, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return out
	}
	return ""
}

// free asks whether a stranger could buy a name: what it is registered under does
// not exist, by NXDOMAIN. False with nil proves that somebody has it.
func free(ctx context.Context, r mail.Resolver, own, name string) (string, bool, error) {
	bought := registrable(name)
	if bought == "" || bought == registrable(own) {
		return bought, false, nil
	}
	a, err := mail.Ask(ctx, r, bought, mail.NS)
	if err != nil {
		return bought, false, err
	}
	return bought, a.Missing() && len(a.Chain) == 0, nil
}
