package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var edgeMinimumTLS = &lr.Check{
	ID:       "https/edge-minimum-tls",
	Title:    "The edge speaks TLS 1.2 and newer only",
	Why:      "TLS 1.0 and 1.1 were withdrawn (RFC 8996), and reviewers look for them first.",
	Fix:      "SSL/TLS > Edge Certificates > Minimum TLS Version: 1.2, and TLS 1.3: on.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfcOldTLS},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, "settings")
		if v == nil {
			return err
		}
		name := t.Target.Domain.Name
		least, ok := v.text("min_tls_version")
		switch {
		case !ok:
			t.Unknown(name, "the API does not tell the minimum")
		case least == "1.2" || least == "1.3":
			t.Pass(said("min_tls_version: "+least), name, "older versions are not spoken")
		default:
			t.Fail(said("min_tls_version: "+least), name, "TLS %s is still spoken", least)
		}
		return nil
	},
}
