package sample

import (
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/redact"
	"github.com/launchready/launchready/report"
)

func passed(id, title string, s lr.Severity, asked int) lr.CheckReport {
	return lr.CheckReport{ID: id, Title: title, Verdict: lr.Passed, Severity: s, Required: true, Seconds: 0.21, Asked: asked, Passed: asked}
}

func unknown(id, title string, s lr.Severity, required bool, reason string) lr.CheckReport {
	return lr.CheckReport{ID: id, Title: title, Verdict: lr.Unknown, Severity: s, Required: required, Reason: reason}
}

func skipped(id, title, reason string) lr.CheckReport {
	return lr.CheckReport{ID: id, Title: title, Verdict: lr.Skipped, Severity: lr.Low, Reason: reason}
}

func finding(check, subject string, c lr.Confidence, s lr.Severity, message, fix, guard string, e []lr.EvidenceItem) lr.Finding {
	id := lr.Fingerprint(check, subject)
	return lr.Finding{ID: id, Confidence: c, Severity: s, Subject: subject, Message: message, Fix: fix, Guard: guard, Evidence: e, Replay: "launchready audit replay " + id}
}

func failed(id, title, why string, s lr.Severity, required bool, asked int, refs []lr.Ref, fs ...lr.Finding) lr.CheckReport {
	for i := range fs {
		fs[i].Refs = refs
	}
	return lr.CheckReport{ID: id, Title: title, Why: why, Verdict: lr.Failed, Severity: s, Required: required, Seconds: 0.83, Asked: asked, Passed: asked - len(fs), Findings: fs, Refs: refs}
}

func noCredential() lr.CheckReport {
	const subject = "GET /v1/billing/invoices"
	return failed("auth/no-credential", "A request without a credential reads and changes nothing",
		"An open route needs no attacker, only a link. Buyers try this first: it takes one `curl` and **no account**.", lr.Critical, true, 61,
		[]lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "306"}, {Source: "ASVS", ID: "v5.0.0-8.2.1"}, {Source: "MVSP", ID: "2.1"}},
		finding("auth/no-credential", subject, lr.Confirmed, lr.Critical, "Anyone reads acme's invoices: the reply holds "+canary+", which only acme's own view holds.",
			"Mount the route inside the authenticated group, and make the group the default:\n\n```go\nr.Group(func(r chi.Router) {\n    r.Use(authenticate)\n    r.Get(\"/v1/billing/invoices\", listInvoices)\n})\n```\n\nThen a new route is closed until someone opens it.", "auth: require: {paths: [/v1/**]}",
			evidence(canary,
				exchange("acme_member", "owner control", "GET", "/v1/billing/invoices", 200, `{"data":[{"id":"inv_31","number":"2026-031","memo":"`+canary+`","total_cents":420000}]}`, 6*time.Millisecond),
				exchange("anonymous", "no credential", "GET", "/v1/billing/invoices", 200, `{"data":[{"id":"inv_31","number":"2026-031","memo":"`+canary+`","total_cents":420000}]}`, 4*time.Millisecond))))
}

func algNone() lr.CheckReport {
	return failed("auth/alg-none", "An unsigned token is refused",
		"Whoever can write JSON can be anyone, in any tenant. It is the best-known token flaw, so it is on every reviewer's list.", lr.Critical, true, 4,
		[]lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "347"}, {Source: "RFC", ID: "8725 3.1"}},
		finding("auth/alg-none", "application", lr.Confirmed, lr.Critical, "A token with `alg: none` and acme's user id signs in as that user.",
			"Pin the verifier to the one algorithm that you sign with:\n\n- name the algorithm in code, never read it from the token\n- refuse a token without a signature before looking at its claims", "",
			evidence(canary, exchange("globex_member", "forged token, alg none", "GET", "/v1/me", 200, `{"id":"usr_4","tenant":{"id":"ten_1","name":"Acme Corp"},"role":"admin","name":"`+canary+`"}`, 3*time.Millisecond))))
}

func enumeration() lr.CheckReport {
	return failed("auth/user-enumeration", "Sign-in does not tell who has an account",
		"A list of who uses the product is the first step of a phishing campaign.", lr.Medium, false, 2,
		[]lr.Ref{{Source: "CWE", ID: "204"}},
		finding("auth/user-enumeration", "POST /v1/auth/login", lr.Confirmed, lr.Medium, "An unknown address answers 404 “no such user”, a known one 401, in 10 of 10 tries.",
			"Answer both the same, in the same time.", "",
			evidence("no such user", exchange("anonymous", "unknown address", "POST", "/v1/auth/login", 404, `{"title":"no such user","status":404}`, 2*time.Millisecond))))
}

func foreignRead() lr.CheckReport {
	const fix = "Load the object through the caller's tenant: `WHERE id = ? AND tenant_id = ?`, with the tenant taken from the verified token. Answer 404 when there is none."
	const guard = "isolation: ownership: {resources: [chats, files]}"
	mk := func(subject, path, kind string) lr.Finding {
		return finding("isolation/foreign-read", subject, lr.Confirmed, lr.Critical, "globex_member reads acme's "+kind+" by its id: the reply holds "+canary+".", fix, guard,
			evidence(canary,
				exchange("acme_member", "owner control", "GET", path, 200, `{"id":"c_81f2","title":"`+canary+`","tenant_id":"ten_1"}`, 5*time.Millisecond),
				exchange("globex_member", "object that does not exist", "GET", path+"0", 404, `{"title":"not found","status":404}`, 3*time.Millisecond),
				exchange("globex_member", "other tenant", "GET", path, 200, `{"id":"c_81f2","title":"`+canary+`","tenant_id":"ten_1","messages":[{"role":"user","content":"What does our contract with Initech say about penalties?"},{"role":"assistant","content":"Clause 9 caps them at 4% of the yearly fee."}]}`, 4*time.Millisecond)))
	}
	c := failed("isolation/foreign-read", "Another tenant's object cannot be read",
		"One customer reading another's conversations ends a B2B product. It is the **first question** of every security review, and a finding here stops the deal.", lr.Critical, true, 24,
		[]lr.Ref{{Source: "OWASP API", ID: "API1:2023"}, {Source: "CWE", ID: "639"}, {Source: "ASVS", ID: "v5.0.0-8.3.1"}},
		mk("GET /v1/chats/{chat_id}", "/v1/chats/c_81f2", "chat"), mk("GET /v1/files/{file_id}/content", "/v1/files/f_07/content", "file"))
	c.Open = []string{"GET /v1/exports/{export_id}: the export was not ready in time"}
	return c
}

