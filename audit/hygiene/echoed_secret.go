package hygiene

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

func echoedSecret(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/echoed-secret",
		Title: "Errors do not repeat the credential that the request carried",
		Why: "A password or token in an error goes where errors go: into logs, the error tracker, a screenshot in a ticket, the browser's history of replies. " +
			"A mistyped password is nearly the right one.",
		Fix: "Say that the credential is not valid, not which it was. Leave the value out of what the validator reports (`hide_input_in_errors` in Pydantic, " +
			"your own text for fields named like a secret elsewhere).",
		Guard:    "scrub_errors",
		Severity: lr.Medium,
		Refs:     []lr.Ref{misconfiguration, errorText, {Source: "CWE", ID: "522"}, asvsErrors},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			got, err := c.of(ctx, t)
			if err != nil {
				return err
			}
			got.credentials(t)
			return got.each(t, func(r *reply) (string, string) {
				if r.carried() || !r.repeats() {
					return "", ""
				}
				return r.secret, "an error repeats the secret field of the request"
			}, nil)
		},
	}
}

// repeats reports an error with the made-up secret of its request in it.
func (r *reply) repeats() bool {
	return r.secret != "" && r.failed() && len(oracle.Find([]string{r.secret}, r.x)) > 0
}

// carried reports that the secret was the request's credential.
func (r *reply) carried() bool { return r.request != nil && r.request.Credential != nil }

// credentials judges the refusals of made-up credentials. One place refuses them
// for all routes, and a few routes are asked: what more than one does is the
// application's fault.
func (p *provoked) credentials(t *lr.Trial) {
	var bad, good *reply
	routes := map[string]bool{}
	for _, r := range p.replies {
		switch {
		case !r.carried() || !r.failed():
		case r.repeats():
			routes[r.subject] = true
			if bad == nil {
				bad = r
			}
		default:
			good = r
		}
	}
	switch {
	case bad != nil:
		e := lr.Seen(bad.x)
		e.Witness = []string{bad.secret}
		subject := application
		if len(routes) == 1 {
			subject = bad.subject
		}
		t.Fail(e, subject, "the refusal repeats the credential of the request, at %s: %s", places(routes), bad.input)
	case good != nil:
		t.Pass(lr.Seen(good.x), application, "made-up credentials are refused without being repeated")
	}
}

func places(routes map[string]bool) string {
	names := slices.Sorted(maps.Keys(routes))
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more of the routes asked", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}
