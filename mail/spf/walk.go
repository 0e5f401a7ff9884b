package spf

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/launchready/launchready/mail"
)

// walk is the state of one inspection.
type walk struct {
	*Report
	r         mail.Resolver
	done      map[visit]*Node
	met       map[string]*Node // the first of them, by domain
	open      map[string]bool  // on the way from the root: meeting one again is a loop
	told      map[telling]int  // where in Problems
	questions int
}

// visit is a record in a place: what is wrong with it depends on both.
type visit struct {
	domain string
	at     place
}

// telling is what makes two problems one.
type telling struct {
	code         Code
	domain, term string
	at           int
	text         string
}

// place is how the records above lead to one.
type place struct {
	passes  bool // by terms whose match is a pass
	decides bool // by redirect alone: its all is the result for everybody
	reached bool // by terms that some sender gets to
}

// state is what a domain has.
type state int

const (
	found   state = iota
	absent        // the name exists without a record
	missing       // NXDOMAIN
	broken        // more than one
	unasked
)

// add notes a problem once; where it was met in vain before, it may be fatal now.
func (w *walk) add(p Problem) {
	key := telling{p.Code, p.Domain, p.Term, p.At, p.Text}
	if i, ok := w.told[key]; ok {
		w.Problems[i].Fatal = w.Problems[i].Fatal || p.Fatal
		return
	}
	if len(w.Problems) < mostProblems {
		w.told[key] = len(w.Problems)
		w.Problems = append(w.Problems, p)
	}
}

// ask puts a question; a failure is noted once and leaves the report incomplete.
func (w *walk) ask(ctx context.Context, name string, t mail.Type) (mail.Answer, error) {
	if w.questions >= mostQuestions {
		if w.questions == mostQuestions {
			w.questions++
			w.unasked(name, fmt.Sprintf("The records lead to more than %d questions; the rest was not asked.", mostQuestions))
		}
		return mail.Answer{}, errBound
	}
	w.questions++
	a, err := mail.Ask(ctx, w.r, name, t)
	if err != nil {
		w.unasked(name, err.Error())
	}
	return a, err
}

const errBound = constError("the bound of questions is reached")

type constError string

func (e constError) Error() string { return string(e) }

func (w *walk) unasked(name, text string) {
	w.Complete = false
	w.add(Problem{Code: Unasked, Domain: name, Text: text, Clause: "RFC 7208 section 2.6.6"})
}

// record reads the record of a domain and all below it.
func (w *walk) record(ctx context.Context, domain string, at place) (*Node, state) {
	if len(w.done) >= mostNodes {
		if w.Complete {
			w.unasked(domain, fmt.Sprintf("The records include more than %d others; the rest was not read.", mostNodes))
		}
		return nil, unasked
	}
	a, err := w.ask(ctx, domain, mail.TXT)
	if err != nil {
		return nil, unasked
	}
	var records []string
	for _, txt := range a.Texts() {
		if IsRecord(txt) {
			records = append(records, txt)
		}
	}
	if domain == w.Domain {
		w.Records = records
	}
	switch {
	case a.Missing():
		return nil, missing
	case len(records) == 0:
		return nil, absent
	case len(records) > 1:
		w.add(Problem{Code: Multiple, Fatal: at.reached, Domain: domain, Clause: "RFC 7208 section 4.5",
			Text: fmt.Sprintf("The domain has %d SPF records; receivers give up at more than one. Merge them.", len(records))})
		return nil, broken
	}
	n := &Node{Domain: domain, Record: records[0]}
	w.done[visit{domain, at}], w.open[domain] = n, true
	if w.met[domain] == nil {
		w.met[domain] = n
	}
	w.read(ctx, n, at)
	delete(w.open, domain)
	return n, found
}

func (w *walk) read(ctx context.Context, n *Node, at place) {
	record, errs := Parse(n.Record)
	for _, e := range errs {
		code := Syntax
		if e.Unknown {
			code = UnknownMechanism
		}
		w.add(Problem{Code: code, Fatal: at.reached, Domain: n.Domain, Term: e.Term, At: e.At, Text: e.Text, Clause: "RFC 7208 section 12"})
	}
	w.size(n)
	all := record.Find(All) != nil
	redirect, reached := false, true
	before := map[string]bool{}
	for _, t := range record.Terms {
		w.lint(n, before, t, reached, all, at)
		c := Cost{Term: t, Reached: reached && !t.Modifier}
		if t.Kind == Redirect && t.Modifier {
			c.Reached = !all
		}
		below := place{reached: at.reached && c.Reached}
		if below.reached {
			below.passes = at.passes && (t.Modifier || t.Qualifier == QPass)
			below.decides = at.decides && t.Modifier
		}
		w.cost(ctx, n, &c, below)
		n.Costs = append(n.Costs, c)
		if c.Reached && t.Costs() {
			n.Lookups = min(n.Lookups+c.Lookups, mostCounted)
			n.Voids4 = min(n.Voids4+c.Voids4, mostCounted)
			n.Voids6 = min(n.Voids6+c.Voids6, mostCounted)
		}
		redirect = redirect || t.Modifier && t.Kind == Redirect
		reached = reached && (t.Modifier || t.Kind != All)
	}
	if at.decides && !all && !redirect && len(errs) == 0 {
		w.add(Problem{Code: NoAll, Domain: n.Domain, Clause: "RFC 7208 section 4.7",
			Text: "The record ends without all or redirect=: for every other sender it says nothing (neutral). End it with -all or ~all."})
	}
}

