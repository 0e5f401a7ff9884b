package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var edgeSSLMode = &lr.Check{
	ID:       "https/edge-ssl-mode",
	Title:    "The edge speaks TLS to the origin, and looks at its certificate",
	Why:      "In the modes off and flexible everything between the edge and the origin, passwords and chats included, crosses the internet in the clear while browsers show a lock. In full any certificate will do, so that whoever stands between reads along.",
	Fix:      "Give the origin a certificate (an Origin CA certificate of Cloudflare's is enough) and set SSL/TLS > Overview to Full (strict): `launchready edge plan` does.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{cweClear},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, "settings")
		if v == nil {
			return err
		}
		name := t.Target.Domain.Name
		mode, ok := v.text("ssl")
		switch {
		case !ok:
			t.Unknown(name, "the API does not tell the mode")
		case mode == "strict" || mode == "origin_pull":
			t.Pass(said("ssl: "+mode), name, "the origin's certificate is checked")
		case mode == "full":
			t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: lr.High, Subject: name, Message: "the edge takes any certificate of the origin (mode full)", Evidence: said("ssl: " + mode)})
		default:
			t.Fail(said("ssl: "+mode), name, "between the edge and the origin nothing is encrypted (mode %s)", mode)
		}
		return nil
	},
}
