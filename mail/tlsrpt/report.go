package tlsrpt

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Report is a report of one sender about one day (section 4.4).
type Report struct {
	Organization string    `json:"organization-name"`
	Range        DateRange `json:"date-range"`
	Contact      string    `json:"contact-info"`
	ID           string    `json:"report-id"`
	Policies     []Result  `json:"policies"`
}

// DateRange is the time that a report is about.
type DateRange struct {
	Start time.Time `json:"start-datetime"`
	End   time.Time `json:"end-datetime"`
}

// Result is what happened under one policy.
type Result struct {
	Policy   Policy    `json:"policy"`
	Summary  Summary   `json:"summary"`
	Failures []Failure `json:"failure-details"`
}

// Policy is what the sender applied.
type Policy struct {
	Type   string  `json:"policy-type"` // "tlsa", "sts" or "no-policy-found"
	Text   Strings `json:"policy-string"`
	Domain string  `json:"policy-domain"`
	MX     Strings `json:"mx-host"`
}

// Summary counts sessions.
type Summary struct {
	Successful int64 `json:"total-successful-session-count"`
	Failed     int64 `json:"total-failure-session-count"`
}

// Failure is one kind of failure (sections 4.3 and 4.4).
type Failure struct {
	Type     string `json:"result-type"` // "starttls-not-supported", "certificate-expired", …
	Sender   string `json:"sending-mta-ip"`
	Host     string `json:"receiving-mx-hostname"`
	HELO     string `json:"receiving-mx-helo"`
	Receiver string `json:"receiving-ip"`
	Sessions int64  `json:"failed-session-count"`
	More     string `json:"additional-information"`
	Code     string `json:"failure-reason-code"`
}

// Strings is a list, or one string in its place: senders write both.
type Strings []string

// UnmarshalJSON reads either form.
func (s *Strings) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*s = Strings{""}
		return json.Unmarshal(b, &(*s)[0])
	}
	return json.Unmarshal(b, (*[]string)(s))
}

// Bounds of one report, unpacked. Each object of the report costs memory of many
// times its two braces.
const (
	mostReport  = 8 << 20
	mostObjects = 20_000
)

// ErrReport is input that is no report.
var ErrReport = errors.New("not a TLS report")

// ParseReport reads a report, gzip or plain (section 5.3). At most 8 MB are
// unpacked.
func ParseReport(r io.Reader) (*Report, error) {
	in := bufio.NewReader(r)
	var body io.Reader = in
	if magic, err := in.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrReport, err)
		}
		defer z.Close()
		body = z
	}
	b, err := io.ReadAll(io.LimitReader(body, mostReport+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrReport, err)
	case len(b) > mostReport:
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrReport, mostReport)
	case bytes.Count(b, []byte("{")) > mostObjects:
		return nil, fmt.Errorf("%w: it has more than %d objects", ErrReport, mostObjects)
	}
	var out Report
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReport, err)
	}
	if len(out.Policies) == 0 {
		return nil, fmt.Errorf("%w: it is about no policy", ErrReport)
	}
	for _, p := range out.Policies {
		if p.Summary.Successful < 0 || p.Summary.Failed < 0 {
			return nil, fmt.Errorf("%w: it counts below zero", ErrReport)
		}
	}
	return &out, nil
}

// Sessions adds up what all policies counted.
func (r *Report) Sessions() Summary {
	var out Summary
	for _, p := range r.Policies {
		out.Successful += p.Summary.Successful
		out.Failed += p.Summary.Failed
	}
	return out
}
