package input

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

func uploadInline() *lr.Check {
	return &lr.Check{
		ID:       "input/upload-inline",
		Title:    "Uploaded pages are saved, not shown",
		Why:      "A page that a customer uploaded and the application shows runs on the application's own origin: it acts as whoever opens the link.",
		Fix:      "Send files with `Content-Disposition: attachment` and `X-Content-Type-Options: nosniff`, under `Content-Security-Policy: sandbox`, or from another site that holds no session.",
		Guard:    "hide_headers",
		Severity: lr.High,
		Refs:     []lr.Ref{{Source: "CWE", ID: "434"}, {Source: "CWE", ID: "79"}, {Source: "ASVS", ID: "v5.0.0-3.2.1"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDrop(ctx, t, func(ctx context.Context, d *drop, n *tries) (*hit, string, error) { return shows(ctx, t, d, n) })
		},
	}
}

// shows uploads pages: an honest one, one that is a picture as well, and one that
// says nothing of its type.
func shows(ctx context.Context, t *lr.Trial, d *drop, n *tries) (*hit, string, error) {
	taken := 0
	for _, f := range []struct{ name, media, head string }{
		{"page.html", "text/html", "<!doctype html>"},
		{"page.html", "image/gif", "GIF89a"},
		{"page.htm", "", "<html>"},
	} {
		id := word(t)
		data := []byte(f.head + `<script id="` + id + `">document.title = 1</script>`)
		x, err := d.put(ctx, t, n, lr.File{Name: f.name, Type: f.media, Data: data}, "a page, as "+f.media)
		if err != nil {
			return nil, "", err
		}
		if !x.OK() {
			continue
		}
		taken++
		back, err := d.served(ctx, t, x)
		if err != nil {
			return nil, "", err
		}
		for _, y := range back {
			how := runsIn(y)
			if how == "" || how == "as image/svg+xml" || !element(y.Body, id) {
				continue
			}
			return &hit{xs: []*lr.Exchange{x, y}, witness: []string{id}, gravity: gravityOf(y, d.as), say: fmt.Sprintf("an uploaded page comes back %s, and a browser runs it", how)}, "", nil
		}
	}
	if taken == 0 {
		return nil, "pages are refused", nil
	}
	return nil, "uploaded pages come back as files to save", nil
}
