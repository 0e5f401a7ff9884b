package https

import (
	"context"
	"errors"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var unknownName = &lr.Check{
	ID:    "https/unknown-name",
	Title: "Who asks for no known name is told nothing of the inside",
	Why: "Scanners ask every address for names that are not there. A server that then shows the certificate of an inner host, or of the machine behind the edge, tells them what to look for, " +
		"and which addresses belong together.",
	Fix:      "Give the server a default block that refuses the handshake (`ssl_reject_handshake on` in nginx, `strict_sni_host` in Caddy), or one with the certificate of the public site.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refMisconfiguration, {Source: "CWE", ID: "200"}, {Source: "RFC", ID: "6066"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		all, err := secures(ctx, t)
		if err != nil {
			return err
		}
		var servers []secure // one name of each
		seen := map[string]bool{}
		for _, s := range all {
			if s.survey.Remote != "" && len(s.survey.Chain) > 0 && !seen[s.survey.Remote] {
				seen[s.survey.Remote] = true
				servers = append(servers, s)
			}
		}
		if len(servers) == 0 {
			t.NotApplicable("no name of the domain answers by TLS")
			return nil
		}
		return everyOf(ctx, servers, func(ctx context.Context, _ int, s secure) error {
			x, err := met(ctx, t, s.host, label(t.Seed)+".invalid")
			if err != nil {
				return err
			}
			switch {
			case errors.Is(x.Err, tls.ErrUnreached), errors.Is(x.Err, tls.ErrSilent), errors.Is(x.Err, tls.ErrGarbage):
				t.Unknown(s.host, "asked for a name that nobody has: %v", x.Err)
				return nil
			case x.Err != nil:
				t.Pass(said(x.Address+" refuses a name that nobody has: "+x.Err.Error()), s.host, "its server refuses names that nobody has")
				return nil
			}
			for _, f := range x.CertificateFaults(t.Target.Domain.Network.Roots(), t.Now()) {
				if f.Kind == tls.InternalName {
					t.Fail(said(append([]string{x.Address + ", asked for " + x.Name}, x.Describe()...)...), s.host, "the certificate that its server shows for a name that nobody has %s", f.What)
					return nil
				}
			}
			t.Pass(said(x.Describe()...), s.host, "its server shows nothing of the inside")
			return nil
		})
	},
}
