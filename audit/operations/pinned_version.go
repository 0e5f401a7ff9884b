package operations

import (
	"context"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

var pinnedVersion = &lr.Check{
	ID:    "operations/pinned-version",
	Title: "What production is built from is pinned",
	Why: "An image without a version, or a workflow step from somebody's branch, is whatever its owner published last. A build then differs from the one that was tested, " +
		"a roll-back does not bring the old one back, and a stolen account upstream runs code with your release's secrets.",
	Fix:      "Name a version for each image, or better its digest, and the full commit for actions of others; let a bot propose the next.",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "CWE", ID: "1357"}, {Source: "OWASP CICD", ID: "CICD-SEC-3"}, {Source: "ASVS", ID: "v5.0.0-15.2.4"}},
	Needs:    lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		f, err := deployed(ctx, t)
		if err != nil {
			return err
		}
		asked, found := 0, false
		for _, i := range f.Images {
			if i.Local {
				continue
			}
			asked++
			if tag := i.Tag(); !i.Digest() && (tag == "" || moving.MatchString(tag)) {
				found = true
				t.Fail(lr.Evidence{Records: []string{i.Place.String() + ": " + i.Ref}}, i.File, "it takes %s, whatever that is today", i.Ref)
			}
		}
		for _, a := range f.Actions {
			if strings.HasPrefix(a.Uses, "./") || strings.HasPrefix(a.Uses, "docker://") {
				continue
			}
			asked++
			if _, ref, ok := strings.Cut(a.Uses, "@"); !ok || moving.MatchString(ref) {
				found = true
				t.Fail(lr.Evidence{Records: []string{a.Place.String() + ": " + a.Uses}}, a.File, "it runs %s, whatever that is today", a.Uses)
			}
		}
		switch {
		case asked == 0:
			t.NotApplicable("the repository names no image and no action")
		case !found:
			t.Pass(lr.Evidence{}, application, "%d images and actions have a version", asked)
		}
		return nil
	},
}

// moving are names that mean something else tomorrow.
var moving = regexp.MustCompile(`(?i)^(latest|stable|edge|nightly|dev|main|master|trunk|head|develop|lts|current)$`)
