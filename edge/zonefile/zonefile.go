// Package zonefile reads and edits a zone file in place (RFC 1035 section 5): line
// by line, so that what it does not own keeps its place, its form and its
// comments. A record that it takes out stays as a comment, from which a roll-back
// brings it back where it was.
package zonefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/edge"
)

// Driver edits one file.
type Driver struct {
	File string
	Zone string // the origin at the begin of the file
}

var _ edge.Driver = (*Driver)(nil)

// most bounds the file: a zone of a hundred thousand records has about ten megabytes.
const most = 32 << 20

// mostAlike bounds what one line may make ($GENERATE).
const mostAlike = 4096

// Name is the file's.
func (d *Driver) Name() string { return "zone file " + filepath.Base(d.File) }

// Read tells every record of the file.
func (d *Driver) Read(context.Context, []edge.Key) (*edge.State, error) {
	f, err := d.load()
	if err != nil {
		return nil, err
	}
	return &edge.State{Sets: f.sets(), Complete: true}, nil
}

// Apply edits the file: the new one is written beside it and renamed over it.
func (d *Driver) Apply(_ context.Context, changes []edge.Change) error {
	f, err := d.load()
	if err != nil {
		return err
	}
	sets := f.sets()
	for _, c := range changes {
		if c.Key.Kind != edge.Records {
			return fmt.Errorf("%s: a zone file holds records only", c.Key)
		}
		if !edge.Equal(sets[c.Key], c.Before) {
			return edge.Concurrent(c.Key)
		}
	}
	for _, c := range changes {
		if err := f.change(c); err != nil {
			return err
		}
	}
	// What was written is read again before it counts.
	text := f.text()
	again, err := parse(text, d.Zone)
	if err != nil {
		return fmt.Errorf("edit %s: %w", d.File, err)
	}
	if err := asPlanned(sets, again.sets(), changes); err != nil {
		return fmt.Errorf("edit %s: %w; edit it by hand", d.File, err)
	}
	return d.write(text)
}

// asPlanned reports a set that is not what the changes make of it, or that they
// should not have touched.
func asPlanned(before, after map[edge.Key][]edge.Value, changes []edge.Change) error {
	want := maps.Clone(before)
	for _, c := range changes {
		want[c.Key] = c.After
	}
	for k := range after {
		if _, known := want[k]; !known {
			return fmt.Errorf("%s would appear", k)
		}
	}
	for k, vs := range want {
		if !edge.Equal(after[k], vs) {
			return fmt.Errorf("%s would not be as planned", k)
		}
	}
	return nil
}

func (d *Driver) load() (*file, error) {
	info, err := os.Stat(d.File)
	if err != nil {
		return nil, fmt.Errorf("read the zone file: %w", err)
	}
	if info.Size() > most {
		return nil, fmt.Errorf("read %s: more than %d MB", d.File, most>>20)
	}
	b, err := os.ReadFile(d.File)
	if err != nil {
		return nil, fmt.Errorf("read the zone file: %w", err)
	}
	return parse(b, d.Zone)
}