func (w *walk) size(n *Node) {
	switch {
	case len(n.Record) > 450:
		w.add(Problem{Code: Over450, Domain: n.Domain, Clause: "RFC 7208 section 3.4",
			Text: fmt.Sprintf("The record has %d bytes; above 450 the answer may not fit a UDP message of 512 bytes.", len(n.Record))})
	case len(n.Record) > 255:
		w.add(Problem{Code: Over255, Domain: n.Domain, Clause: "RFC 7208 section 3.3",
			Text: fmt.Sprintf("The record has %d bytes and needs more than one string of 255; not every provider's form splits it right.", len(n.Record))})
	}
}

// lint judges a term by what it says and by what stands before it.
func (w *walk) lint(n *Node, before map[string]bool, t Term, reached, all bool, at place) {
	p := Problem{Domain: n.Domain, Term: t.Text, At: t.At}
	tell := func(c Code, clause, format string, args ...any) {
		p.Code, p.Clause, p.Text = c, "RFC 7208 section "+clause, fmt.Sprintf(format, args...)
		w.add(p)
	}
	key := strings.ToLower(strings.TrimPrefix(t.Text, "+"))
	if before[key] {
		tell(Duplicate, "4.6.2", "%s is there twice.", t.Text)
	}
	before[key] = true
	switch {
	case !reached && !t.Modifier:
		tell(AfterAll, "5.1", "%s stands behind all and is never looked at.", t.Text)
		return
	case t.Kind == All && t.Qualifier == QPass && at.passes:
		tell(PlusAll, "5.1", "%s lets every sender of the world pass.", t.Text)
	case t.Kind == All && t.Qualifier == QNeutral && at.decides:
		tell(NeutralAll, "8.2", "%s says nothing about every other sender. Say ~all or -all.", t.Text)
	case t.Kind == PTR && !t.Modifier:
		tell(Deprecated, "5.5", "ptr is slow and unreliable and should not be published.")
	}
	if t.Kind == Redirect && t.Modifier && all {
		tell(RedirectWithAll, "6.1", "%s is ignored because the record has an all.", t.Text)
	}
	w.broad(tell, t)
}

// broad finds ranges wider than any sender needs: shorter than /16, and than /32
// with IPv6, the size that registries give a whole provider.
func (w *walk) broad(tell func(Code, string, string, ...any), t Term) {
	if t.Modifier || t.Qualifier != QPass {
		return
	}
	switch {
	case t.Kind == IP4 && t.Prefix.Bits() < 16, t.Kind == IP6 && t.Prefix.Bits() < 32:
		tell(Broad, "5.6", "%s lets a whole network send: name the addresses that do.", t.Text)
	case (t.Kind == A || t.Kind == MX) && (t.Bits4 < 16 || t.Bits6 < 32):
		tell(Broad, "5.6", "%s lets the whole networks around its hosts send.", t.Text)
	}
}

// cost asks what a term would ask.
func (w *walk) cost(ctx context.Context, n *Node, c *Cost, at place) {
	t := c.Term
	if t.Kind == IP4 || t.Kind == IP6 {
		if at.passes {
			w.allow(t.Prefix.Masked(), n.Domain, t)
		}
		return
	}
	if !t.Costs() {
		return
	}
	c.Lookups = 1
	if t.Macro() {
		w.add(Problem{Code: Varies, Domain: n.Domain, Term: t.Text, At: t.At, Clause: "RFC 7208 section 7",
			Text: "What this term asks for depends on the message, so it is counted as one lookup and not followed."})
		return
	}
	e := evaluation{}
	c.Target = strings.ToLower(e.target(ctx, t, frame{n.Domain}))
	switch t.Kind {
	case Include, Redirect:
		w.follow(ctx, n, c, at)
	case A, Exists:
		w.address(ctx, n, c, c.Target, at)
	case MX:
		w.exchangers(ctx, n, c, at)
	}
}

