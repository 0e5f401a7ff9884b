package secrets

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

var manifestLiteral = &lr.Check{
	ID:    "secrets/manifest-literal",
	Title: "Manifests refer to secrets and do not hold them",
	Why: "A manifest with the value in it is a secret in the repository under another name, and in every log of the tool that applies it. " +
		"Changing the secret then takes a release, so it is not changed.",
	Fix:      "Refer to the vault: secretKeyRef, a secret of the platform, an external secret. Change the value that stood there.",
	Severity: lr.High,
	Refs:     []lr.Ref{hardCoded, asvsVault},
	Needs:    lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Gaps(ctx, t, env.LiteralSecret, "a variable with a secret's name has its value in the file", "no manifest holds the value of a secret")
	},
}
