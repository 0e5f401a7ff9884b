// Package screen takes out of a text that comes in pieces what must not be in it:
// secrets, numbers and addresses of persons, links to hosts that nobody allowed; and
// stops where a value stands that must never be written.
//
// What comes out depends on the text and not on how it was cut. A text is taken apart
// at places that its own characters decide, and each part is judged as soon as
// it is whole: a word of prose at once, a line that names a secret at its end.
package screen

import (
	"bytes"

	"github.com/launchready/launchready/secretscan"
)

// Rules say what is taken out. The zero value takes out nothing.
type Rules struct {
	Secrets  *secretscan.Filter // nil: none
	Personal Personal
	Links    bool // defuse links and images that lead outside of Hosts
	Hosts    Hosts
	Stop     *Needles             // values at which the text ends
	Spare    func(value int) bool // values of Stop that may stand in this text; nil: none
}

// Active reports that there is something to do.
func (r *Rules) Active() bool {
	return r != nil && (r.Secrets != nil || r.Personal.any() || r.Links || r.Stop != nil)
}

// Bounds of what is held back.
const (
	longestWord = 64 << 10 // without a blank
	longestHold = 4 << 10
	sureHold    = 128 // from here on an open secret is waited for to the end of its line
)

// cut stands for the rest of a word that is too long to be judged whole.
const cut = "[cut]"

// Stopped says that a value of Rules.Stop was in the text.
type Stopped struct{ Value int }

func (*Stopped) Error() string { return "the text holds a value that must not be in it" }

// Text is one text on its way. It is not safe for concurrent use.
type Text struct {
	rules *Rules
	pend  []byte
	at    int // of pend, looked at
	open  int // length at which a secret was open first
	tail  []byte
	read  []byte // likewise, as it is read
	plain bool   // nothing of it is read in another way than it is written
	skip  bool   // the rest of a word that was cut
	key   secretscan.Segment
	sink  sink
}

// New begins a text.
func New(r *Rules) *Text { return &Text{rules: r, plain: true} }

// Emit gets each part in order: how many bytes of what was written it stands for, and
// what is left of it. What is nil is unchanged.
type Emit func(n int, left []byte)

// Write adds a piece. The error is a *Stopped: what Emit has had by then is all.
func (t *Text) Write(piece []byte, emit Emit) error {
	t.pend = append(t.pend, piece...)
	begin := 0 // of the part
	for t.at < len(t.pend) {
		c := t.pend[t.at]
		t.at++
		part := t.pend[begin:t.at]
		end := 0
		switch {
		case blank(c) || c >= 0x80:
			if t.holds(part) {
				continue
			}
			end = len(part)
		case len(part) >= longestWord:
			end = wordCut(part)
		default:
			continue
		}
		n, err := t.part(part[:end], emit)
		if err != nil {
			return err
		}
		begin += n
		t.open = 0
	}
	t.pend = append(t.pend[:0], t.pend[begin:]...)
	t.at -= begin
	return nil
}

// Close ends the text.
func (t *Text) Close(emit Emit) error {
	if len(t.pend) == 0 {
		return nil
	}
	_, err := t.part(t.pend, emit)
	t.pend, t.at = t.pend[:0], 0
	return err
}

// Held is how many bytes wait for what follows.
func (t *Text) Held() int { return len(t.pend) }

// wordCut is where a word without end is broken: behind what separates members.
func wordCut(part []byte) int {
	if i := bytes.LastIndexAny(part[len(part)/2:], ",;"); i >= 0 {
		return len(part)/2 + i + 1
	}
	return len(part)
}

// holds reports that what follows may be needed to judge the part, which ends
// with a blank or a character outside of ASCII.
func (t *Text) holds(part []byte) bool {
	if len(part) >= longestHold || t.skip {
		return false
	}
	last := part[len(part)-1]
	r := t.rules
	if r.Links && last != ' ' && last < 0x80 && t.sink.breaks(part) {
		return true
	}
	if last == '\n' {
		return t.open > 0 && bytes.Count(part, []byte("\n")) < 3 && goesOn(part)
	}
	if r.Personal.any() {
		if f := bytes.TrimRight(part, " \t"); len(f) > 0 && len(f) < len(part) && group(f[bytes.LastIndexAny(f, " \t\n")+1:]) {
			return true
		}
	}
	if r.Secrets == nil {
		return false
	}
	if t.key.Key() || t.open > 0 && len(part) > t.open+sureHold {
		return true
	}
	if r.Secrets.Opens(part) {
		if t.open == 0 {
			t.open = len(part)
		}
		return true
	}
	return false
}

