package launchready

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Confidence is how sure a finding is. Suspected never fails a gate.
type Confidence uint8

const (
	Suspected Confidence = iota // by shape only
	Confirmed                   // a witness value, a callback, a read-back, a parsed record
)

func (c Confidence) String() string {
	if c == Confirmed {
		return "confirmed"
	}
	return "suspected"
}

// MarshalText writes the confidence as its lower-case word.
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the word that MarshalText writes; anything else is Suspected.
func (c *Confidence) UnmarshalText(b []byte) error {
	*c = Suspected
	if string(b) == "confirmed" {
		*c = Confirmed
	}
	return nil
}

// Evidence is what an outcome rests on. There is no verdict without it.
type Evidence struct {
	Exchanges []*Exchange
	Witness   []string // the values that decided, as found in the last exchange
	Records   []string // lines of another kind: DNS records, log lines, measurements
}

// Seen is evidence of exchanges alone.
func Seen(xs ...*Exchange) Evidence { return Evidence{Exchanges: xs} }

// Outcome is one answer of a check about one subject: a route, an application.
type Outcome struct {
	Verdict    Verdict
	Confidence Confidence
	Subject    string // "GET /v1/chats/{id}"; "application" for an app-wide fault
	Message    string
	Evidence   Evidence
	Severity   Severity   // 0: the check's own
	Fix        string     // what is to be done about this one, beside what the check says
	Fault      string     // what several subjects fail by, where the check knows that it is set in one place
	Rate       *Rate      // of a question whose answer is left to chance
	Latency    *Latency   // of a load
	Allowance  *Allowance // of a burst
	Subjects   []string   // of an app-wide fault: where it showed, if that is mended place by place
}

// Fingerprint is the stable id of a finding: the same check and subject give the
// same id in every run.
func Fingerprint(check, subject string) string {
	h := sha256.Sum256([]byte(check + "\x00" + strings.ToLower(subject)))
	return "lr-" + hex.EncodeToString(h[:6])
}
