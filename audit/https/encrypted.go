package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var encrypted = &lr.Check{
	ID:    "https/encrypted",
	Title: "Every name that answers on the web answers by TLS",
	Why: "A name that is served in clear alone gives cookies, tokens and pages to everyone on the way, and a redirect to an address that does not answer is an " +
		"outage.",
	Fix:      "Add the name to the edge or the server block with a certificate of its own, or take it out of the DNS.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{refPlain, {Source: "CWE", ID: "319"}},
	Needs:    lr.Domain,
	Run:      runEncrypted,
}

func runEncrypted(ctx context.Context, t *lr.Trial) error {
	all, err := secures(ctx, t)
	if err != nil {
		return err
	}
	web, err := places(ctx, t)
	if err != nil {
		return err
	}
	asked := false
	for i, s := range all {
		plain := web[i].plain
		switch {
		case s.survey.Err == nil:
			t.Pass(lr.Evidence{Records: s.survey.Describe()}, s.host, "answers by TLS")
		case len(plain.hops) == 0:
			if !nobody(s.survey.Err) && !nobody(plain.err) {
				t.Unknown(s.host, "neither port answered: %v", s.survey.Err)
				asked = true
			}
			continue // it is no name of the web
		case nobody(s.survey.Err), s.survey.Refused():
			e := lr.Seen(plain.hops...)
			e.Records = []string{s.host + ":443: " + s.survey.Err.Error()}
			t.Fail(e, s.host, "answers without TLS and refuses every hello with it")
		default:
			t.Unknown(s.host, "%v", s.survey.Err)
		}
		asked = true
	}
	if !asked {
		t.NotApplicable("no name of the domain answers on the web")
	}
	return nil
}