// goesOn reports a line whose value may be on the next.
func goesOn(part []byte) bool {
	line := bytes.TrimRight(part, " \t\r\n")
	return len(line) > 0 && bytes.IndexByte([]byte(":=|>\\,({["), line[len(line)-1]) >= 0
}

// part judges one part that is whole.
func (t *Text) part(part []byte, emit Emit) (int, error) {
	r := t.rules
	n := len(part)
	if t.skip {
		if ended := blank(part[n-1]) || part[n-1] >= 0x80; !ended {
			emit(n, []byte{})
			return n, nil
		}
		t.skip = false
		emit(n, part[n-1:])
		return n, nil
	}
	if err := t.stops(part); err != nil {
		return 0, err
	}
	if n >= longestWord && bytes.IndexByte([]byte(",;"), part[n-1]) < 0 && bytes.IndexFunc(part, func(c rune) bool { return c == ' ' || c == '\n' }) < 0 {
		t.skip = true
		emit(n, []byte(cut))
		return n, nil
	}
	if t.harmless(part) {
		t.key.Pass(part)
		emit(n, nil)
		return n, nil
	}
	s := string(part)
	before := t.key
	out := r.redacted(&t.key, part)
	if out == s && bytes.ContainsAny(part, "&\\") { // a secret may be read that is not written
		read := bare(part, true)
		if left := r.redacted(&before, read); left != string(read) {
			out = left
		}
	}
	if r.Links {
		breaks := n >= longestHold && t.sink.breaks(part)
		if out = t.sink.text(r.Hosts, out); breaks {
			out += removed // so that it does not go on
		}
	}
	if out == s {
		emit(n, nil)
	} else {
		emit(n, []byte(out))
	}
	return n, nil
}

// redacted is what of a part the rules for secrets and for numbers of persons leave.
func (r *Rules) redacted(key *secretscan.Segment, part []byte) string {
	out := string(part)
	if r.Secrets != nil {
		out = r.Secrets.Segment(key, part, &secretscan.Filtered{})
	}
	if r.Personal.any() {
		out = r.Personal.text(out)
	}
	return out
}

// harmless reports a part of words that no rule looks at twice.
func (t *Text) harmless(part []byte) bool {
	r := t.rules
	switch {
	case r.Secrets == nil || t.key.Key() || t.sink.target || t.sink.open != 0 || t.sink.handler || !r.Secrets.Plain(part):
		return false
	case r.Personal.any() && bytes.ContainsAny(part, "0123456789"):
		return false
	}
	return !r.Links || !bytes.Contains(part, []byte("ww.")) && !bytes.Contains(part, []byte("WW.")) && !bytes.Contains(part, []byte("wW.")) && !bytes.Contains(part, []byte("Ww."))
}

// stops looks for the values of Stop in the part and in what was just before it.
func (t *Text) stops(part []byte) error {
	r := t.rules
	if r.Stop == nil || r.Stop.long == 0 {
		return nil
	}
	keep := r.Stop.long - 1
	if t.plain && disguised(part) {
		t.plain, t.read = false, append(t.read, t.tail...)
	}
	t.tail = append(t.tail, part...)
	if v := t.rules.find(t.tail); v >= 0 {
		return &Stopped{v}
	}
	if len(t.tail) > 4*keep { // not at each part
		t.tail = append(t.tail[:0], t.tail[len(t.tail)-keep:]...)
	}
	if t.plain || len(part) == 1 && part[0] >= 0x80 {
		return nil
	}
	add := bare(part, false)
	if len(add) == 0 {
		return nil
	}
	t.read = append(t.read, add...)
	if v := t.rules.find(t.read); v >= 0 {
		return &Stopped{v}
	}
	if len(t.read) > 4*keep {
		t.read = append(t.read[:0], t.read[len(t.read)-keep:]...)
	}
	return nil
}

// find is the first value of Stop in the text that is not spared; -1: none.
func (r *Rules) find(text []byte) int {
	found := -1
	r.Stop.find(text, func(v int) bool {
		if r.Spare == nil || !r.Spare(v) {
			found = v
		}
		return found < 0
	})
	return found
}

// Stops reports that the text holds a value of Stop that is not spared.
func (r *Rules) Stops(text []byte) bool {
	return r != nil && r.Stop != nil && (r.find(text) >= 0 || disguised(text) && r.find(bare(text, false)) >= 0)
}

// Whole screens a text that is there at once. changed tells what a *Stopped does not.
func (r *Rules) Whole(text []byte) (out []byte, changed bool, err error) {
	t := New(r)
	step := func(n int, left []byte) {
		if left != nil {
			changed = true
			out = append(out, left...)
		} else {
			out = append(out, text[:n]...)
		}
		text = text[n:]
	}
	if err = t.Write(text, step); err == nil {
		err = t.Close(step)
	}
	return out, changed, err
}
