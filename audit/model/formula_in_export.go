package model

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

var formulaInExport = &lr.Check{
	ID:       "model/formula-in-export",
	Title:    "An exported conversation runs no formula",
	Why:      "A spreadsheet runs what begins with =, +, - or @ when an export is opened: it calls out with the cells around it. Terminal escapes do the like to whoever prints the file.",
	Fix:      "Put an apostrophe before cells that begin with =, +, -, @, a tab or a carriage return, and drop control characters from exported text.",
	Severity: lr.Low,
	Refs:     []lr.Ref{output25, output26, {Source: "CWE", ID: "1236"}, {Source: "CWE", ID: "150"}, {Source: "ASVS", ID: "v5.0.0-1.2.10"}},
	Needs:    lr.Chat | lr.Routes,
	Effect:   lr.Spends,
	Extra:    true,
	Run:      runFormulaInExport,
}

func runFormulaInExport(ctx context.Context, t *lr.Trial) error {
	as := customer(t)
	why := ""
	for _, who := range append([]lr.Assistant{t.Assistant}, t.Assistant.Twins()...) {
		exports := tables(t, who)
		if len(exports) == 0 {
			continue
		}
		mark := "lr" + fresh(t, as)
		a, err := speak(ctx, who, as, lr.Message{Text: fmt.Sprintf("=1+cmd(%[1]s)\n\x1b[31m%[1]s", mark), Note: "a message that is a formula"})
		if err != nil {
			return err
		}
		if a.Conversation == "" {
			why = "the conversation has no id by which it could be exported"
			if a.open != "" {
				why = a.open
			}
			continue
		}
		for _, rt := range exports {
			r, err := exporting(ctx, t, rt, as, a.Conversation)
			if err != nil {
				return err
			}
			x, err := t.HTTP.Do(ctx, as, r)
			if fatal(ctx, err) {
				return err
			}
			if err != nil || !x.OK() || !strings.Contains(x.Header.Get("Content-Type"), "csv") || !strings.Contains(string(x.Body), mark) {
				why = fmt.Sprintf("%s gave no table with the conversation in it", rt)
				continue
			}
			e := witnessed(mark, append(a.Exchanges, x)...)
			switch cell, escape := worst(x.Body, mark); {
			case cell != "":
				t.Fail(e, rt.String(), "a message that is a formula is one in the export as well: the cell begins %q", excerpt(cell, 24))
			case escape:
				t.Fail(e, rt.String(), "terminal escapes of a message stand in the export")
			default:
				t.Pass(e, rt.String(), "a message that is a formula is text in the export")
			}
			return nil
		}
	}
	if why != "" {
		t.Unknown(subject(t), "%s", why)
		return nil
	}
	t.NotApplicable("no conversation is exported as a table")
	return nil
}

// tables are the routes that export a conversation as CSV.
func tables(t *lr.Trial, who lr.Assistant) []*lr.Route {
	return about(t, who, "text/csv")
}

// exporting asks a route for the conversation as CSV.
func exporting(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, conversation string) (*lr.Request, error) {
	q := url.Values{}
	for _, p := range rt.Params {
		switch strings.ToLower(p.Name) {
		case "format", "type", "as", "output":
			if p.In == lr.InQuery {
				q.Set(p.Name, "csv")
			}
		}
	}
	path := strings.Replace(rt.Path, "{"+rt.PathParams()[0]+"}", url.PathEscape(conversation), 1)
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	r := &lr.Request{Method: "GET", Path: path, Route: rt, Note: "the export"}
	r.SetHeader("Accept", "text/csv")
	return r, ctx.Err()
}

// worst is the first cell that a spreadsheet runs and that holds our mark, and
// whether a terminal escape does.
func worst(table []byte, mark string) (cell string, escape bool) {
	r := csv.NewReader(strings.NewReader(string(table)))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	for range 10_000 {
		record, err := r.Read()
		if errors.Is(err, io.EOF) || err != nil {
			return "", escape
		}
		for _, c := range record {
			if !strings.Contains(c, mark) {
				continue
			}
			// The marks that OWASP lists; some programs pass over white space.
			if c = strings.TrimLeft(c, " \ufeff"); strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				return c, escape
			}
			escape = escape || strings.Contains(c, "\x1b[")
		}
	}
	return "", escape
}
