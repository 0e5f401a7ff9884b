package span

import "slices"

// edit replaces bytes of the text; where there are none, it puts something in.
type edit struct {
	from, to int32
	text     []byte
}

// Set replaces a value by a JSON text.
func (d *Document) Set(n Node, text []byte) {
	d.edits = append(d.edits, edit{d.nodes[n].start, d.nodes[n].end, text})
}

// SetText replaces a value by a string.
func (d *Document) SetText(n Node, s []byte) { d.Set(n, Quote(nil, s)) }

// Put sets a member of an object, which it may have or not. An object whose members
// are all dropped must not be put to.
func (d *Document) Put(object Node, name string, text []byte) {
	if n := d.Get(object, name); n != None {
		d.Set(n, text)
		return
	}
	at := d.nodes[object].start + 1
	add := append(Quote(nil, []byte(name)), ':')
	add = append(add, text...)
	if d.First(object) != None {
		add = append(add, ',')
	}
	d.edits = append(d.edits, edit{at, at, add})
}

// Drop takes elements or members out of their array or object, and tells how many. Of
// those that are dropped already nothing is asked.
func (d *Document) Drop(parent Node, gone func(Node) bool) int {
	dropped := 0
	for c := d.First(parent); c != None; c = d.Next(c) {
		if !d.nodes[c].gone && gone(c) {
			d.nodes[c].gone = true
			dropped++
		}
	}
	if dropped > 0 {
		d.cut = append(d.cut, parent)
	}
	return dropped
}

// Edited reports that something was changed.
func (d *Document) Edited() bool { return len(d.edits)+len(d.cut) > 0 }

// Output is the text with what was changed. An edit inside of what another edit
// took away is gone with it.
func (d *Document) Output() []byte {
	if !d.Edited() {
		return d.src
	}
	all := d.edits
	if len(d.cut) > 0 {
		all = nil
		for _, parent := range d.cut { // before the others: what is dropped is not replaced
			all = d.gaps(all, parent)
		}
		all = append(all, d.edits...)
	}
	slices.SortStableFunc(all, func(a, b edit) int {
		if a.from != b.from {
			return int(a.from - b.from)
		}
		if in := a.from == a.to; in != (b.from == b.to) { // what is put in front of what is replaced
			if in {
				return -1
			}
			return 1
		}
		return int(b.to - a.to) // the widest first
	})
	out := make([]byte, 0, len(d.src)+64)
	at := int32(0)
	for _, e := range all {
		if e.from < at {
			continue
		}
		out = append(out, d.src[at:e.from]...)
		out = append(out, e.text...)
		at = e.to
	}
	return append(out, d.src[at:]...)
}

// gaps adds the edits that leave of a list or an object what was not dropped: that
// keeps its place, and what is between is written anew.
func (d *Document) gaps(all []edit, parent Node) []edit {
	at := d.nodes[parent].start + 1
	var comma []byte
	for c := d.First(parent); c != None; c = d.Next(c) {
		n := d.nodes[c]
		if n.gone {
			continue
		}
		begin := n.start
		if n.keyEnd > n.key {
			begin = n.key
		}
		if at < begin {
			all = append(all, edit{at, begin, comma})
		}
		at, comma = n.end, []byte{','}
	}
	if end := d.nodes[parent].end - 1; at < end {
		all = append(all, edit{at, end, nil})
	}
	return all
}
