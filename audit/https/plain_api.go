package https

import (
	"context"
	"net/http"

	lr "github.com/launchready/launchready"
)

var plainAPI = &lr.Check{
	ID:       "https/plain-api",
	Title:    "The API is not served without TLS",
	Why:      "A client with a typing error in its base URL sends its key in clear with every request, and since it works nobody notices.",
	Fix:      "Close port 80 on the API's names, or answer every request there with 403 before anything reads it. Revoke keys that came in that way.",
	Severity: lr.High,
	Refs:     []lr.Ref{refPlain, {Source: "CWE", ID: "319"}, {Source: "CWE", ID: "523"}},
	Needs:    lr.Domain,
	Run:      runPlainAPI,
}

func runPlainAPI(ctx context.Context, t *lr.Trial) error {
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
	// A credential that nobody has: the API's own refusal of it shows who read it.
	made := http.Header{"Authorization": {"Bearer " + t.Stage.Canary("")}}
	for _, f := range all {
		path := bust(t, f.victim.WhoAmI.Path)
		send := func(scheme, path, note string) (*lr.Exchange, error) {
			return w.do(ctx, ask{url: scheme + "://" + f.subject + path, header: made, note: note})
		}
		plain, err := send("http", path, "a made-up credential without TLS")
		if err != nil {
			if err := halted(ctx, err); err != nil {
				return err
			}
			if nobody(err) {
				t.Pass(lr.Evidence{Records: []string{f.subject + ":80: " + err.Error()}}, f.subject, "nothing listens without TLS")
			} else {
				t.Unknown(f.subject, "%v", err)
			}
			continue
		}
		secure, err := send("https", path, "the same with TLS")
		if err != nil {
			t.Unknown(f.subject, "%v", err)
			continue
		}
		other, err := send("http", "/launchready-check", "an address that the API has not, without TLS")
		switch {
		case err != nil || busy(plain):
			t.Unknown(f.subject, "it was busy, or did not answer")
		case alike(secure, plain) && !alike(secure, other):
			t.Fail(lr.Seen(secure, plain, other), f.subject, "reads credentials without TLS: the API refuses a made-up one there as it does with TLS")
		default:
			t.Pass(lr.Seen(plain), f.subject, "the API does not answer without TLS: %d", plain.Status)
		}
	}
	return nil
}
