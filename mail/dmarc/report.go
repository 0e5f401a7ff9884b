package dmarc

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Report is an aggregate report of one receiver (RFC 9990 section 3, RFC 7489
// appendix C). What this package has no use for is left out.
type Report struct {
	Organization string    `xml:"report_metadata>org_name"`
	ID           string    `xml:"report_metadata>report_id"`
	Begin        int64     `xml:"report_metadata>date_range>begin"` // seconds since 1970
	End          int64     `xml:"report_metadata>date_range>end"`
	Published    Published `xml:"policy_published"`
	Rows         Rows      `xml:"record"`
}

// Published is the policy that the receiver saw.
type Published struct {
	Domain      string `xml:"domain"`
	Policy      string `xml:"p"`
	Subdomains  string `xml:"sp"`
	NonExistent string `xml:"np"`
	Testing     string `xml:"testing"`
	Discovery   string `xml:"discovery_method"` // "psl" or "treewalk"
}

// ReportRow is one source of mail.
type ReportRow struct {
	Source      string      `xml:"row>source_ip"`
	Count       int64       `xml:"row>count"`
	Disposition string      `xml:"row>policy_evaluated>disposition"`
	DKIM        string      `xml:"row>policy_evaluated>dkim"` // aligned: "pass" or "fail"
	SPF         string      `xml:"row>policy_evaluated>spf"`
	From        string      `xml:"identifiers>header_from"`
	Signatures  AuthResults `xml:"auth_results>dkim"`
	Senders     AuthResults `xml:"auth_results>spf"`
}

// AuthResult is what a mechanism gave, aligned or not.
type AuthResult struct {
	Domain   string `xml:"domain"`
	Selector string `xml:"selector"` // of DKIM
	Scope    string `xml:"scope"`    // of SPF: "mfrom" or "helo"
	Result   string `xml:"result"`
}

// Rows are the rows of a report, at most 50 000.
type Rows []ReportRow

// UnmarshalXML reads one more row.
func (r *Rows) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	if len(*r) == mostRows {
		return fmt.Errorf("it has more than %d rows", mostRows)
	}
	var row ReportRow
	if err := d.DecodeElement(&row, &start); err != nil {
		return err
	}
	*r = append(*r, row)
	return nil
}

// AuthResults are the results of one row, the first twenty.
type AuthResults []AuthResult

// UnmarshalXML reads one more result.
func (a *AuthResults) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	if len(*a) == mostResults {
		return d.Skip()
	}
	var one AuthResult
	if err := d.DecodeElement(&one, &start); err != nil {
		return err
	}
	*a = append(*a, one)
	return nil
}

// Bounds of one report.
const (
	mostPacked   = 4 << 20
	mostUnpacked = 24 << 20
	mostRows     = 50_000
	mostResults  = 20 // of one row, by one mechanism
)

// ErrReport is input that is no aggregate report.
var ErrReport = errors.New("not a DMARC aggregate report")

// ParseReport reads an aggregate report as receivers send them: XML, alone, in
// gzip or as the one file of a zip archive.
func ParseReport(r io.Reader) (*Report, error) {
	in := bufio.NewReader(io.LimitReader(r, mostPacked+1))
	magic, _ := in.Peek(4) // too short a report fails below
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrReport, err)
		}
		defer z.Close()
		return readReport(z)
	case bytes.Equal(magic, []byte("PK\x03\x04")):
		b, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("read a report: %w", err)
		}
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil || len(z.File) == 0 {
			return nil, fmt.Errorf("%w: its archive cannot be read", ErrReport)
		}
		f, err := z.File[0].Open()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrReport, err)
		}
		defer f.Close()
		return readReport(f)
	}
	return readReport(in)
}

// readReport reads the XML, within bounds.
func readReport(r io.Reader) (*Report, error) {
	limited := &io.LimitedReader{R: r, N: mostUnpacked + 1}
	d := xml.NewDecoder(limited)
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // all that matters is ASCII
	var out Report
	for {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrReport, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != "feedback" {
			return nil, fmt.Errorf("%w: its root is %q, not feedback", ErrReport, clip(start.Name.Local))
		}
		err = d.DecodeElement(&out, &start)
		switch {
		case limited.N <= 0:
			return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrReport, mostUnpacked)
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrReport, err)
		case out.Published.Domain == "" && len(out.Rows) == 0:
			return nil, fmt.Errorf("%w: it is about nothing", ErrReport)
		}
		return &out, nil
	}
}

// Selectors are the DKIM selectors that receivers saw in mail from a domain or
// below it, by the domain that signed.
func (r *Report) Selectors(domain string) map[string][]string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	out := map[string][]string{}
	for _, row := range r.Rows {
		for _, s := range row.Signatures {
			signer := strings.ToLower(strings.TrimSpace(s.Domain))
			selector := strings.ToLower(strings.TrimSpace(s.Selector))
			if selector == "" || signer != domain && !strings.HasSuffix(signer, "."+domain) || slices.Contains(out[signer], selector) {
				continue
			}
			out[signer] = append(out[signer], selector)
		}
	}
	return out
}
