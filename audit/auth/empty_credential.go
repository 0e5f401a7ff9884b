package auth

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var emptyCredential = &lr.Check{
	ID:    "auth/empty-credential",
	Title: "An empty or null credential is no credential",
	Why: "Front ends that lose their token send `Bearer null` or `Bearer undefined`. Where code takes that for a call from inside, or looks up a user without a token, " +
		"the first user of the database answers: a customer's data for a request that anyone can send.",
	Fix: "Refuse a credential that is empty after trimming, before anything is looked up by it. Let the verifier return an error for it, and never a default user, " +
		"and let calls from inside carry a credential of their own.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "287"}, {Source: "ASVS", ID: "v5.0.0-8.2.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Run: func(ctx context.Context, t *lr.Trial) error {
		// A route that takes any text is auth/garbage-credential's.
		return askWrong(ctx, t, "A request with an empty credential is let in", emptyForms, nonsense)
	},
}

// emptyForms are what clients send when they have lost their token. The first
// is tried on every route.
var emptyForms = []string{"", "null", "undefined", "[]", "{}", `""`, "None", "0", "true"}

// garbageForms are credentials that were never issued.
var garbageForms = []string{nonsense, "a.b.c", shapedNonsense, "%00", "bm9ib2R5Om5vYm9keQ=="}

// shapedNonsense parses as a JSON Web Token: {"alg":"HS256","typ":"JWT"} and
// {"sub":"nobody"}.
const shapedNonsense = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl"

// askWrong asks every read with the first of the wrong values, and one read of
// each group with all of them. Where twin is given and let in as well, the fault
// is another check's.
func askWrong(ctx context.Context, t *lr.Trial, fault string, values []string, twin string) error {
	probes, open := asked(t)
	if len(probes)+len(open) == 0 {
		t.Unknown(application, "no declared route reads data")
		return nil
	}
	type question struct {
		p oracle.Probe
		f forgery
	}
	var questions []question
	add := func(p oracle.Probe, v string) {
		f := forgery{how: fmt.Sprintf("credential %q", shown(v)), credential: spoiled(credentialOf(p.Victim), v)}
		if twin != "" {
			c := spoiled(credentialOf(p.Victim), twin)
			f.twin = &c
		}
		questions = append(questions, question{p, f})
	}
	for _, p := range probes {
		if !oracle.Public(t, p.Route, p.Object) {
			add(p, values[0])
		}
	}
	for i, v := range oracle.Victims(t.Target) {
		for _, p := range heads(t, v, 24) {
			if i > 0 && p.Object != nil {
				continue
			}
			for _, w := range values[1:] {
				add(p, w)
			}
		}
	}
	var y tally
	err := oracle.Each(ctx, questions, func(ctx context.Context, q question) error {
		j, err := offer(ctx, t, q.p, q.f)
		if j = nothingShown(j); err == nil && counts(t, q.p, j) {
			y.add(q.p.Route.String(), q.f.how, j)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, rt := range open {
		y.open(rt.String(), "there is no object of %s to ask for", rt.Resource)
	}
	y.report(t, 3, fault)
	return nil
}

// nothingShown settles a route whose owner's reply has nothing telling in it:
// auth/no-credential says what is to be said about it, and a wrong credential
// adds nothing when nobody gets the same.
func nothingShown(j oracle.Judgement) oracle.Judgement {
	xs := j.Evidence.Exchanges
	if j.Verdict == lr.Unknown && len(xs) >= 2 && xs[0].OK() && last(xs).OK() {
		j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
		j.Reason = "answered without anything that is the owner's alone"
	}
	return j
}

// shown is a made-up credential as a message quotes it: a whole token in a report
// would set off its reader's secret scanner.
func shown(v string) string {
	if len(v) > 40 {
		return v[:12] + "…"
	}
	return v
}
