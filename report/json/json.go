// Package json writes and reads the report's contract, launchready.report/v1.
// The JSON report is the product; the other formats are drawn from it.
package json

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// Schema is the JSON Schema (2020-12) of the contract.
//
//go:embed schema.json
var Schema []byte

// largest bounds what Read takes: a report is text for people.
const largest = 256 << 20

// ErrNewer is returned for a report that a newer launchready wrote.
var ErrNewer = errors.New("report: written by a newer launchready")

// Write writes the report, indented, in stable order: the same report gives the
// same bytes.
func Write(w io.Writer, r *lr.Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // the reader is a script, not a page
	if err := e.Encode(report.Tidy(r)); err != nil {
		return fmt.Errorf("write report %s: %w", r.Run, err)
	}
	return nil
}

// Read reads a report of this contract. It refuses another schema, a newer
// version, a second document and values outside the vocabulary; it passes over
// fields that it does not know, because a version may grow by fields.
func Read(r io.Reader) (*lr.Report, error) {
	raw, err := io.ReadAll(io.LimitReader(r, largest+1))
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if len(raw) > largest {
		return nil, fmt.Errorf("read report: more than %d bytes", largest)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	var head struct {
		Schema *string         `json:"schema"`
		Before json.RawMessage `json:"before"`
		After  json.RawMessage `json:"after"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("read report: %w", place(raw, err))
	}
	if head.Schema == nil && head.Before != nil && head.After != nil {
		return nil, errors.New(`read report: this is the comparison of launchready demo, which holds two reports: take "before" or "after" out of it, as with jq .before`)
	}
	if head.Schema == nil {
		return nil, errors.New(`read report: no "schema" field: this is not a launchready report`)
	}
	if err := version(*head.Schema); err != nil {
		return nil, err
	}
	var out lr.Report
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("read report: %w", place(raw, err))
	}
	switch out.Readiness {
	case lr.Ready, lr.ReadyWithRisks, lr.NotReady, lr.NotEnoughTested:
	default:
		return nil, fmt.Errorf("read report: readiness %q: want ready, ready-with-accepted-risks, not-ready or not-enough-tested", out.Readiness)
	}
	return report.Tidy(&out), nil
}

func version(schema string) error {
	name, v, ok := strings.Cut(schema, "/v")
	want, current, _ := strings.Cut(lr.ReportSchema, "/v")
	if !ok || name != want {
		return fmt.Errorf("read report: schema %q: want %s", schema, lr.ReportSchema)
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return fmt.Errorf("read report: schema %q: want %s", schema, lr.ReportSchema)
	}
	if top, _ := strconv.Atoi(current); n > top {
		return fmt.Errorf("%w: it has schema %s, this one reads up to %s; update launchready", ErrNewer, schema, lr.ReportSchema)
	}
	return nil
}

// place adds the line and column to an error of encoding/json.
func place(raw []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var at int64
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
		err = fmt.Errorf("%s: %s where another kind of value belongs", kind.Field, kind.Value)
	default:
		return err
	}
	before := raw[:min(max(at, 0), int64(len(raw)))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Errorf("%d:%d: %w", line, len(before)-bytes.LastIndexByte(before, '\n')-1, err)
}
