package html

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// Bounds of one file: a report that nobody's mail takes is no report.
const (
	mostLine     = 4 << 10  // of a line
	mostText     = 16 << 10 // of one piece of evidence
	mostEvidence = 3 << 20  // of the whole file
	mostDetailed = 400      // findings with all that is known of them
	mostListed   = 4000     // findings at all
)

// page is what the templates draw.
type page struct {
	Title    string
	Report   *lr.Report
	Summary  report.Summary
	Word     string
	Headline string
	Reasons  []string
	Ring     ring
	Rows     []rowView
	Groups   []section
	Plan     []planView
	Flags    []lr.RedFlag
	Sums     []sumView
	NextWhy  string
	Next     string
	Cut      string // what was left out to keep the file small

	MoreReasons    int
	New, Unchanged int // beside a baseline

	// Of a comparison:
	Before   *page
	Changes  []change
	spent    int
	left     int
	detailed int
	listed   int
	ids      map[string]int
}

// section is a list of findings under one heading.
type section struct {
	ID, Title, Intro string
	Count            int
	Checks           []group
}

// group is the findings of one check: why and how to fix are said once.
type group struct {
	Check    *lr.CheckReport
	Row      *lr.RowReport
	Fix      string // when all the findings share it
	Guard    string
	Findings []findingView
}

type findingView struct {
	*lr.Finding
	Anchor   string
	OwnFix   string
	OwnGuard string
	// OwnWaiver accepts this finding, and not the whole check.
	OwnWaiver *lr.Waiver
	Open      bool
	Brief     bool // the bound is reached: subject and message only
	Items     []itemView
}

type itemView struct {
	lr.EvidenceItem
	Request, Response, Text []segment
	Deciding                bool
}

// segment is a stretch of text; a marked one is a witness.
type segment struct {
	Text   string
	Marked bool
}

type rowView struct {
	*lr.RowReport
	Anchor   string
	Tally    string
	Findings int
}

type planView struct {
	lr.WorkItem
	Package string
	Hours   string
	Price   string
	Front   string
	More    []string // steps beyond the first ones
	Ask     string   // the command that asks again
	Links   []link
}

type link struct{ Anchor, Text string }

func newPage(r *lr.Report) *page {
	s := report.Summarise(r)
	p := &page{
		Title: report.Line(r.Product), Report: r, Summary: s, Word: report.Word(r),
		Headline: report.Headline(r, s), Ring: newRing(r), ids: map[string]int{},
	}
	if p.Title == "" {
		p.Title = "Launch readiness"
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		v := rowView{RowReport: row, Anchor: "row-" + anchor(row.ID), Tally: tally(row)}
		for _, c := range row.Checks {
			v.Findings += len(c.Findings)
		}
		p.Rows = append(p.Rows, v)
	}
	anchors := map[string]link{}
	for _, l := range []struct {
		id, title, intro string
		list             []report.Entry
	}{
		{"blockers", "Blockers", "Confirmed, and at or above the gate. The launch waits for these.", s.Blockers},
		{"others", "Other findings", "Confirmed, below the gate.", s.Others},
		{"suspected", "Suspected", "By shape only: worth a look, they decide nothing.", s.Suspects},
		{"accepted", "Accepted risks", "Failures that the owner accepted, for a time. They stay visible.", s.Accepted},
	} {
		if len(l.list) > 0 {
			p.Groups = append(p.Groups, p.section(l.id, l.title, l.intro, l.list, anchors))
		}
	}
	for _, w := range r.Plan {
		v := newPlanView(w, r.Rates)
		for _, id := range w.Findings {
			if l, ok := anchors[id]; ok {
				v.Links = append(v.Links, l)
			}
		}
		p.Plan = append(p.Plan, v)
	}
	p.Flags, p.Sums = r.RedFlags, sums(s.Estimate)
	p.Reasons, p.MoreReasons = report.Reasons(r)
	p.New, p.Unchanged = report.States(r)
	p.NextWhy, p.Next = report.Next(r, s)
	p.sayCut()
	return p
}

func (p *page) sayCut() {
	var parts []string
	if p.left > 0 {
		parts = append(parts, fmt.Sprintf("%d bytes of evidence", p.left))
	}
	if n := p.detailed - mostDetailed; n > 0 {
		parts = append(parts, fmt.Sprintf("the details of %s", report.Count(n, "finding")))
	}
	if n := p.listed - mostListed; n > 0 {
		parts = append(parts, fmt.Sprintf("%s altogether", report.Count(n, "finding")))
	}
	if len(parts) > 0 {
		p.Cut = "To keep this file small, " + strings.Join(parts, ", ") + " are not in it. The JSON report has everything."
	}
}

