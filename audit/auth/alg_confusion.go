package auth

import (
	"context"
	"crypto/rand"

	lr "github.com/launchready/launchready"
)

var algConfusion = &lr.Check{
	ID:    "auth/alg-confusion",
	Title: "The public key is not taken for a shared secret",
	Why: "The key that verifies tokens is public. A verifier that lets the token choose HS256 uses that key as the secret, " +
		"so anyone who downloads the key set signs tokens for any user of any customer.",
	Fix: "Bind each key to its algorithm: pass both to the verifier, and do not read the algorithm from the token. " +
		"Upgrade a JWT library that takes one `key` argument for both kinds of algorithm.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "347"}, {Source: "ASVS", ID: "v5.0.0-9.1.2"}, {Source: "RFC", ID: "8725 section 2.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Extra:    true, // many targets publish no key
	Run:      runAlgConfusion,
}

func runAlgConfusion(ctx context.Context, t *lr.Trial) error {
	keys, err := publishedKeys(ctx, t)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		victim, _, own, err := holder(ctx, t)
		switch {
		case err != nil:
			return err
		case victim == nil:
			t.NotApplicable(noJWT)
			return nil
		case own.symmetric():
			t.NotApplicable("tokens are signed with %s and no key is published, so there is no public key", own.alg())
			return nil
		}
	}
	return tamper(ctx, t, "A token signed with the public key as shared secret is accepted", func(me *lr.Account, own jwt) ([]forgery, string, error) {
		input := own.input(map[string]any{"alg": "HS256"})
		random := make([]byte, 32)
		if _, err := rand.Read(random); err != nil {
			return nil, "", err
		}
		// A verifier that takes any HS256 signature is auth/token-signature's.
		twin := spoiled(credentialOf(me), mac("HS256", input, random))
		var out []forgery
		kid, _ := own.header["kid"].(string)
		for _, k := range keys {
			if kid != "" && k.kid != "" && kid != k.kid && len(keys) > 1 {
				continue
			}
			for _, form := range k.forms {
				f := forged(me, own, "HS256 with the key's "+form.name, mac("HS256", input, form.bytes))
				f.twin = &twin
				out = append(out, f)
			}
		}
		return out, "no key set was found at a declared route or the usual places, so its key could not be tried", nil
	})
}
