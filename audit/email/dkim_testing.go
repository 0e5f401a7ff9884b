package email

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var dkimTesting = &lr.Check{
	ID:       "email/dkim-testing",
	Title:    "No DKIM key is marked as a test",
	Why:      "`t=y` asks receivers to treat signed mail as unsigned: a set-up that was never ended.",
	Fix:      "Take `t=y` out of the record (`t=s` may stay).",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("6376", "3.6.1")},
	Needs:    lr.Domain,
	Run:      keyLint{codes: []dkim.Code{dkim.Testing}, right: "the key is no test"}.run,
}