func (d *Driver) write(text []byte) error {
	mode := os.FileMode(0o644)
	at, err := filepath.EvalSymlinks(d.File)
	if err != nil {
		return fmt.Errorf("write the zone file: %w", err)
	}
	if info, err := os.Stat(at); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(at), ".zone-*")
	if err != nil {
		return fmt.Errorf("write the zone file: %w", err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err == nil {
		err = os.Rename(f.Name(), at)
	}
	if err != nil {
		return fmt.Errorf("write the zone file: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// file is a zone file as lines, and the entries that they make.
type file struct {
	zone    string
	lines   []string
	entries []entry
}

// entry is a logical line: a record, or something that makes none.
type entry struct {
	from, to int // lines, to is after the last
	rrs      []dns.RR
	bare     bool // it takes its name from the entry before
	origin   string
}

// key of an entry's record.
func keyOf(rr dns.RR) edge.Key {
	return edge.RR(rr.Header().Name, dns.TypeToString[rr.Header().Rrtype])
}

func valueOf(rr dns.RR) edge.Value {
	return edge.Value{Data: edge.DataOf(rr), TTL: rr.Header().Ttl}
}

func (f *file) sets() map[edge.Key][]edge.Value {
	out := map[edge.Key][]edge.Value{}
	for _, e := range f.entries {
		for _, rr := range e.rrs {
			k := keyOf(rr)
			out[k] = append(out[k], valueOf(rr))
		}
	}
	return out
}

func (f *file) text() []byte { return []byte(strings.Join(f.lines, "\n")) }

// parse reads a zone file into its entries.
func parse(b []byte, zone string) (*file, error) {
	f := &file{zone: zone, lines: strings.Split(string(b), "\n")}
	origin, ttl, owner := dns.Fqdn(zone), "", ""
	last := uint32(edge.Fresh) // an omitted time is the last one stated, where no $TTL says so
	for i := 0; i < len(f.lines); {
		end := span(f.lines, i)
		if end < 0 {
			return nil, fmt.Errorf("line %d: a parenthesis or a quote is not closed", i+1)
		}
		text := strings.Join(f.lines[i:end], "\n")
		e := entry{from: i, to: end, origin: origin}
		i = end
		fields := strings.Fields(bare(text))
		if len(fields) == 0 {
			continue
		}
		switch strings.ToUpper(fields[0]) {
		case "$ORIGIN":
			if len(fields) < 2 {
				return nil, fmt.Errorf("line %d: $ORIGIN names nothing", e.from+1)
			}
			if origin = fields[1]; !dns.IsFqdn(origin) {
				origin += "." + e.origin
			}
			continue
		case "$TTL":
			ttl = text + "\n"
			continue
		case "$INCLUDE":
			return nil, fmt.Errorf("line %d: $INCLUDE is not followed", e.from+1)
		}
		e.bare = text[0] == ' ' || text[0] == '\t'
		if e.bare {
			if owner == "" {
				return nil, fmt.Errorf("line %d: the first record has no name", e.from+1)
			}
			text = owner + text
		}
		p := dns.NewZoneParser(strings.NewReader(ttl+text+"\n"), origin, "")
		p.SetDefaultTTL(last)
		for rr, ok := p.Next(); ok; rr, ok = p.Next() {
			if e.rrs = append(e.rrs, rr); len(e.rrs) > mostAlike {
				return nil, fmt.Errorf("line %d makes more than %d records", e.from+1, mostAlike)
			}
		}
		if err := p.Err(); err != nil {
			return nil, fmt.Errorf("line %d: %w", e.from+1, err)
		}
		if len(e.rrs) > 0 {
			owner, last = e.rrs[len(e.rrs)-1].Header().Name, e.rrs[len(e.rrs)-1].Header().Ttl
		}
		f.entries = append(f.entries, e)
	}
	return f, nil
}

// span is where the logical line that begins at a line ends, -1 where it does not.
func span(lines []string, from int) int {
	depth, quoted := 0, false
	for i := from; i < len(lines); i++ {
		line := lines[i]
	scan:
		for j := 0; j < len(line); j++ {
			switch c := line[j]; {
			case c == '\\':
				j++
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == ';':
				break scan
			case c == '(':
				depth++
			case c == ')':
				depth--
			}
		}
		if depth <= 0 && !quoted {
			return i + 1
		}
	}
	return -1
}

// bare is a logical line without its comments.
func bare(text string) string {
	var b bytes.Buffer
	for line := range strings.SplitSeq(text, "\n") {
		quoted := false
		for j := 0; j < len(line); j++ {
			c := line[j]
			if c == '\\' && j+1 < len(line) {
				b.WriteString(line[j : j+2])
				j++
				continue
			}
			if c == '"' {
				quoted = !quoted
			}
			if c == ';' && !quoted {
				break
			}
			b.WriteByte(c)
		}
		b.WriteByte(' ')
	}
	return b.String()
}
