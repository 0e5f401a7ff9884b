package hygiene

import (
	"context"

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
			return got.each(t, func(r *reply) (string, string) {
				if r.secret == "" || !r.failed() || len(oracle.Find([]string{r.secret}, r.x)) == 0 {
					return "", ""
				}
				if r.request != nil && r.request.Credential != nil {
					return r.secret, "an error repeats the credential of the request: " + r.input
				}
				return r.secret, "an error repeats the secret field of the request"
			}, nil)
		},
	}
}
