package limits

import (
	"context"
	"time"

	lr "github.com/launchready/launchready"
)

// neighbours is how many questions the other tenant asks while the burst lasts.
const neighbours = 6

var neighbour = &lr.Check{
	ID:    "limits/neighbour",
	Title: "One tenant's burst does not shut another one out",
	Why: "A counter, a queue or a pool that all tenants share makes one customer's script everyone's outage. The buyer's question is what happens to them when another customer runs wild; " +
		"the answer must not be that they wait as well.",
	Fix:      "Count by tenant, and queue by tenant with a fair turn for each. When the provider refuses, slow down the tenant that caused it and not the product.",
	Guard:    "limits",
	Severity: lr.High,
	Refs:     []lr.Ref{consumption, {Source: "CWE", ID: "400"}, cwe770},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Loads,
	Run:      runNeighbour,
}

func runNeighbour(ctx context.Context, t *lr.Trial) error {
	subject := t.Assistant.Skills().Subject
	var other *lr.Account
	for _, a := range t.Target.Accounts {
		if a.Tenant != home(t) && a.Tenant != "" && !a.Spare && a.Role != "viewer" && (other == nil || other.Privileged()) {
			other = a
		}
	}
	if other == nil {
		t.Unknown(subject, "no ordinary account of another tenant")
		return nil
	}
	s, err := exhaust(ctx, t)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	subject = s.at.Skills().Subject
	b, err := open(ctx, s.at, other) // it waits until it is served again
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	before, err := b.row(ctx, neighbours, nil)
	if err != nil {
		return err
	}
	if before.taken < before.sent {
		t.Unknown(subject, "the other tenant's questions were not all answered before the burst: %s", before)
		return nil
	}
	calm := before.last.Took
	// The burst goes on while the other tenant asks.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if _, err := s.burst(ctx, atOnce); err != nil {
		return err
	}
	going := make(chan struct{})
	go func() {
		defer close(going)
		for ctx.Err() == nil {
			if _, err := s.burst(ctx, atOnce); err != nil {
				return
			}
		}
	}()
	during, err := b.row(ctx, neighbours, nil)
	stop()
	<-going
	if err != nil {
		return err
	}
	e := lr.Evidence{Exchanges: []*lr.Exchange{s.refusal}, Records: []string{"before: " + before.String(), "during the burst: " + during.String()}}
	switch {
	case during.refused*2 > during.sent:
		e.Exchanges = append(e.Exchanges, during.refusal)
		t.Fail(e, subject, "while %s was refused, %d of %d questions of %s were refused as well", s.as.Name, during.refused, during.sent, other.Tenant)
	case during.taken == during.sent:
		t.Pass(e, subject, "while %s was refused, every question of %s was answered (the last in %s, in %s before)",
			s.as.Name, other.Tenant, during.last.Took.Round(time.Millisecond), calm.Round(time.Millisecond))
	default:
		t.Unknown(subject, "while %s was refused, the questions of %s were partly answered: %s", s.as.Name, other.Tenant, during)
	}
	return nil
}
