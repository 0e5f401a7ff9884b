// Package email is the row "Email auth setup": SPF, DKIM and DMARC all pass on
// the sending domain. Beside them it asks what receivers and senders of mail look
// at next: MX records, STARTTLS, MTA-STS, TLS reports, and a real message.
//
// A file holds one check and is named after it. What several checks ask alike is
// asked once: spf.go, selectors.go, dmarc.go, exchangers.go, sts.go, sample.go.
// A question without answer is Unknown: absence is proved or not told.
package email

import (
	"fmt"

	lr "github.com/launchready/launchready"
)

// rfc names a clause: rfc("7208", "4.6.4").
func rfc(number, section string) lr.Ref { return lr.Ref{Source: "RFC", ID: number + " " + section} }

var (
	mvspMail   = lr.Ref{Source: "MVSP", ID: "v3-2.1"}
	googleBulk = lr.Ref{Source: "Google", ID: "email-sender-guidelines-2024"}
	spoofing   = lr.Ref{Source: "CWE", ID: "290"}
)

// Row lists the checks.
func Row() lr.Row {
	return lr.Row{
		ID:    "email",
		Title: "Email auth setup",
		Pass:  "SPF, DKIM and DMARC all pass on the sending domain",
		Checks: []*lr.Check{
			spfPresent,
			spfMultiple,
			spfSyntax,
			spfLookups,
			spfVoids,
			spfLoop,
			spfInclude,
			spfTakeover,
			spfAll,
			spfBroad,
			spfPtr,
			spfUnused,
			spfSenders,
			dkimPresent,
			dkimSyntax,
			dkimKeyLength,
			dkimAlgorithm,
			dkimTesting,
			dkimRevoked,
			dkimWildcard,
			dkimDangling,
			dmarcPresent,
			dmarcMultiple,
			dmarcSyntax,
			dmarcLocation,
			dmarcPolicy,
			dmarcTesting,
			dmarcSubdomains,
			dmarcOverride,
			dmarcRemovedTags,
			dmarcReports,
			dmarcReportConsent,
			dmarcAlignment,
			dmarcReaders,
			mxPresent,
			mxNull,
			mxResolves,
			mxCname,
			mxAddress,
			mxReverse,
			starttls,
			starttlsCertificate,
			starttlsVersion,
			mtaSTSRecord,
			mtaSTSPolicy,
			mtaSTSMode,
			mtaSTSAge,
			mtaSTSMX,
			tlsReports,
			parkedDomain,
			sampleDKIM,
			sampleSignature,
			sampleSPF,
			sampleAlignment,
			bulkSender,
			oneClickUnsubscribe,
		},
	}
}

// fail reports a confirmed finding of another severity than the check's.
func fail(t *lr.Trial, s lr.Severity, e lr.Evidence, subject, format string, args ...any) {
	t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: s, Subject: subject, Message: fmt.Sprintf(format, args...), Evidence: e})
}

// facts are evidence of records, one a line.
func facts(lines ...string) lr.Evidence { return lr.Evidence{Records: lines} }

// line is a TXT record as a zone file has it.
func line(name, text string) string { return fmt.Sprintf("%s. TXT %q", name, clip(text)) }

// clip keeps what a stranger published short enough for a report.
func clip(s string) string {
	const most = 600
	if len(s) > most {
		return s[:most] + " …"
	}
	return s
}
