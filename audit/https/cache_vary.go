package https

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

var cacheVary = &lr.Check{
	ID:    "https/cache-vary",
	Title: "A browser does not keep one user's answer for the next",
	Why: "With `max-age` and without `Vary` a browser answers from its own cache by the address alone: after signing out, the next user of the same browser " +
		"sees the last one's data.",
	Fix:      "Send `no-store`, or `Vary: Authorization, Cookie` beside `private, max-age`.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refCache, {Source: "RFC", ID: "9111 section 4.1"}, {Source: "CWE", ID: "525"}},
	Needs:    lr.Domain | lr.Routes | lr.TwoTenants,
	Extra:    true,
	Run:      runCacheVary,
}

func runCacheVary(ctx context.Context, t *lr.Trial) error {
	return eachView(ctx, t, func(ctx context.Context, f *gate, v *view) error {
		d := directives(v.x)
		_, never := d["no-store"]
		_, ask := d["no-cache"]
		age, err := strconv.Atoi(d["max-age"])
		if len(v.witness) == 0 || f.attacker == nil {
			return nil
		}
		vary := strings.ToLower(strings.Join(v.x.Header.Values("Vary"), ","))
		carried := len(f.victim.Credential.Header) > 0 && strings.Contains(vary, "authorization") || len(f.victim.Credential.Cookie) > 0 && strings.Contains(vary, "cookie") || strings.TrimSpace(vary) == "*"
		if never || ask || err != nil || age <= 0 || carried {
			t.Pass(lr.Seen(v.x), v.subject(f), "is not kept for another user")
			return nil
		}
		other, err := f.ask(ctx, t, f.attacker, v.unmet(t), "another tenant")
		if err != nil {
			t.Unknown(v.subject(f), "%v", err)
			return halted(ctx, err)
		}
		same := other.OK() && bytes.Equal(other.Body, v.x.Body)
		if same && v.strict {
			return nil // a cache may have met the address: https/cache-tenant decides
		}
		if same {
			t.Pass(lr.Seen(v.x, other), v.subject(f), "is the same for all tenants")
			return nil
		}
		t.Fail(lr.Seen(v.x, other), v.subject(f), "differs by user, may be kept for %d seconds, and does not say Vary", age)
		return nil
	})
}
