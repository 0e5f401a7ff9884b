package input

import (
	"context"
	"fmt"
	"net/url"
	"regexp"

	lr "github.com/launchready/launchready"
)

func pathTraversal() *lr.Check {
	return &lr.Check{
		ID:       "input/path-traversal",
		Title:    "No input names a file outside its folder",
		Why:      "A name that climbs out of its folder reads the application's configuration, its keys and every customer's files.",
		Fix:      "Do not open files by names that callers send: keep a table from ids to files. Where it must be, open below a root that the system confines (Go's os.Root, openat2 with RESOLVE_BENEATH), after decoding once.",
		Guard:    "canonical_path",
		Severity: lr.Critical,
		Refs:     []lr.Ref{{Source: "CWE", ID: "22"}, {Source: "ASVS", ID: "v5.0.0-5.3.2"}, {Source: "OWASP API", ID: "API8:2023"}},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDoor(ctx, t, func(ctx context.Context, d *door, n *tries) (*hit, error) {
				return climbs(ctx, t, d, n)
			})
		},
	}
}

// accounts is a file that every Unix has, and settings one that every Windows has;
// both are told by their content, wherever it stands in the reply.
var (
	accounts = regexp.MustCompile(`root:[^:\n]{0,80}:0:0:[^:\n]{0,80}:/[^:\n]{0,40}:/[\w/]{2,40}`)
	settings = regexp.MustCompile(`(?i)\[fonts\]\s+\[extensions\]`)
)

var climb = []string{
	"../../../../../../../../../../etc/passwd",
	"/etc/passwd",
	"....//....//....//....//....//....//....//....//etc/passwd",
	"..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", // encoded once more by the sender
	`..\..\..\..\..\..\..\..\windows\win.ini`,
}

func climbs(ctx context.Context, t *lr.Trial, d *door, n *tries) (*hit, error) {
	for _, ps := range groups(d) {
		if ps[0].number {
			continue
		}
		for _, path := range climb {
			x, err := n.send(ctx, t, d, d.with(same(ps, path), ps...), "a name that climbs out of its folder")
			if err != nil {
				return nil, err
			}
			found, sign := readsFile(x)
			if found == "" {
				continue
			}
			// A text about such a file is none: it shows for a name that climbs nowhere too.
			y, err := n.send(ctx, t, d, d.with(same(ps, "../"+url.PathEscape(word(t))), ps...), "a name of the same form that no file has")
			if err != nil {
				return nil, err
			}
			if busy(y) || sign.Match(y.Body) {
				continue
			}
			return &hit{xs: []*lr.Exchange{y, withoutBody(x)}, records: []string{"the reply held the line of root of " + found + "; its content is withheld"},
				say: fmt.Sprintf("%s names any file of the server: it showed %s", names(ps), found)}, nil
		}
	}
	return nil, nil
}

// readsFile names the system's file that stands in the reply.
func readsFile(x *lr.Exchange) (name string, sign *regexp.Regexp) {
	switch {
	case accounts.Match(x.Body):
		return "/etc/passwd", accounts
	case settings.Match(x.Body):
		return `C:\windows\win.ini`, settings
	}
	return "", nil
}

// withoutBody is the exchange without what the server's file said.
func withoutBody(x *lr.Exchange) *lr.Exchange {
	y := *x
	y.Body = []byte(fmt.Sprintf("[%d bytes withheld: a file of the server]", len(x.Body)))
	return &y
}