// section groups findings by their check, in the order of the worst of each.
func (p *page) section(id, title, intro string, list []report.Entry, anchors map[string]link) section {
	s := section{ID: id, Title: title, Intro: intro, Count: len(list)}
	at := map[*lr.CheckReport]int{}
	for _, e := range list {
		p.listed++
		if p.listed > mostListed {
			continue
		}
		n, ok := at[e.Check]
		if !ok {
			n = len(s.Checks)
			at[e.Check] = n
			s.Checks = append(s.Checks, group{Check: e.Check, Row: e.Row, Fix: e.Finding.Fix, Guard: e.Finding.Guard})
		}
		g := &s.Checks[n]
		v := p.finding(e.Finding)
		v.Open = id == "blockers" && n == 0 && len(g.Findings) == 0
		if e.Finding.Fix != g.Fix {
			v.OwnFix = e.Finding.Fix
		}
		if e.Finding.Guard != g.Guard {
			v.OwnGuard = e.Finding.Guard
		}
		if e.Check.Waived == nil {
			v.OwnWaiver = e.Finding.Waived
		}
		g.Findings = append(g.Findings, v)
		if anchors != nil {
			anchors[e.Finding.ID] = link{v.Anchor, e.Check.ID + " " + e.Finding.Subject}
		}
	}
	return s
}

func (p *page) finding(f *lr.Finding) findingView {
	v := findingView{Finding: f, Anchor: p.unique(anchor(f.ID))}
	p.detailed++
	if p.detailed > mostDetailed {
		v.Brief = true
		return v
	}
	for i, e := range f.Evidence {
		item := itemView{EvidenceItem: e, Deciding: len(e.Witness) > 0 && i == len(f.Evidence)-1}
		item.Request = p.evidence(e.Request, nil)
		item.Response = p.evidence(e.Response, e.Witness)
		item.Text = p.evidence(e.Text, e.Witness)
		item.Curl = p.command(e.Curl)
		v.Items = append(v.Items, item)
	}
	return v
}

// command bounds a command: half of one is none.
func (p *page) command(s string) string {
	if len(s) > mostText || p.spent+len(s) > mostEvidence {
		p.left += len(s)
		return ""
	}
	p.spent += len(s)
	return report.Inert(s)
}

// evidence makes a text inert, bounds it, and marks the witnesses in it.
func (p *page) evidence(s string, witness []string) []segment {
	if s == "" {
		return nil
	}
	if p.spent >= mostEvidence {
		p.left += len(s)
		return []segment{{Text: fmt.Sprintf("… %d bytes are in the JSON report …", len(s))}}
	}
	p.left += max(0, len(s)-mostText)
	s = report.Bound(s, mostText)
	p.spent += len(s)
	return mark(report.Inert(s), witness)
}

// unique gives each finding an anchor of its own.
func (p *page) unique(id string) string {
	p.ids[id]++
	if n := p.ids[id]; n > 1 {
		return fmt.Sprintf("%s-%d", id, n)
	}
	return id
}

// anchor keeps what a fragment identifier holds without escapes.
func anchor(id string) string {
	s := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, id)
	if len(s) > 64 {
		s = s[:64]
	}
	if s == "" {
		return "finding"
	}
	return s
}

// mark cuts a text at the witnesses in it.
func mark(s string, witness []string) []segment {
	var out []segment
	for s != "" && len(out) < 64 {
		at, found := len(s), ""
		for _, w := range witness {
			w = report.Line(w)
			if len(w) < 3 {
				continue
			}
			if i := strings.Index(s, w); i >= 0 && (i < at || i == at && len(w) > len(found)) {
				at, found = i, w
			}
		}
		if found == "" {
			break
		}
		if at > 0 {
			out = append(out, segment{Text: s[:at]})
		}
		out = append(out, segment{Text: found, Marked: true})
		s = s[at+len(found):]
	}
	if s != "" {
		out = append(out, segment{Text: s})
	}
	return out
}

func tally(row *lr.RowReport) string {
	n := map[lr.Verdict]int{}
	for _, c := range row.Checks {
		n[c.Verdict]++
	}
	var parts []string
	for _, v := range []lr.Verdict{lr.Failed, lr.Unknown, lr.Passed, lr.Skipped} {
		if n[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	if len(parts) == 0 {
		return "no check"
	}
	return strings.Join(parts, ", ")
}
