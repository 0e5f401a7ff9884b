package html

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// change is a row in both reports.
type change struct {
	Title         string
	Before, After string // verdict words; "not asked" when the report lacks the row
	Was, Is       string // classes
	Changed       bool
}

func newComparison(before, after *lr.Report) *page {
	p := newPage(after)
	p.Before = newPage(before)
	// The findings of both belong on one page: in sections of what became of them.
	p.Groups, p.spent, p.left, p.detailed, p.listed, p.ids = nil, 0, 0, 0, 0, map[string]int{}
	d := report.Compare(before, after)
	for _, l := range []struct {
		id, title, intro string
		list             []report.Entry
	}{
		{"new", "New", "Not there before.", d.New},
		{"open", "Still open", "Found both times.", d.Open},
		{"unproven", "Gone, but not decided again", "The check that found them was not asked again, or could not be: nothing says that they are fixed.", d.Unproven},
		{"fixed", "Fixed", "Found before; asked again, and right. The evidence is the one of before.", d.Fixed},
	} {
		if len(l.list) > 0 {
			p.Groups = append(p.Groups, p.section(l.id, l.title, l.intro, l.list, nil))
		}
	}
	for _, r := range d.Rows {
		c := change{Title: r.Title, Before: "Not asked", After: "Not asked", Was: "unknown", Is: "unknown"}
		if r.Before != nil {
			c.Before, c.Was = capital(r.Before.Verdict.String()), class(r.Before.Verdict)
		}
		if r.After != nil {
			c.After, c.Is = capital(r.After.Verdict.String()), class(r.After.Verdict)
		}
		c.Changed = c.Before != c.After
		p.Changes = append(p.Changes, c)
	}
	p.Cut = ""
	p.sayCut()
	return p
}
