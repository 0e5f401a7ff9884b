// Package dmarc reads DMARC as its readers do: those of RFC 9989, who find the
// policy and the organisation by walking up the DNS, and those of RFC 7489,
// whom it obsoletes but who are still met, with a list of public suffixes.
//
// Parse reads a record, Discover finds the one that applies to a domain,
// Evaluate decides on a message, and Destinations asks whether others agreed to
// take the reports.
package dmarc

// Standard is whose rules are followed.
type Standard int

// The standards.
const (
	RFC9989 Standard = iota // tree walk, np, psd, t
	RFC7489                 // public suffix list, pct
)

func (s Standard) String() string {
	if s == RFC7489 {
		return "RFC 7489"
	}
	return "RFC 9989"
}

// Policy is what the owner of a domain asks for (RFC 9989 section 4.7, p).
type Policy string

// The policies.
const (
	NoPolicy   Policy = ""
	None       Policy = "none"
	Quarantine Policy = "quarantine"
	Reject     Policy = "reject"
)

// Lower is the policy one level below.
func (p Policy) Lower() Policy {
	if p == Reject {
		return Quarantine
	}
	if p == NoPolicy {
		return NoPolicy
	}
	return None
}

// Stricter reports that p asks for more than q.
func (p Policy) Stricter(q Policy) bool { return p.rank() > q.rank() }

func (p Policy) rank() int {
	switch p {
	case Reject:
		return 2
	case Quarantine:
		return 1
	}
	return 0
}

// Mode is how close an authenticated domain must be to the author's.
type Mode byte

// The modes (RFC 9989 sections 4.4.1 and 4.4.2).
const (
	Relaxed Mode = 'r' // the same organisation
	Strict  Mode = 's' // the same domain
)

// PSD says what kind of domain publishes a record (RFC 9989 section 4.7, psd).
type PSD byte

// The kinds.
const (
	PSDUnknown PSD = 'u'
	PSDYes     PSD = 'y' // a public suffix: others register below it
	PSDNo      PSD = 'n' // an organisation
)
