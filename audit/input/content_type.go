package input

import (
	"context"
	"unicode/utf16"

	lr "github.com/launchready/launchready"
)

func contentType() *lr.Check {
	return &lr.Check{
		ID:    "input/content-type",
		Title: "A body is read as what it says it is",
		Why: "A page of any origin may send `text/plain` and forms without asking first; a handler that reads JSON out of them takes the browser's word for a client's, " +
			"and with a cookie it takes it for the user's. Filters that judge JSON do not look into a body of another type.",
		Fix:      "Answer 415 unless the media type is `application/json`, before the body is read. Take the text as UTF-8 whatever `charset` says, or refuse another one.",
		Guard:    "validate",
		Severity: lr.Low,
		Refs:     []lr.Ref{{Source: "CWE", ID: "436"}, {Source: "CWE", ID: "352"}, {Source: "ASVS", ID: "v5.0.0-4.1.1"}, {Source: "RFC", ID: "9110"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachMaker(ctx, t, otherTypes)
		},
	}
}

func otherTypes(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
	gravity := lr.Low
	if m.as != nil && len(m.as.Credential.Cookie) > 0 {
		gravity = lr.Medium
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=lr", "application/xml", "application/json; charset=utf-16le"} {
		r, body, err := m.body(ctx, t)
		if err != nil {
			return err
		}
		told := texts(body)
		wide := media == "application/json; charset=utf-16le"
		if wide {
			r.Body = wideText(string(r.Body))
		}
		r.SetHeader("Content-Type", media)
		x, err := c.send(ctx, t, m.door, r, "a body that says it is "+media)
		if err != nil {
			return err
		}
		err = c.judge(ctx, t, m, x, gravity, func(st *lr.State) string {
			switch {
			case wide && m.changes == nil && st.Exists && len(told) > 0 && !holdsAny(st.Exchange, told):
				return "a body in UTF-16 is taken, and its texts are kept as other texts"
			case !wide && m.made(st, told):
				return "JSON that says it is " + media + " is taken, and what stands in it is kept"
			}
			return ""
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func holdsAny(x *lr.Exchange, told []string) bool {
	for _, s := range told {
		if holds(x, s) {
			return true
		}
	}
	return false
}

// wideText is a text in UTF-16, the low byte first.
func wideText(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8)) //nolint:gosec // both halves
	}
	return out
}
