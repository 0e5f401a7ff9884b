package input

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

func headerSize() *lr.Check {
	return &lr.Check{
		ID:       "input/header-size",
		Title:    "Header fields have a limit of size",
		Why:      "Header fields are read before anybody is asked who they are. What holds two megabytes of them holds them for everyone who opens a connection.",
		Fix:      "Keep the server's own limit (8 to 64 KB) instead of lifting it for one client: `MaxHeaderBytes`, `large_client_header_buffers`, `--max-http-header-size`. Answer 431.",
		Guard:    "limits",
		Severity: lr.Low,
		Refs:     []lr.Ref{{Source: "CWE", ID: "770"}, {Source: "RFC", ID: "6585"}, {Source: "OWASP API", ID: "API4:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Extra:    true,
		Run:      largeHeader,
	}
}

// largeHeader asks a route that shows the caller's own object, with a field that
// no client sends: that the object comes shows that the field was read.
func largeHeader(ctx context.Context, t *lr.Trial) error {
	doors, err := doorsOf(ctx, t)
	if err != nil {
		return err
	}
	for _, d := range doors {
		if d.route.Kind != lr.Read || d.object == nil || len(d.witness) == 0 {
			continue
		}
		plain := d.base.Clone()
		plain.Note = "a plain request"
		x, err := t.HTTP.Do(ctx, d.as, plain)
		if over := ended(ctx, err); over != nil {
			return over
		}
		w := ""
		if err == nil {
			w = witnessIn(d.witness, x, plain.Path)
		}
		if w == "" {
			continue
		}
		const size = 2 * mega
		r := d.base.Clone()
		r.SetHeader("X-Padding", strings.Repeat("a", size))
		r.Note, r.Once = fmt.Sprintf("a header field of %d MB", size/mega), true
		y, err := t.HTTP.Do(ctx, d.as, r)
		if over := ended(ctx, err); over != nil {
			return over
		}
		if err != nil {
			t.Pass(lr.Seen(x), application, "the connection is cut at a header field of %d MB", size/mega)
			return nil
		}
		z := *y
		z.Request = z.Request.Clone()
		z.Request.Set("X-Padding", fmt.Sprintf("aaa… (%d bytes)", size))
		e := lr.Seen(x, &z)
		switch {
		case busy(y):
			t.Unknown(application, "%s", errBusy)
		case y.OK() && witnessIn(d.witness, y, r.Path) != "":
			e.Witness = []string{w}
			t.Fail(e, application, "a header field of %d MB is read, and %s answers as always", size/mega, d)
		default:
			t.Pass(e, application, "a header field of %d MB is answered %d", size/mega, y.Status)
		}
		return nil
	}
	t.Unknown(application, "no route shows the run an object of its own")
	return nil
}
