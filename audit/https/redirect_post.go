package https

import (
	"context"
	"net/http"

	lr "github.com/launchready/launchready"
)

var redirectPost = &lr.Check{
	ID:    "https/redirect-post",
	Title: "A write without TLS is refused and not redirected",
	Why: "By the time of the redirect body and credential have gone over the network in clear. A client that is refused gets mended; one that is redirected " +
		"goes on that way for ever, and after 301 sends a GET.",
	Fix:      "On the API's names answer everything but GET and HEAD on port 80 with 403, or close the port.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refPlain, {Source: "RFC", ID: "9110 section 15.4.2"}, {Source: "CWE", ID: "319"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      runRedirectPost,
}

func runRedirectPost(ctx context.Context, t *lr.Trial) error {
	all, err := gates(ctx, t)
	if err != nil {
		return err
	}
	w, err := webOf(ctx, t)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		t.Unknown("application", noFront)
		return nil
	}
	for _, f := range all {
		x, err := w.do(ctx, ask{method: "POST", url: "http://" + f.subject + "/launchready-check", body: "{}", header: http.Header{"Content-Type": {"application/json"}}, note: "a write without TLS"})
		switch {
		case err != nil && nobody(err):
			t.Pass(lr.Evidence{Records: []string{f.subject + ":80: " + err.Error()}}, f.subject, "nothing listens without TLS")
		case err != nil:
			if err := halted(ctx, err); err != nil {
				return err
			}
			t.Unknown(f.subject, "%v", err)
		case busy(x):
			t.Unknown(f.subject, "it was busy: %d", x.Status)
		case redirects(x):
			t.Fail(lr.Seen(x), f.subject, "answers a POST without TLS by a redirect, %d", x.Status)
		default:
			t.Pass(lr.Seen(x), f.subject, "does not redirect a POST without TLS: %d", x.Status)
		}
	}
	return nil
}
