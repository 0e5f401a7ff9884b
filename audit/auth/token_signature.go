package auth

import (
	"context"
	"encoding/json"

	lr "github.com/launchready/launchready"
)

var tokenSignature = &lr.Check{
	ID:    "auth/token-signature",
	Title: "A token is accepted only with its own signature",
	Why:   "A token whose signature is not verified is a form that anyone may fill in: user, tenant and role are what the caller writes there.",
	Fix: "Verify the signature before reading a claim, with the library's verifying call and not its decoding one, and refuse on every error. " +
		"Keep a retired key in the key set until its last token has expired instead of letting its tokens through.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "347"}, {Source: "ASVS", ID: "v5.0.0-9.1.1"}, {Source: "RFC", ID: "8725 section 3.3"}},
	Needs:    lr.Routes | lr.Credentials,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return tamper(ctx, t, "A token with a wrong signature is accepted", func(me *lr.Account, own jwt) ([]forgery, string, error) {
			return wrongSignatures(me, own), "the token's signature cannot be read", nil
		})
	},
}

func wrongSignatures(me *lr.Account, own jwt) []forgery {
	var out []forgery
	if s, ok := own.turned(); ok {
		out = append(out, forged(me, own, "one bit of the signature turned", s))
	}
	out = append(out,
		forged(me, own, "no signature", own.raw[0]+"."+own.raw[1]+"."),
		forged(me, own, "signed under an unknown key id", own.input(map[string]any{"kid": "launchready-retired"})+"."+own.raw[2]),
	)
	if s, ok := own.disguised(); ok {
		out = append(out, forged(me, own, "a claim added after signing", s))
	}
	return out
}

// disguised is the token with its claims changed and its signature kept: the
// account stays, so that its own data is what an accepting route shows.
func (j jwt) disguised() (string, bool) {
	claims := make(map[string]any, len(j.claims)+1)
	for k, v := range j.claims {
		claims[k] = v
	}
	claims["launchready"] = true
	b, err := json.Marshal(claims)
	if err != nil {
		return "", false
	}
	return j.raw[0] + "." + b64(b) + "." + j.raw[2], true
}
