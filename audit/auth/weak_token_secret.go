package auth

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

var weakTokenSecret = &lr.Check{
	ID:    "auth/weak-token-secret",
	Title: "The secret that signs tokens cannot be guessed",
	Why: "A token signed with a shared secret can be tried offline, at millions of guesses a second, by any customer who holds one. " +
		"Who finds the secret signs tokens for every user of every customer, and no log shows it.",
	Fix: "Make the secret of at least 32 random bytes (`openssl rand -base64 32`), keep it in the secret store, and rotate it now: every token signed with the old one is forgeable. " +
		"Better, sign with RS256, ES256 or EdDSA, so that services which verify cannot sign.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "521"}, {Source: "CWE", ID: "798"}, {Source: "RFC", ID: "7518 section 3.2"}, {Source: "RFC", ID: "8725 section 3.5"}},
	Needs:    lr.Credentials,
	Run:      runWeakTokenSecret,
}

func runWeakTokenSecret(ctx context.Context, t *lr.Trial) error {
	victim, me, own, err := holder(ctx, t)
	if err != nil {
		return err
	}
	if victim == nil {
		t.NotApplicable(noJWT)
		return nil
	}
	evidence := lr.Evidence{Records: []string{fmt.Sprintf("the account's own token is signed with %s", own.alg())}}
	if !own.symmetric() {
		t.Pass(evidence, application, "tokens are signed with %s: there is no shared secret to guess", own.alg())
		return nil
	}
	words := candidates(t.Target)
	n := guess(own, words)
	if n < 0 {
		evidence.Records = append(evidence.Records, fmt.Sprintf("%d usual secrets do not verify it", len(words)))
		t.Pass(evidence, application, "none of %d usual secrets signs the account's own token", len(words))
		return nil
	}
	evidence.Records = append(evidence.Records, fmt.Sprintf("its signature verifies with a secret of %d characters from a list of %d usual ones", len(words[n]), len(words)))
	message := fmt.Sprintf("the account's own token is signed with %s and a secret of %d characters from a list of %d usual ones", own.alg(), len(words[n]), len(words))
	// The guess is proof by itself; a token made with it shows what it opens.
	claims, _ := own.disguised()
	input := strings.Join(strings.SplitN(claims, ".", 3)[:2], ".")
	probes, err := guarded(ctx, t, victim, 1)
	if err != nil {
		return err
	}
	if len(probes) > 0 {
		j, err := offer(ctx, t, probes[0], forged(me, own, "signed with the guessed secret", mac(own.alg(), input, []byte(words[n]))))
		if err != nil {
			return err
		}
		if j.Verdict == lr.Failed {
			evidence.Exchanges, evidence.Witness = j.Evidence.Exchanges, j.Hits
			message += "; a token that the audit signed with it was accepted by " + probes[0].Route.String()
		}
	}
	t.Fail(evidence, application, "%s", message)
	return nil
}

// guess returns the index of the secret that signs the token, or -1.
func guess(j jwt, words []string) int {
	input := j.raw[0] + "." + j.raw[1]
	want := input + "." + strings.TrimRight(j.raw[2], "=")
	for i, w := range words {
		if mac(j.alg(), input, []byte(w)) == want {
			return i
		}
	}
	return -1
}
