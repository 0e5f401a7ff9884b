package secrets

import (
	"context"

	lr "github.com/launchready/launchready"
)

var image = &lr.Check{
	ID:       "secrets/image",
	Title:    "What is shipped holds no secret",
	Why:      "An image keeps every layer: a key that one step copied and the next deleted is still there for everybody who pulls it. Registries are copied, mirrored and opened by mistake.",
	Fix:      "Change the secret. Hand secrets to a build as build secrets (RUN --mount=type=secret) and to a container as environment at its start; list .env and .git in .dockerignore.",
	Severity: lr.High,
	Refs:     []lr.Ref{hardCoded, asvsVault, {Source: "CIS Docker", ID: "1.6.0-4.10"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		if len(t.Target.Material.Images) == 0 {
			t.NotApplicable("no image is named: save one (docker save) and give it as source.images")
			return nil
		}
		return files(ctx, t, t.Target.Material.Images, "what is shipped")
	},
}
