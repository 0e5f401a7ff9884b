package secretscan

import (
	"fmt"
	"sort"
)

// Why says why something was not read, or not all of it.
type Why string

// The reasons. Those of Coverage.Partial leave a question open; the others are by design.
const (
	Media       Why = "media"       // pictures, fonts, sound: no text in it
	Unreadable  Why = "unreadable"  // the system refused
	Missing     Why = "missing"     // a git object that is not there: a partial or shallow clone
	TooLarge    Why = "too large"   // over the limit of the scanner
	NotDecoded  Why = "not decoded" // read as plain text only; what is escaped or encoded within was not seen
	Malformed   Why = "malformed"   // an archive that breaks off, or an object that git cannot read
	Bomb        Why = "bomb"        // an archive that grows or nests beyond all bounds
	Encrypted   Why = "encrypted"   // an entry of an archive that asks for a password
	Omitted     Why = "omitted"     // the caller asked to leave it out
	Special     Why = "special"     // a socket, a device, a pipe
	Link        Why = "link"        // a symbolic link: its target is read where it is
	Interrupted Why = "interrupted" // the time or the context ended
	NoGit       Why = "no git"      // history needs the git program and a repository
	TooMany     Why = "too many"    // more findings than are kept
)

// Skip is something that was not read.
type Skip struct {
	Place string
	Why   Why
	Note  string // what the system said; no content of a file
}

// mostSkips bounds the list; the counts go on.
const mostSkips = 200

// Coverage says what a scan has read, and what it has not.
type Coverage struct {
	Files   int   // files, blobs and entries of archives
	Bytes   int64 // what of them was read
	Commits int   // messages of commits and tags
	Known   int   // git objects that an earlier run had read
	Skipped []Skip
	Counts  map[Why]int // of all that were skipped, also of those that the list does not hold
}

func (c *Coverage) skip(place string, why Why, note string) {
	if c.Counts == nil {
		c.Counts = map[Why]int{}
	}
	c.Counts[why]++
	if len(c.Skipped) < mostSkips && why != Media && why != Link {
		c.Skipped = append(c.Skipped, Skip{place, why, note})
	}
}

// Add joins another coverage to this one.
func (c *Coverage) Add(o Coverage) {
	c.Files += o.Files
	c.Bytes += o.Bytes
	c.Commits += o.Commits
	c.Known += o.Known
	for _, s := range o.Skipped {
		if len(c.Skipped) < mostSkips {
			c.Skipped = append(c.Skipped, s)
		}
	}
	for w, n := range o.Counts {
		if c.Counts == nil {
			c.Counts = map[Why]int{}
		}
		c.Counts[w] += n
	}
}

// open reports whether a reason leaves a question open.
func (w Why) open() bool {
	switch w {
	case Media, Link, Special, Omitted:
		return false
	case Unreadable, Missing, TooLarge, NotDecoded, Malformed, Bomb, Encrypted, Interrupted, NoGit, TooMany:
	}
	return true
}

// gaps counts what leaves a question open.
func (c *Coverage) gaps() int {
	sum := 0
	for why, n := range c.Counts {
		if why.open() {
			sum += n
		}
	}
	return sum
}

// Partial returns why nothing can be said of the whole, a sentence for each reason;
// none when everything that could hold a secret was read.
func (c Coverage) Partial() []string {
	var out []string
	for why, n := range c.Counts {
		if !why.open() {
			continue
		}
		first := ""
		for _, s := range c.Skipped {
			if s.Why == why {
				first = ", first " + s.Place
				if s.Note != "" {
					first += " (" + s.Note + ")"
				}
				break
			}
		}
		out = append(out, fmt.Sprintf("%s: %d%s", why, n, first))
	}
	sort.Strings(out)
	return out
}
