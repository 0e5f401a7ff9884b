package auth

import (
	"context"

	lr "github.com/launchready/launchready"
)

var algNone = &lr.Check{
	ID:    "auth/alg-none",
	Title: "A token that says it is unsigned is refused",
	Why:   "`alg: none` tells the verifier that there is no signature to look at. Where that is believed, anyone writes a token for any user of any customer.",
	Fix: "Give the verifier the list of algorithms that the application signs with, and ignore the token's own wish. " +
		"Compare without regard to case: `None` and `nOnE` have got past filters for `none`.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "347"}, {Source: "ASVS", ID: "v5.0.0-9.1.2"}, {Source: "RFC", ID: "8725 section 3.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return tamper(ctx, t, "A token that says it is unsigned is accepted", func(me *lr.Account, own jwt) ([]forgery, string, error) {
			// A verifier that takes any algorithm looks at no signature at all, which
			// is auth/token-signature's.
			twin := spoiled(credentialOf(me), own.input(map[string]any{"alg": "LR999"})+".")
			var out []forgery
			for _, alg := range []string{"none", "None", "NONE", "nOnE"} {
				f := forged(me, own, "alg "+alg, own.input(map[string]any{"alg": alg})+".")
				f.twin = &twin
				out = append(out, f)
			}
			return out, "", nil
		})
	},
}
