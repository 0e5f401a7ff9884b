package zonefile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/edge"
)

// was stands before each line of a record that was taken out.
const was = ";launchready was; "

// change edits the lines for one set.
func (f *file) change(c edge.Change) error {
	place := -1 // the line that new records go before
	for _, v := range c.Removed() {
		i := f.find(c.Key, v)
		if i < 0 {
			return edge.Concurrent(c.Key)
		}
		e := f.entries[i]
		if len(e.rrs) != 1 {
			return fmt.Errorf("line %d makes several records: edit it by hand", e.from+1)
		}
		replaced := len(c.Added()) > 0
		if i+1 < len(f.entries) && f.entries[i+1].bare && !e.bare && !replaced {
			return fmt.Errorf("line %d takes its name from line %d, which goes: write the name into it, and plan again", f.entries[i+1].from+1, e.from+1)
		}
		if f.ours(e) {
			f.cut(e.from, e.to)
			place = e.from
		} else {
			for j := e.from; j < e.to; j++ {
				f.lines[j] = was + f.lines[j]
			}
			place = e.to
		}
		if err := f.again(); err != nil {
			return err
		}
	}
	for _, v := range c.Added() {
		if f.restore(c.Key, v) {
			if err := f.again(); err != nil {
				return err
			}
			continue
		}
		at := place
		if at < 0 {
			at = f.behind(c.Key)
		}
		rr, err := edge.Parse(c.Key.Name, c.Key.Type, v.TTL, v.Data)
		if err != nil {
			return err
		}
		f.lines = slices.Insert(f.lines, at, line(rr))
		if err := f.again(); err != nil {
			return err
		}
	}
	return nil
}

// mark ends the lines that were put in, so that taking them out leaves nothing.
const mark = " ;launchready"

func line(rr dns.RR) string { return strings.ReplaceAll(rr.String(), "\t", " ") + mark }

// ours reports a line that was put in by a change.
func (f *file) ours(e entry) bool {
	return e.to == e.from+1 && strings.HasSuffix(f.lines[e.from], mark)
}

func (f *file) cut(from, to int) { f.lines = slices.Delete(f.lines, from, to) }

// again reads the lines anew after an edit.
func (f *file) again() error {
	next, err := parse(f.text(), f.zone)
	if err != nil {
		return err
	}
	*f = *next
	return nil
}

func (f *file) find(k edge.Key, v edge.Value) int {
	return slices.IndexFunc(f.entries, func(e entry) bool {
		return slices.ContainsFunc(e.rrs, func(rr dns.RR) bool { return keyOf(rr) == k && valueOf(rr) == v })
	})
}

// restore brings a record back from the comment that it was left in.
func (f *file) restore(k edge.Key, v edge.Value) bool {
	for i := 0; i < len(f.lines); i++ {
		if !strings.HasPrefix(f.lines[i], was) {
			continue
		}
		for end := i + 1; end <= len(f.lines) && strings.HasPrefix(f.lines[end-1], was); end++ {
			try := &file{zone: f.zone, lines: slices.Clone(f.lines)}
			for j := i; j < end; j++ {
				try.lines[j] = strings.TrimPrefix(try.lines[j], was)
			}
			next, err := parse(try.text(), f.zone)
			if err != nil {
				continue // the entry has more lines
			}
			if at := next.find(k, v); at >= 0 && next.entries[at].from == i && next.entries[at].to == end {
				*f = *next
				return true
			}
		}
	}
	return false
}

// behind is the line after the last record of the same set or name, else of the
// zone. A record that is put there does not change the name of what follows.
func (f *file) behind(k edge.Key) int {
	best := -1
	for _, e := range f.entries {
		for _, rr := range e.rrs {
			if keyOf(rr).Name == k.Name && rr.Header().Rrtype != dns.TypeSOA {
				best = e.to
			}
		}
	}
	if best >= 0 {
		return best
	}
	if n := len(f.lines); n > 0 && f.lines[n-1] == "" {
		return n - 1
	}
	return len(f.lines)
}
