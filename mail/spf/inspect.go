package spf

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/launchready/launchready/mail"
)

// Code names a kind of problem, for callers to sort by.
type Code string

// The kinds of problem. Those marked fatal make the result permerror for every
// sender that gets so far, and so for most mail.
const (
	NoRecord         Code = "no-record"
	Multiple         Code = "multiple"          // fatal: more than one record
	Syntax           Code = "syntax"            // fatal
	UnknownMechanism Code = "unknown-mechanism" // fatal
	TooManyLookups   Code = "too-many-lookups"  // fatal
	TooManyVoids     Code = "too-many-voids"    // fatal
	VoidsIPv6        Code = "too-many-voids-ipv6"
	TooManyMX        Code = "too-many-mx"     // fatal
	Loop             Code = "loop"            // fatal
	IncludeNone      Code = "include-none"    // fatal: the other domain has no record
	IncludeMissing   Code = "include-missing" // fatal: the other domain does not exist
	PlusAll          Code = "plus-all"        // everybody passes
	NeutralAll       Code = "neutral-all"
	NoAll            Code = "no-all"
	AfterAll         Code = "after-all"
	RedirectWithAll  Code = "redirect-with-all"
	Duplicate        Code = "duplicate"
	Repeated         Code = "repeated-include"
	Deprecated       Code = "ptr"
	VoidTarget       Code = "void-target"
	Broad            Code = "broad-range"
	Overlap          Code = "overlap"
	Over255          Code = "over-255"
	Over450          Code = "over-450"
	OldType          Code = "type-99"
	Varies           Code = "depends-on-message"
	Unasked          Code = "unasked" // the DNS gave no answer: nothing is proved
)

// Problem is one thing that is wrong or wasteful in a record.
type Problem struct {
	Code   Code
	Fatal  bool
	Domain string // whose record it is in
	Term   string // as written; "" for the whole record
	At     int    // in bytes from the begin of the record
	Text   string // one sentence
	Clause string // "RFC 7208 section 4.6.4"
}

// Cost is what one term of a record costs a sender that nothing before it matches.
type Cost struct {
	Term    Term
	Target  string // the domain asked about; "" where it depends on the message
	Lookups int    // of MostLookups, with all below
	Voids4  int    // of MostVoids, for a sender with IPv4
	Voids6  int    // the same with IPv6
	Reached bool   // false behind an all: such a term costs nobody anything
	Below   *Node  // of include and redirect
}

// Node is one record of the tree.
type Node struct {
	Domain  string
	Record  string // "" where there is none, or more than one
	Lookups int    // what a sender pays that nothing matches
	Voids4  int
	Voids6  int
	Costs   []Cost
	Again   bool // the record was shown before; its costs are not repeated here
}

// Range is a part of the address space that passes.
type Range struct {
	Prefix netip.Prefix
	Domain string // whose record says so
	Term   string
	At     int // of the term in the record
}

// Report is all that was found about the SPF of a domain.
type Report struct {
	Domain   string
	Records  []string // the SPF records of the domain itself
	Root     *Node    // nil where there is not exactly one record
	Lookups  int      // the most that a sender can cost, counted past the limit
	Voids4   int
	Voids6   int
	Ranges   []Range
	Hosts4   uint64 // how many IPv4 addresses pass, each counted once
	Problems []Problem
	Complete bool // everything was asked and answered
}

// Has finds the problems of one kind.
func (r *Report) Has(c Code) []Problem {
	var out []Problem
	for _, p := range r.Problems {
		if p.Code == c {
			out = append(out, p)
		}
	}
	return out
}

// Bounds of one inspection. A tree past them costs more than any receiver pays.
const (
	mostNodes     = 100
	mostQuestions = 400
	mostRanges    = 10_000
	mostProblems  = 500
	mostCounted   = 1 << 20
)

