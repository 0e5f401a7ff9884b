package input

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

func uploadExtension() *lr.Check {
	return &lr.Check{
		ID:       "input/upload-extension",
		Title:    "A forbidden file name stays forbidden in every spelling",
		Why:      "A second extension, a capital letter or a dot at the end carries a program past a list of forbidden names; the next system, or a user's double click, reads the name as what it is.",
		Fix:      "Judge the last extension of the name, lower-cased and trimmed, against a list of what is allowed; store under a name of your own.",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "646"}, {Source: "CWE", ID: "434"}, {Source: "ASVS", ID: "v5.0.0-5.2.2"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDrop(ctx, t, func(ctx context.Context, d *drop, n *tries) (*hit, string, error) { return respells(ctx, t, d, n) })
		},
	}
}

// respells finds an extension that is refused for a plain text, and tries other
// spellings of it.
func respells(ctx context.Context, t *lr.Trial, d *drop, n *tries) (*hit, string, error) {
	for _, ext := range []string{".exe", ".php", ".jsp", ".html"} {
		stem := "lr" + word(t)[:12]
		data := []byte("Launch Ready " + stem + "\n")
		x, err := d.put(ctx, t, n, lr.File{Name: stem + ext, Type: "text/plain", Data: data}, "a text named "+ext)
		if err != nil {
			return nil, "", err
		}
		if x.OK() || busy(x) || x.Status >= 500 {
			continue
		}
		for _, name := range []string{stem + ".txt" + ext, stem + strings.ToUpper(ext), stem + ext + ".", stem + ext + " "} {
			y, err := d.put(ctx, t, n, lr.File{Name: name, Type: "text/plain", Data: data}, fmt.Sprintf("the same text named %q", name))
			if err != nil {
				return nil, "", err
			}
			if !y.OK() {
				continue
			}
			back, err := d.served(ctx, t, y)
			if err != nil {
				return nil, "", err
			}
			// What is stored under another name has lost its sting.
			if z := showsAny(append(back, y), name); z != nil {
				return &hit{xs: []*lr.Exchange{x, y, z}, witness: []string{name}, say: fmt.Sprintf("%s is refused and %q is taken, and keeps its name", ext, name)}, "", nil
			}
		}
		return nil, fmt.Sprintf("%s is refused in every spelling", ext), nil
	}
	return nil, "", nil
}
