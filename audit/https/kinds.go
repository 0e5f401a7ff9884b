package https

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

// gravity is how much a kind of fault weighs; 0 is the check's own severity.
type gravity map[tls.Kind]lr.Severity

// spoken runs over the names with TLS, and reports what of the kinds is wrong with
// what the server speaks.
func spoken(kinds gravity, right string) func(context.Context, *lr.Trial) error {
	return byKind(kinds, right, func(_ *lr.Trial, s *tls.Survey) []tls.Fault { return s.Faults() }, (*tls.Survey).Knows)
}

// shown does the same for the certificate.
func shown(kinds gravity, right string) func(context.Context, *lr.Trial) error {
	faults := func(t *lr.Trial, s *tls.Survey) []tls.Fault {
		return s.CertificateFaults(t.Target.Domain.Network.Roots(), t.Now())
	}
	return byKind(kinds, right, faults, func(s *tls.Survey, _ tls.Kind) bool { return len(s.Chain) > 0 })
}

func byKind(kinds gravity, right string, faults func(*lr.Trial, *tls.Survey) []tls.Fault, knows func(*tls.Survey, tls.Kind) bool) func(context.Context, *lr.Trial) error {
	return func(ctx context.Context, t *lr.Trial) error {
		all, err := secures(ctx, t)
		if err != nil {
			return err
		}
		asked := false
		for _, s := range all {
			if s.survey.Err != nil && (nobody(s.survey.Err) || s.survey.Refused()) {
				continue // no TLS is https/encrypted's matter
			}
			asked = true
			if s.survey.Err != nil {
				t.Unknown(s.host, "%v", s.survey.Err)
				continue
			}
			e := lr.Evidence{Records: s.survey.Describe()}
			wrong := false
			for _, f := range faults(t, s.survey) {
				if severity, of := kinds[f.Kind]; of {
					wrong = true
					e := e
					e.Records = append([]string{s.host + ": " + f.What}, e.Records...)
					t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: s.host, Message: f.What, Evidence: e, Severity: severity, Fault: string(f.Kind)})
				}
			}
			if wrong {
				continue
			}
			open := false
			for k := range kinds {
				open = open || !knows(s.survey, k)
			}
			if open {
				t.Unknown(s.host, "not all of it could be asked: %v", s.survey.Gaps)
				continue
			}
			t.Pass(e, s.host, "%s", right)
		}
		if !asked {
			t.NotApplicable("no name of the domain answers by TLS")
		}
		return nil
	}
}
