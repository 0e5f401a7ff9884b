// Package spf evaluates and inspects SPF (RFC 7208).
//
// CheckHost is the function check_host() of section 4: may this address send
// for this domain? It tells not only the result but every term that was looked
// at, what was asked for it and what it cost. Inspect needs no sender: it reads
// the record of a domain with all that it includes, as far as any sender could
// get and further, and tells everything that is wrong or wasteful.
package spf

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/launchready/launchready/mail"
)

// Result is what check_host returns (RFC 7208 section 2.6).
type Result string

// The results.
const (
	None      Result = "none"
	Neutral   Result = "neutral"
	Pass      Result = "pass"
	Fail      Result = "fail"
	SoftFail  Result = "softfail"
	TempError Result = "temperror"
	PermError Result = "permerror"
)

// The limits of RFC 7208 section 4.6.4.
const (
	MostLookups   = 10 // terms that ask the DNS
	MostVoids     = 2  // lookups without result
	MostAddresses = 10 // names of one mx or ptr that are looked up
)

// Request is what check_host is asked (section 4.1).
type Request struct {
	IP     netip.Addr
	Domain string // "" is the domain of Sender, or HELO where that is empty
	Sender string // of MAIL FROM; "" is postmaster at HELO (section 2.4)
	HELO   string

	Receiver string        // for %{r}: the host that checks
	Now      time.Time     // for %{t}; zero is the time of the call
	Timeout  time.Duration // for the whole check; 0 is 20 seconds (section 4.6.4)
}

// Outcome is what check_host found.
type Outcome struct {
	Result      Result
	Why         string // one sentence: what decided
	Explanation string // of the domain for a fail (section 6.2), "" without one
	Lookups     int    // terms that asked the DNS, of MostLookups
	Voids       int    // of MostVoids
	Trace       *Trace
}

// Trace is the evaluation of one record.
type Trace struct {
	Domain    string
	Record    string // "" where none was found
	Result    Result
	Why       string
	Questions []Question // for the record itself; these cost nothing
	Steps     []Step     // in the order of evaluation; what follows a match is not there
	Lookups   int        // of this record and all below
	Voids     int
}

// Step is the evaluation of one term.
type Step struct {
	Term      Term
	Target    string // the domain that was asked about, macros expanded
	Matched   bool
	Why       string // what the answers were, or which error ended the check
	Cost      int    // 1 where the term itself counts
	Lookups   int    // the cost with all that it included
	Voids     int
	Questions []Question
	Below     *Trace // of include and redirect
}

// Question is one question to the DNS and the short form of its answer.
type Question struct {
	Name   string
	Type   mail.Type
	Answer string // "NXDOMAIN", "no data", "2 records", or the error
	Void   bool   // counted towards MostVoids
}

// CheckHost evaluates (section 4). It returns in bounded time whatever the DNS
// says: at most MostLookups terms with at most MostAddresses names each, and
// within the timeout.
func CheckHost(ctx context.Context, r mail.Resolver, q Request) *Outcome {
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	if q.Timeout <= 0 {
		q.Timeout = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	e := &evaluation{Request: q, r: r, ip: q.IP.Unmap().WithZone("")}
	e.local, e.senderDomain = split(q.Sender, q.HELO)
	domain := q.Domain
	if domain == "" {
		domain = e.senderDomain
	}
	out := &Outcome{}
	if !q.IP.IsValid() {
		out.Result, out.Why = None, "there is no address to check"
		out.Trace = &Trace{Domain: domain, Result: out.Result, Why: out.Why}
		return out
	}
	var text string
	out.Trace, text = e.check(ctx, domain)
	out.Result, out.Why, out.Explanation = out.Trace.Result, out.Trace.Why, text
	out.Lookups, out.Voids = e.lookups, e.voids
	return out
}

// split finds local part and domain of the sender; without a local part it is
// postmaster (section 4.3).
func split(sender, helo string) (local, domain string) {
	sender = strings.TrimSuffix(strings.TrimPrefix(sender, "<"), ">")
	if sender == "" {
		return "postmaster", helo
	}
	at := strings.LastIndexByte(sender, '@')
	if local, domain = sender[:max(at, 0)], sender[at+1:]; local == "" {
		local = "postmaster"
	}
	return local, domain
}
