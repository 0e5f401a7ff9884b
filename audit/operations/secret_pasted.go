package operations

import (
	"context"

	lr "github.com/launchready/launchready"
)

var secretPasted = &lr.Check{
	ID:       "operations/secret-pasted",
	Title:    "No secret in use ever stood in a chat, a ticket or a screenshot",
	Why:      "Most secrets do not leak from a repository. Somebody pastes one into a chat to help a colleague, and from then on it is in a search index, an export and somebody's phone. No scanner sees it; the team knows.",
	Fix:      "Ask the team once, for each secret of the secrets map, and write the answer there (secrets.NAME.pasted). Change each that was, and hand secrets over through the vault.",
	Severity: lr.High,
	Refs:     []lr.Ref{asvsSecrets, {Source: "CWE", ID: "522"}},
	Needs:    lr.Owner,
	Extra:    true,
	Run: func(_ context.Context, t *lr.Trial) error {
		if len(t.Target.Secrets) == 0 {
			t.Unknown(application, "no secrets map is given: name each secret under secrets")
			return nil
		}
		for _, s := range t.Target.Secrets {
			switch {
			case s.Pasted == nil:
				t.Unknown(s.Name, "the secrets map does not say whether it was ever pasted anywhere")
			case *s.Pasted:
				t.Fail(lr.Evidence{Records: []string{"secrets." + s.Name + ".pasted: true"}}, s.Name, "it stood in a chat, a ticket or a screenshot, and is still in use")
			default:
				t.Pass(lr.Evidence{}, s.Name, "it was never pasted; so says the secrets map")
			}
		}
		return nil
	},
}
