package email

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

var bulkSender = &lr.Check{
	ID:    "email/bulk-sender",
	Title: "A real message keeps the rules that large receivers set for senders",
	Why: "Google and Yahoo (since 2024) and Microsoft (since 2025) refuse or rate mail that breaks them, beside SPF, DKIM and DMARC: " +
		"one author, a Date and a Message-ID, TLS on the way, and an address whose name leads back to it.",
	Fix:      "Have the library or service that builds the message write each field once; send under TLS; have the provider of the address set its PTR record.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{googleBulk, {Source: "Yahoo", ID: "sender-best-practices-2024"}, rfc("5322", "3.6")},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		r, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		return sampleCheck(ctx, t, func(s *sample) {
			var lacks []string
			e := facts(fmt.Sprintf("Received:%s", s.trace.by))
			if s.dkim.Froms != 1 || len(s.dkim.From) != 1 {
				lacks = append(lacks, "It has not one author in one From field.")
			}
			for _, field := range []string{"Date", "Message-Id"} {
				if n := len(s.header[field]); n != 1 {
					lacks = append(lacks, fmt.Sprintf("It has %d fields %s.", n, field))
				}
			}
			if s.trace.known && !s.trace.tls {
				lacks = append(lacks, "It was handed over without TLS.")
			}
			open := ""
			if ip := s.trace.ip; ip.IsValid() {
				names, back, err := reverse(ctx, r, ip)
				switch {
				case err != nil:
					open = fmt.Sprintf("the name of %s could not be asked: %v", ip, err)
				case len(names) == 0:
					lacks = append(lacks, fmt.Sprintf("The address %s that handed it over has no PTR record.", ip))
				case !back:
					lacks = append(lacks, fmt.Sprintf("The address %s that handed it over has the name %s, which has another address.", ip, names[0]))
				default:
					e.Records = append(e.Records, fmt.Sprintf("%s is %s, which leads back", ip, names[0]))
				}
			} else {
				open = "which address handed it over is not known"
			}
			switch {
			case len(lacks) > 0:
				t.Fail(e, s.subject, "%s", joined(lacks))
			case open != "":
				t.Unknown(s.subject, "%s", open)
			default:
				t.Pass(e, s.subject, "it keeps the rules")
			}
		})
	},
}
