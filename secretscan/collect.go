package secretscan

import (
	"bytes"
	"sort"
	"strconv"
	"sync"

	lr "github.com/launchready/launchready"
)

// collector keeps the findings of a scan, each value once a document.
type collector struct {
	s        *Scanner
	coverage Coverage
	findings []Finding
	index    map[string]int // fingerprint and path to the finding
	blob     string
	mu       *sync.Mutex // of Reveal, shared by the workers of a scan
	told     int         // how often something was told
}

func (s *Scanner) collect() *collector {
	return &collector{s: s, index: map[string]int{}, mu: &sync.Mutex{}}
}

func (c *collector) result() Result {
	sort.SliceStable(c.findings, func(i, j int) bool {
		a, b := c.findings[i].Place, c.findings[j].Place
		if a.Path != b.Path {
			return a.Path < b.Path
		}
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return Result{Findings: c.findings, Coverage: c.coverage}
}

// join takes over what another collector of the same scan has.
func (c *collector) join(o *collector) {
	c.coverage.Add(o.coverage)
	for _, f := range o.findings {
		c.keep(f)
	}
}

// keep adds a finding, or counts it when the document has it already.
func (c *collector) keep(f Finding) bool {
	key := f.Fingerprint + f.Place.Path + "\x00" + f.Place.Blob
	if i, ok := c.index[key]; ok {
		c.findings[i].Times += f.Times
		return false
	}
	if len(c.findings) >= mostFindings {
		c.coverage.skip(f.Place.Path, TooMany, "more than "+strconv.Itoa(mostFindings)+" findings")
		return false
	}
	c.index[key] = len(c.findings)
	c.findings = append(c.findings, f)
	return true
}

// place is where a buffer begins in its document.
type place struct {
	line, column int    // of its first byte; the column from 0
	fixed        bool   // a view: everything is at this place
	inner        string // what the lines of the view are lines of
}

// cursor follows the lines of a buffer: offsets are asked for in their order, so that the
// whole costs one walk, however long its lines are.
type cursor struct {
	data []byte
	at   place
	done int
}

// to moves to an offset, and back by no more than what is left of a line.
func (k *cursor) to(offset int) place {
	if k.at.fixed {
		return k.at
	}
	if offset > k.done {
		k.at.line += bytes.Count(k.data[k.done:offset], []byte("\n"))
		if i := bytes.LastIndexByte(k.data[k.done:offset], '\n'); i >= 0 {
			k.at.column = offset - k.done - i - 1
		} else {
			k.at.column += offset - k.done
		}
		k.done = offset
	}
	return k.at
}

// pin is the place of a view that was made of what stands at an offset.
func (k *cursor) pin(offset int) place {
	p := k.to(offset)
	p.fixed = true
	return p
}

// claim is a span of a buffer whose content a view has told better than the plain text would.
type claim struct{ from, to int }

// document scans a buffer that holds the whole document, and the views of it.
func (s *Scanner) document(c *collector, d *document, data []byte, at place) {
	var claims []claim
	if d.format != binary && d.depth < deepest {
		claims = s.manifestView(c, d, data, at)
	}
	s.piece(c, d, data, at, 0, len(data), claims)
	if d.format != binary && d.depth < deepest {
		s.jsonView(c, d, data, at)
	}
}

// piece scans data[from:to]; what is around it is context.
func (s *Scanner) piece(c *collector, d *document, data []byte, at place, from, to int, claims []claim) {
	nested := d.format != binary && d.depth < deepest && d.format != lock
	if nested {
		claims = append(claims, s.joinedView(c, d, data, at, from, to)...)
	}
	k := cursor{data: data, at: at}
	lines := cursor{data: data, at: place{line: 1}} // of a view
	for _, f := range s.e.walk(d, data, s.options.Now) {
		if f.from < from || f.from >= to || !s.reported(&f) || claimed(claims, f) {
			continue
		}
		here := k.to(f.from)
		p := Place{Path: d.path, Line: here.line, Column: here.column + 1, View: d.view, Blob: c.blob}
		if at.inner != "" {
			p.View += " " + at.inner + ":" + strconv.Itoa(lines.to(f.from).line)
		}
		s.tell(c, &f, p)
	}
	if nested {
		s.encodedView(c, d, data, at, from, to)
	}
}

func claimed(claims []claim, f candidate) bool {
	for _, k := range claims {
		if f.from < k.to && k.from < f.to {
			return true
		}
	}
	return false
}

// reported reports whether a candidate is a finding.
func (s *Scanner) reported(f *candidate) bool {
	switch f.verdict {
	case Secret, Public, Test, Expired:
		return f.verdict == Secret || f.rule.shapes != nil && f.rule.names == "" || f.rule == s.e.jwt || s.options.Explain
	case Placeholder, Hash, UUID, Integrity, Reference, Ordinary:
	}
	return s.options.Explain
}

func (s *Scanner) tell(c *collector, f *candidate, p Place) {
	if isRandom(f.name) || len(f.name) > 60 {
		f.name = "" // what stands before a secret may be another one
	}
	c.told++
	out := Finding{
		Rule: f.rule.ID, Provider: f.rule.Provider, Verdict: f.verdict, Reason: f.reason, Name: printable(f.name),
		Fingerprint: fingerprint(s.key, f.value), Masked: mask(f.value, f.prefix, f.random), Place: p, Times: 1, Until: f.until,
	}
	if c.keep(out) && s.options.Reveal != nil && f.verdict == Secret {
		c.mu.Lock()
		defer c.mu.Unlock()
		s.options.Reveal(out, lr.NewSecret(f.value))
	}
}
