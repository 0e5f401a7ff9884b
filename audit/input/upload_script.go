package input

import (
	"bytes"
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

func uploadScript() *lr.Check {
	return &lr.Check{
		ID:       "input/upload-script",
		Title:    "An uploaded picture runs no script",
		Why:      "SVG is a picture that carries scripts. Shown from the application's own origin it acts as whoever opens it.",
		Fix:      "Redraw pictures as PNG, or refuse SVG. Where it must stay, send it as an attachment or under `Content-Security-Policy: sandbox; script-src 'none'`.",
		Guard:    "hide_headers",
		Severity: lr.High,
		Refs:     []lr.Ref{{Source: "CWE", ID: "79"}, {Source: "CWE", ID: "434"}, {Source: "ASVS", ID: "v5.0.0-1.3.4"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDrop(ctx, t, func(ctx context.Context, d *drop, n *tries) (*hit, string, error) {
				id := word(t)
				mark := []byte(`<script id="` + id + `">`)
				data := []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">` + string(mark) + `document.title = 1</script><rect width="9" height="9"/></svg>`)
				x, err := d.put(ctx, t, n, lr.File{Name: "picture.svg", Type: "image/svg+xml", Data: data}, "a picture with a script")
				if err != nil {
					return nil, "", err
				}
				if !x.OK() {
					return nil, "a picture with a script is refused", nil
				}
				back, err := d.served(ctx, t, x)
				if err != nil {
					return nil, "", err
				}
				for _, y := range back {
					// Scripts that were taken out do not run.
					if how := runsIn(y); how != "" && bytes.Contains(y.Body, mark) {
						return &hit{xs: []*lr.Exchange{x, y}, witness: []string{id}, gravity: gravityOf(y, d.as), say: fmt.Sprintf("an uploaded picture comes back %s with its script, and a browser runs it", how)}, "", nil
					}
				}
				return nil, "a picture with a script comes back so that the script does not run", nil
			})
		},
	}
}
