package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var edgeAlwaysHTTPS = &lr.Check{
	ID:       "https/edge-always-https",
	Title:    "The edge redirects HTTP to HTTPS",
	Why:      "Without it every link and every bookmark with http:// goes to the origin's own redirect, or is served in the clear.",
	Fix:      "SSL/TLS > Edge Certificates > Always Use HTTPS: on.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{cweClear},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, "settings")
		if v == nil {
			return err
		}
		on(t, v, "always_use_https", "on", "HTTP is redirected at the edge", "the edge passes HTTP on as it comes")
		return nil
	},
}
