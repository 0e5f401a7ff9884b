package auth

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// forgery is a credential that must be refused.
type forgery struct {
	how        string // "signature with one bit turned"
	credential lr.Credential
	says       string // what the credential itself says: an answer that only echoes it proves nothing
	// twin is the same without the trick. Where it is accepted as well, the
	// fault is another check's.
	twin *lr.Credential
	// decides is the check that decides then; "" where what is left is right.
	decides string
}

// nonsense is a token that nobody issued and nobody could parse.
const nonsense = "launchready-not-a-token"

// credentialOf is a snapshot of what the account sends.
func credentialOf(a *lr.Account) lr.Credential { return a.Credential }

// spoiled puts v where the credential carries its token, in every place.
func spoiled(c lr.Credential, v string) lr.Credential {
	if !c.Token.IsZero() {
		return c.WithToken(v)
	}
	swap := func(in map[string]lr.Secret) map[string]lr.Secret {
		if in == nil {
			return nil
		}
		out := make(map[string]lr.Secret, len(in))
		for k, s := range in {
			scheme, rest, ok := strings.Cut(s.Reveal(), " ")
			if ok && rest != "" {
				out[k] = lr.NewSecret(scheme + " " + v)
			} else {
				out[k] = lr.NewSecret(v)
			}
		}
		return out
	}
	c.Header, c.Cookie, c.Query = swap(c.Header), swap(c.Cookie), swap(c.Query)
	c.Token = lr.NewSecret(v)
	return c
}

// try asks each probe with each forgery.
func try(ctx context.Context, t *lr.Trial, probes []oracle.Probe, forgeries []forgery) (*tally, error) {
	type pair struct {
		p oracle.Probe
		f forgery
	}
	var pairs []pair
	for _, p := range probes {
		for _, f := range forgeries {
			pairs = append(pairs, pair{p, f})
		}
	}
	y := &tally{}
	err := oracle.Each(ctx, pairs, func(ctx context.Context, x pair) error {
		j, err := offer(ctx, t, x.p, x.f)
		if err == nil {
			y.add(x.p.Route.String(), x.f.how, j)
		}
		return err
	})
	return y, err
}

// offer asks one probe with one forgery.
func offer(ctx context.Context, t *lr.Trial, p oracle.Probe, f forgery) (oracle.Judgement, error) {
	p.As, p.Credential, p.Note = nil, &f.credential, f.how
	j, err := oracle.Read(ctx, t, p)
	if err != nil {
		return j, err
	}
	if j = settled(j); j.Verdict != lr.Failed {
		return j, nil
	}
	if j.Confidence == lr.Confirmed && echoes(j, f.says) {
		j.Verdict = lr.Passed
		j.Reason = "answered with nothing but what the token itself says"
		return j, nil
	}
	if f.twin == nil {
		return j, nil
	}
	q := p
	q.Credential, q.Note = f.twin, "control: the same without the trick"
	k, err := oracle.Read(ctx, t, q)
	if err != nil {
		return j, err
	}
	if k.Verdict == lr.Failed {
		j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
		j.Reason = "accepted without the trick as well, so the fault is not here"
		if f.decides != "" { // neither right nor this check's fault
			j.Verdict = lr.Skipped
			j.Reason = "accepted without the trick as well: see " + f.decides
		}
	}
	return j, nil
}

// settled turns an answer of 5xx without the owner's data into a refusal: a
// verifier that breaks on a wrong credential has let nobody in. The client has
// sent it twice, and the owner's control stands.
func settled(j oracle.Judgement) oracle.Judgement {
	if j.Verdict != lr.Unknown || len(j.Evidence.Exchanges) < 2 {
		return j
	}
	owner, x := j.Evidence.Exchanges[0], last(j.Evidence.Exchanges)
	switch x.Status {
	case 500, 501, 505:
		if owner.OK() {
			j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
			j.Reason = fmt.Sprintf("broke with %d and showed nothing", x.Status)
		}
	}
	return j
}

func last(xs []*lr.Exchange) *lr.Exchange {
	if len(xs) == 0 {
		return nil
	}
	return xs[len(xs)-1]
}

// echoes reports whether a hit is only the token's own text in a reply that is
// not the owner's: "token of user usr_7 has expired".
func echoes(j oracle.Judgement, says string) bool {
	if says == "" || len(oracle.Without(j.Hits, says)) > 0 {
		return false
	}
	xs := j.Evidence.Exchanges
	return len(xs) < 2 || !last(xs).OK() || !oracle.SameShape(xs[0], last(xs))
}
