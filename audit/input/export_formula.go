package input

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"mime"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

func exportFormula() *lr.Check {
	return &lr.Check{
		ID:       "input/export-formula",
		Title:    "No text becomes a formula in an exported table",
		Why:      "A spreadsheet runs a cell that begins with an equals sign. What one user wrote then sends the table's content away when another opens the export.",
		Fix:      "Put an apostrophe before cells that begin with `=`, `+`, `-`, `@`, a tab or a carriage return, or export XLSX with the cells typed as text.",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "1236"}, {Source: "ASVS", ID: "v5.0.0-1.2.10"}},
		Needs:    lr.Routes | lr.Credentials,
		Run:      formulas,
	}
}

// formulas makes an object whose texts are formulas, and reads every table that
// the object is in.
func formulas(ctx context.Context, t *lr.Trial) error {
	tables := tablesOf(t)
	if len(tables) == 0 {
		t.NotApplicable("no route exports a table")
		return nil
	}
	doors, err := doorsOf(ctx, t)
	if err != nil {
		return err
	}
	asked := map[string]bool{}
	for _, d := range doors {
		if d.route.Kind != lr.Create || len(d.fields()) == 0 {
			continue
		}
		var near []table
		for _, tab := range tables {
			if tab.shows(d.route.Resource) {
				near = append(near, tab)
			}
		}
		if len(near) == 0 {
			continue
		}
		n, w := &tries{}, word(t)
		x, err := n.send(ctx, t, d, d.with(same(d.fields(), "=1+1&"+w), d.fields()...), "a formula")
		if over := ended(ctx, err); over != nil {
			return over
		}
		if err != nil || !x.OK() {
			continue
		}
		o := madeBy(d, x)
		for _, tab := range near {
			y, err := tab.read(ctx, t, o, d.as)
			if over := ended(ctx, err); over != nil {
				return over
			}
			subject := tab.route.String()
			cell, shows := cellWith(y, w)
			switch {
			case err != nil || y == nil || !shows:
				continue
			case strings.ContainsRune("=+-@\t\r", rune(cell[0])):
				(&hit{xs: []*lr.Exchange{x, y}, witness: []string{cell}, say: fmt.Sprintf("a text of %s begins a cell of the table as a formula", d)}).report(t, subject)
			default:
				t.Pass(lr.Seen(y), subject, "a text that begins like a formula is a text in the table")
			}
			asked[subject] = true
		}
	}
	if len(asked) == 0 {
		t.Unknown(application, "no exported table showed a text that the run wrote")
	}
	return nil
}

// table is a route that gives a table, and the parameter that asks for it.
type table struct {
	route  *lr.Route
	format string // "" where it gives nothing else
	value  string
}

func tablesOf(t *lr.Trial) []table {
	var out []table
	for _, rt := range t.Target.Routes {
		if rt.Method != "GET" || len(out) == 12 {
			continue
		}
		csvToo := slices.ContainsFunc(rt.Accepts, func(m string) bool { return strings.HasPrefix(m, "text/csv") })
		tab := table{route: rt}
		for _, p := range rt.Params {
			if p.In == lr.InQuery && (p.Name == "format" || p.Name == "type" || p.Name == "as") {
				tab.format, tab.value = p.Name, "csv"
			}
		}
		if csvToo || strings.HasSuffix(strings.ToLower(rt.Path), "csv") || tab.format != "" && rt.Kind == lr.Export {
			out = append(out, tab)
		}
	}
	return out
}

// shows reports whether what is made there may stand in the table.
func (tab table) shows(resource string) bool {
	names := tab.route.PathParams()
	if len(names) == 0 {
		return tab.route.Resource == "" || strings.HasPrefix(tab.route.Resource, resource) || strings.HasPrefix(resource, tab.route.Resource) || tab.route.Kind == lr.Export
	}
	return tab.route.Keys[names[len(names)-1]].Resource == resource
}

func (tab table) read(ctx context.Context, t *lr.Trial, o *lr.Object, as *lr.Account) (*lr.Exchange, error) {
	r, err := t.Stage.Request(ctx, tab.route, o, as)
	if err != nil {
		return nil, nil // it wants a key that is not there
	}
	if tab.format != "" {
		setQuery(r, tab.format, tab.value)
	}
	r.SetHeader("Accept", "text/csv, */*")
	r.Note = "the exported table"
	x, err := t.HTTP.Do(ctx, as, r)
	if err != nil || !x.OK() {
		return nil, err
	}
	media, _, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	if err != nil || media != "text/csv" && media != "application/csv" && media != "text/tab-separated-values" {
		return nil, nil
	}
	return x, nil
}

// cellWith is the first cell of the table that holds the word.
func cellWith(x *lr.Exchange, w string) (string, bool) {
	if x == nil {
		return "", false
	}
	body := bytes.TrimPrefix(x.Body, []byte("\ufeff"))
	first, _, _ := bytes.Cut(body, []byte("\n"))
	rd := csv.NewReader(bytes.NewReader(body))
	rd.LazyQuotes, rd.FieldsPerRecord = true, -1
	for _, sep := range ";\t" {
		if bytes.ContainsRune(first, sep) && !bytes.Contains(first, []byte(",")) {
			rd.Comma = sep
		}
	}
	for {
		row, err := rd.Read()
		if err != nil {
			return "", false
		}
		for _, cell := range row {
			if strings.Contains(cell, w) && cell != "" {
				return cell, true
			}
		}
	}
}