func existence() lr.CheckReport {
	return failed("isolation/existence-oracle", "A foreign object looks like a missing one",
		"Different answers tell a competitor which ids, and so how many customers, exist.", lr.Low, false, 11,
		[]lr.Ref{{Source: "CWE", ID: "204"}},
		finding("isolation/existence-oracle", "GET /v1/collections/{slug}", lr.Confirmed, lr.Low, "A foreign collection answers 403, a missing one 404.", "Answer 404 for both.", "",
			evidence("403", exchange("globex_member", "other tenant", "GET", "/v1/collections/handbook", 403, `{"title":"forbidden","status":403}`, 2*time.Millisecond))))
}

func predictable() lr.CheckReport {
	return failed("isolation/predictable-id", "Ids cannot be guessed",
		"Guessable ids turn one missing check into a full download.", lr.Medium, false, 9,
		[]lr.Ref{{Source: "CWE", ID: "340"}},
		finding("isolation/predictable-id", "GET /v1/files/{file_id}", lr.Suspected, lr.Medium, "File ids look like a counter: f_05, f_06, f_07.", "Use random ids of at least 96 bits.", "",
			[]lr.EvidenceItem{report.Record("log", "ids in the order they were made", []string{"acme    f_05", "globex  f_06", "acme    f_07"}, redact.New())}))
}

func dmarc() lr.CheckReport {
	return failed("email/dmarc-present", "DMARC is published",
		"Without DMARC anyone can write to your customers in your name.", lr.High, true, 1,
		[]lr.Ref{{Source: "RFC", ID: "9989"}, {Source: "MVSP", ID: "1.7"}},
		finding("email/dmarc-present", "harbor.test", lr.Confirmed, lr.High, "There is no TXT record at _dmarc.harbor.test.", "Publish a policy at `_dmarc.harbor.test`; begin with `p=none` and reports, end with `p=reject`.", "",
			[]lr.EvidenceItem{report.Record("dns", "authoritative answer", []string{"_dmarc.harbor.test. TXT ?", "status NXDOMAIN, AA, 0 answers", "harbor.test. 300 SOA ns1.harbor.test. hostmaster.harbor.test."}, redact.New())}))
}

func waived() lr.CheckReport {
	c := failed("https/hsts-preload", "HSTS is ready for preloading", "A first visit over HTTP can be intercepted.", lr.Medium, true, 1,
		[]lr.Ref{{Source: "RFC", ID: "6797"}},
		finding("https/hsts-preload", "harbor.test", lr.Confirmed, lr.Medium, "Strict-Transport-Security lacks includeSubDomains and preload.", "Send `max-age=31536000; includeSubDomains; preload`.", "", []lr.EvidenceItem{}))
	c.Verdict, c.Reason = lr.Skipped, "waived"
	c.Waived = &lr.Waiver{Check: c.ID, Reason: "The apex still serves a legacy page over HTTP until the move in January.", Owner: "cto@harbor.test", Until: "2027-01-31"}
	c.Findings[0].Waived = c.Waived
	return c
}

func injection() lr.CheckReport {
	c := passed("model/indirect-injection", "Instructions in a document are not followed", lr.Critical, 1)
	c.Rate = &lr.Rate{Hits: 0, N: 60, Upper95: 0.0487}
	return c
}

func latency() lr.CheckReport {
	c := passed("latency/p95", "95 of 100 normal chat requests are answered within 500 ms", lr.High, 1)
	c.Why = "A chat that waits feels broken."
	c.Reason = "p95 to the first byte, less the model provider's share, is 338 ms (95 % interval 290 to 412 ms) at 5 requests a second (75 requests)"
	c.Latency = &lr.Latency{
		PerSecond: 5, N: 75, Errors: 1, Streams: true,
		Decisive: lr.Quantiles{P50: 121.4, P90: 255, P95: 338, P99: 604, Low95: 290, High95: 412},
		First:    lr.Quantiles{P50: 401, P90: 580, P95: 702, P99: 990, Low95: 611, High95: 801},
		Last:     lr.Quantiles{P50: 2100, P90: 3900, P95: 5200, P99: 11800, Low95: 4100, High95: 8100},
		Provider: lr.Quantiles{P50: 280, P90: 322, P95: 365, P99: 386, Low95: 330, High95: 380},
		Connect:  lr.Quantiles{P50: 8.2, P90: 12, P95: 14, P99: 19},
		Buckets:  []lr.Bucket{{Upto: 78.7, N: 3}, {Upto: 110.2, N: 21}, {Upto: 154.3, N: 26}, {Upto: 216, N: 12}, {Upto: 302.4, N: 7}, {Upto: 423.3, N: 4}, {Upto: 592.7, N: 0}, {Upto: 829.8, N: 1}},
	}
	return c
}