// Inspect reads the record of a domain and all that it leads to. It counts
// through: a check ends at a match or at the limit, an inspection does not. A
// name that could not be asked is a problem of kind Unasked and leaves the
// report incomplete, never a finding about the name.
func Inspect(ctx context.Context, r mail.Resolver, domain string) *Report {
	w := &walk{r: mail.NewMemo(r), Report: &Report{Complete: true},
		done: map[visit]*Node{}, met: map[string]*Node{}, open: map[string]bool{}, told: map[telling]int{}}
	name, err := mail.Domain(domain)
	if err != nil {
		w.Domain = domain
		w.add(Problem{Code: NoRecord, Domain: domain, Text: err.Error(), Clause: "RFC 7208 section 4.3"})
		return w.Report
	}
	w.Domain = name
	root, state := w.record(ctx, name, place{passes: true, decides: true, reached: true})
	if a, err := w.ask(ctx, name, mail.SPF); err == nil && len(a.Records) > 0 {
		w.add(Problem{Code: OldType, Domain: name, Clause: "RFC 7208 section 3.1",
			Text: "The domain has a record of type SPF (99), which nobody reads any more; delete it."})
	}
	if state == found {
		w.Root = root
		w.Lookups, w.Voids4, w.Voids6 = root.Lookups, root.Voids4, root.Voids6
	} else if state == absent || state == missing {
		w.add(Problem{Code: NoRecord, Domain: name, Text: "The domain has no SPF record.", Clause: "RFC 7208 section 4.5"})
	}
	w.limits()
	w.overlaps()
	w.Hosts4 = hosts(w.Ranges)
	return w.Report
}

func (w *walk) limits() {
	if w.Lookups > MostLookups {
		w.add(Problem{Code: TooManyLookups, Fatal: true, Domain: w.Domain, Clause: "RFC 7208 section 4.6.4",
			Text: fmt.Sprintf("A sender that nothing matches costs %d lookups; receivers stop with an error after %d.", w.Lookups, MostLookups)})
	}
	if w.Voids4 > MostVoids {
		w.add(Problem{Code: TooManyVoids, Fatal: true, Domain: w.Domain, Clause: "RFC 7208 section 4.6.4",
			Text: fmt.Sprintf("%d lookups have no result; receivers stop with an error after %d.", w.Voids4, MostVoids)})
	} else if w.Voids6 > MostVoids {
		w.add(Problem{Code: VoidsIPv6, Domain: w.Domain, Clause: "RFC 7208 section 4.6.4",
			Text: fmt.Sprintf("For a sender with an IPv6 address %d lookups have no result, because the hosts have IPv4 addresses only; receivers stop with an error after %d.", w.Voids6, MostVoids)})
	}
}

// overlaps finds ranges that another range covers. Prefixes either nest or are
// apart, so in order of address and length a stack of the open ones is enough.
func (w *walk) overlaps() {
	ranges := slices.Clone(w.Ranges)
	slices.SortStableFunc(ranges, func(a, b Range) int {
		if c := a.Prefix.Addr().Compare(b.Prefix.Addr()); c != 0 {
			return c
		}
		return a.Prefix.Bits() - b.Prefix.Bits()
	})
	var stack []Range
	told := 0
	for _, r := range ranges {
		for len(stack) > 0 && !stack[len(stack)-1].Prefix.Contains(r.Prefix.Addr()) {
			stack = stack[:len(stack)-1]
		}
		if len(stack) > 0 && told < 50 && (!sameTerm(stack[len(stack)-1].Term, r.Term) || stack[len(stack)-1].Domain != r.Domain) {
			by := stack[len(stack)-1]
			told++
			w.add(Problem{Code: Overlap, Domain: r.Domain, Term: r.Term, At: r.At, Clause: "RFC 7208 section 5.6",
				Text: fmt.Sprintf("%s is already covered by %s in the record of %s.", r.Prefix, by.Term, by.Domain)})
		}
		stack = append(stack, r)
	}
}

// sameTerm reports that two terms say the same: the second is a duplicate.
func sameTerm(a, b string) bool {
	return strings.EqualFold(strings.TrimPrefix(a, "+"), strings.TrimPrefix(b, "+"))
}

// hosts counts the IPv4 addresses of all ranges once each.
func hosts(ranges []Range) uint64 {
	type span struct{ from, to uint64 }
	var spans []span
	for _, r := range ranges {
		if r.Prefix.Addr().Is4() {
			b := r.Prefix.Masked().Addr().As4()
			from := uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])
			spans = append(spans, span{from, from + 1<<(32-r.Prefix.Bits())})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return int(int64(a.from) - int64(b.from)) }) //nolint:gosec // both are below 2^32
	var total, end uint64
	for _, s := range spans {
		if s.to > end {
			total += s.to - max(s.from, end)
			end = s.to
		}
	}
	return total
}