// follow reads the record that an include or a redirect leads to.
func (w *walk) follow(ctx context.Context, n *Node, c *Cost, at place) {
	p := Problem{Domain: n.Domain, Term: c.Term.Text, At: c.Term.At, Fatal: at.reached}
	if w.open[c.Target] {
		p.Code, p.Clause = Loop, "RFC 7208 section 4.6.4"
		p.Text = fmt.Sprintf("%s leads back to %s, which is being read: receivers stop with an error.", c.Term.Text, c.Target)
		w.add(p)
		return
	}
	if seen := w.met[c.Target]; seen != nil {
		p := p
		p.Code, p.Clause, p.Fatal = Repeated, "RFC 7208 section 4.6.4", false
		p.Text = fmt.Sprintf("The record of %s is used more than once and costs %d lookups each time.", c.Target, 1+seen.Lookups)
		w.add(p)
	}
	if seen := w.done[visit{c.Target, at}]; seen != nil {
		c.Below = &Node{Domain: seen.Domain, Record: seen.Record, Lookups: seen.Lookups, Voids4: seen.Voids4, Voids6: seen.Voids6, Again: true}
	} else {
		below, state := w.record(ctx, c.Target, at)
		switch state {
		case missing:
			p.Code, p.Clause = IncludeMissing, "RFC 7208 section 5.2"
			p.Text = fmt.Sprintf("%s does not exist, and so neither does a record. Whoever can register it may send as this domain.", c.Target)
			w.add(p)
		case absent:
			p.Code, p.Clause = IncludeNone, "RFC 7208 section 5.2"
			p.Text = fmt.Sprintf("%s has no SPF record: receivers stop with an error.", c.Target)
			w.add(p)
		}
		c.Below = below
	}
	if c.Below != nil {
		c.Lookups = min(1+c.Below.Lookups, mostCounted)
		c.Voids4, c.Voids6 = c.Below.Voids4, c.Below.Voids6
	}
}

// address asks for both families of a host and counts what is void for each.
func (w *walk) address(ctx context.Context, n *Node, c *Cost, name string, at place) {
	if !mail.Fits(name) {
		return
	}
	four, err := w.ask(ctx, name, mail.A)
	if err != nil {
		return
	}
	six := four
	if c.Term.Kind != Exists {
		if six, err = w.ask(ctx, name, mail.AAAA); err != nil {
			return
		}
	}
	if four.Void() {
		c.Voids4++
	}
	if six.Void() {
		c.Voids6++
	}
	if four.Void() && six.Void() {
		w.void(n, c, name, four)
	}
	if c.Term.Kind == Exists || !at.passes {
		return
	}
	for _, a := range []mail.Answer{four, six} {
		for _, r := range a.Records {
			bits := c.Term.Bits4
			if r.Type == mail.AAAA {
				bits = c.Term.Bits6
			}
			if p, err := r.Addr.Prefix(bits); err == nil {
				w.allow(p, n.Domain, c.Term)
			}
		}
	}
}

func (w *walk) void(n *Node, c *Cost, name string, a mail.Answer) {
	why := "has no address"
	if a.Missing() {
		why = "does not exist"
	}
	w.add(Problem{Code: VoidTarget, Domain: n.Domain, Term: c.Term.Text, At: c.Term.At, Clause: "RFC 7208 section 4.6.4",
		Text: fmt.Sprintf("%s %s.", name, why)})
}

func (w *walk) exchangers(ctx context.Context, n *Node, c *Cost, at place) {
	if !mail.Fits(c.Target) {
		return
	}
	a, err := w.ask(ctx, c.Target, mail.MX)
	if err != nil {
		return
	}
	if a.Void() {
		c.Voids4, c.Voids6 = 1, 1
		w.add(Problem{Code: VoidTarget, Domain: n.Domain, Term: c.Term.Text, At: c.Term.At, Clause: "RFC 7208 section 4.6.4",
			Text: c.Target + " has no MX record."})
	}
	if len(a.Records) > MostAddresses {
		w.add(Problem{Code: TooManyMX, Fatal: at.reached, Domain: n.Domain, Term: c.Term.Text, At: c.Term.At, Clause: "RFC 7208 section 4.6.4",
			Text: fmt.Sprintf("%s has %d MX records; receivers stop with an error after %d.", c.Target, len(a.Records), MostAddresses)})
		return
	}
	for _, r := range a.Records {
		w.address(ctx, n, c, r.Host, at)
	}
}

func (w *walk) allow(p netip.Prefix, domain string, t Term) {
	if len(w.Ranges) < mostRanges {
		w.Ranges = append(w.Ranges, Range{Prefix: p, Domain: domain, Term: t.Text, At: t.At})
	}
}
