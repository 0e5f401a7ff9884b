package https

import (
	"context"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

var securityTxt = &lr.Check{
	ID:       "https/security-txt",
	Title:    "Who finds a weakness knows where to tell it",
	Why:      "Without `/.well-known/security.txt` a report goes to sales or to the public. Buyers look for it, and it takes ten minutes.",
	Fix:      "Serve `/.well-known/security.txt` at the domain or at www with `Contact:` and an `Expires:` within a year.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refMisconfiguration, {Source: "RFC", ID: "9116"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      runSecurityTxt,
}

func runSecurityTxt(ctx context.Context, t *lr.Trial) error {
	w, err := webOf(ctx, t)
	if err != nil {
		return err
	}
	d := t.Target.Domain
	var seen []*lr.Exchange
	for _, host := range []string{d.Name, "www." + d.Name, d.Canonical} {
		if host == "" {
			continue
		}
		r := w.follow(ctx, d, "https://"+host+"/.well-known/security.txt", "where to report a weakness", nil)
		if err := halted(ctx, r.err); err != nil {
			return err
		}
		if r.busy() {
			t.Unknown(host, "it was busy")
			return nil
		}
		x := r.last()
		if x == nil {
			continue
		}
		seen = append(seen, x)
		if x.Status != 200 || markup(x) {
			continue
		}
		switch wrong := judgeSecurityTxt(string(x.Body), t.Now()); wrong {
		case "":
			t.Pass(lr.Seen(x), d.Name, "says where to report a weakness")
		default:
			t.Fail(lr.Seen(x), d.Name, "has a security.txt that %s", wrong)
		}
		return nil
	}
	if len(seen) == 0 {
		t.Unknown(d.Name, "neither the domain nor www answered by TLS")
		return nil
	}
	t.Fail(lr.Seen(seen...), d.Name, "has no /.well-known/security.txt")
	return nil
}

func judgeSecurityTxt(text string, now time.Time) string {
	contact, expires := false, false
	for line := range strings.Lines(text) {
		name, v, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch v = strings.TrimSpace(v); strings.ToLower(name) {
		case "contact":
			contact = contact || v != ""
		case "expires":
			at, err := time.Parse(time.RFC3339, v)
			if err != nil {
				return "has no date in Expires"
			}
			if expires = true; at.Before(now) {
				return "expired on " + at.UTC().Format(time.DateOnly)
			}
		}
	}
	switch {
	case !contact:
		return "names no contact"
	case !expires:
		return "does not say until when it holds"
	}
	return ""
}
