package limits

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// forwarding are the fields by which proxies tell a client's address.
var forwarding = [...]string{"X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "Fastly-Client-IP", "Forwarded"}

// tries is how often each way past a limit is tried.
const tries = 4

var forwardedHeader = &lr.Check{
	ID:    "limits/forwarded-header",
	Title: "A client cannot give itself a new address to pass a limit",
	Why: "A limit that counts by `X-Forwarded-For` as it comes counts what the client writes there. One line of a script rotates it, and the limit is gone: for guessing passwords as for spending money. " +
		"It is among the first things that a reviewer tries.",
	Fix:      "Take the client's address from the connection, or from the field that your own proxy sets, counted from the right by the number of proxies that you run. Drop the others at the edge. Count signed-in users by their id.",
	Guard:    "strip_headers",
	Severity: lr.High,
	Refs:     []lr.Ref{consumption, {Source: "CWE", ID: "348"}, {Source: "RFC", ID: "7239 section 8.1"}},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runForwardedHeader,
}

func runForwardedHeader(ctx context.Context, t *lr.Trial) error {
	s, err := exhaust(ctx, t)
	if err != nil {
		return undecided(ctx, t, t.Assistant.Skills().Subject, err)
	}
	subject := s.at.Skills().Subject
	random := t.Random()
	var past []string
	var e lr.Evidence
	for _, field := range forwarding {
		plain, with, err := s.against(ctx, func(r *lr.Request) {
			address := fmt.Sprintf("203.0.113.%d", 1+random.IntN(250)) // RFC 5737: nobody's
			if field == "Forwarded" {
				address = "for=" + address
			}
			r.SetHeader(field, address)
		})
		if err != nil {
			return err
		}
		if passes(plain, with) {
			past = append(past, field)
			e = lr.Evidence{Exchanges: []*lr.Exchange{s.refusal, with.last}, Records: []string{"without: " + plain.String(), "with " + field + ": " + with.String()}}
		}
	}
	if len(past) > 0 {
		t.Fail(e, subject, "a user at the limit passes it with a made-up address in %s", strings.Join(past, ", "))
		return nil
	}
	t.Pass(lr.Seen(s.refusal), subject, "a user at the limit stays there with a made-up address in %d fields", len(forwarding))
	return nil
}

// against asks in turn as before and in the other way, so that a limit which
// opens by itself meanwhile opens for both.
func (s *spent) against(ctx context.Context, vary func(*lr.Request)) (plain, with *tally, err error) {
	plain, with = &tally{}, &tally{}
	for range tries {
		for _, arm := range []struct {
			b    *tally
			vary func(*lr.Request)
		}{{plain, nil}, {with, vary}} {
			x, good, err := s.ask(ctx, arm.vary)
			if err != nil {
				return nil, nil, err
			}
			arm.b.add(x, good)
		}
	}
	return plain, with, nil
}

// passes reports that the other way was taken each time and the plain one hardly.
func passes(plain, with *tally) bool {
	return with.taken == with.sent && with.sent > 0 && plain.refused*2 > plain.sent
}
