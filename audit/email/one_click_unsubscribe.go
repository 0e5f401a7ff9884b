package email

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

var oneClickUnsubscribe = &lr.Check{
	ID:    "email/one-click-unsubscribe",
	Title: "Mail to many can be unsubscribed from with one click",
	Why: "Google and Yahoo ask it of everybody who sends newsletters and notices to many; without it people press the button for spam, " +
		"and the password resets of the same domain go with the newsletter.",
	Fix: "Send `List-Unsubscribe: <https://…>` with an address that identifies the reader and takes a POST without signing in, and `List-Unsubscribe-Post: List-Unsubscribe=One-Click`, " +
		"both covered by the DKIM signature of your domain.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("8058", "3.1"), rfc("8058", "4"), googleBulk},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return sampleCheck(ctx, t, func(s *sample) {
			h := s.header
			where, how := strings.Join(h["List-Unsubscribe"], ", "), strings.TrimSpace(h.Get("List-Unsubscribe-Post"))
			many := where != "" || how != "" || h.Get("List-Id") != "" || strings.EqualFold(h.Get("Precedence"), "bulk")
			if !many {
				t.NotApplicable("the message is to one reader: it has no List field")
				return
			}
			e := facts("List-Unsubscribe: "+clip(where), "List-Unsubscribe-Post: "+clip(how))
			var lacks []string
			if !strings.Contains(strings.ToLower(where), "<https://") {
				lacks = append(lacks, "List-Unsubscribe has no https address.")
			}
			if !strings.EqualFold(how, "List-Unsubscribe=One-Click") {
				lacks = append(lacks, "List-Unsubscribe-Post does not say List-Unsubscribe=One-Click.")
			}
			if signed := s.signedFields(); len(lacks) == 0 && signed != nil {
				for _, f := range []string{"list-unsubscribe", "list-unsubscribe-post"} {
					if !slices.Contains(signed, f) {
						lacks = append(lacks, fmt.Sprintf("%s is not covered by the domain's signature.", f))
					}
				}
			}
			if len(lacks) > 0 {
				t.Fail(e, s.subject, "%s", joined(lacks))
				return
			}
			t.Pass(e, s.subject, "it can be unsubscribed from with one click")
		})
	},
}

// signedFields are those that signatures of the domain cover, in lower case; nil
// without a signature that verifies.
func (s *sample) signedFields() []string {
	var out []string
	for _, v := range s.dkim.Signatures {
		if verified(v) && within(v.Domain, registrable(s.from)) {
			for _, f := range v.Fields {
				out = append(out, strings.ToLower(f))
			}
		}
	}
	return out
}
