package operations

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
)

var containerUser = &lr.Check{
	ID:    "operations/container-user",
	Title: "Containers do not run as root",
	Why:   "Whoever gets a command to run in the application is root in its container: able to change the code, read every mounted secret, and a kernel fault away from the host.",
	Fix:   "Add USER with a user of its own to the Dockerfile's last stage, and runAsNonRoot: true to the manifest, which then refuses an image without one.",
	Refs:  []lr.Ref{{Source: "CWE", ID: "250"}, {Source: "CIS Docker", ID: "1.6.0-4.1"}}, Severity: lr.Low,
	Needs: lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		f, err := deployed(ctx, t)
		if err != nil {
			return err
		}
		if len(f.Users) == 0 {
			t.NotApplicable("the repository builds no container image")
			return nil
		}
		for _, u := range f.Users {
			name, _, _ := strings.Cut(u.Name, ":")
			e := lr.Evidence{Records: []string{u.Place.String()}}
			switch {
			case strings.Contains(name, "$"):
				t.Unknown(u.File, "its user is a variable")
			case name != "" && name != "root" && name != "0":
				t.Pass(e, u.File, "its last stage runs as %s", name)
			case name == "" && nonRootBase(u.Base):
				t.Pass(e, u.File, "its last stage is an image that does not run as root")
			case len(f.NonRoot) > 0:
				t.Pass(places(f.NonRoot, ": runAsNonRoot"), u.File, "it names no user, and the manifests refuse to run it as root")
			default:
				t.Fail(e, u.File, "its last stage runs as root")
			}
		}
		return nil
	},
}

// nonRootBase tells images that are made so.
func nonRootBase(ref string) bool {
	return strings.Contains(ref, "nonroot") || strings.HasPrefix(ref, "cgr.dev/chainguard/") || strings.Contains(ref, "unprivileged")
}
