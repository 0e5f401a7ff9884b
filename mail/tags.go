package mail

import (
	"fmt"
	"strings"
)

// Tag is one name=value of a tag list, as DKIM, DMARC, MTA-STS and TLS-RPT write
// their records (RFC 6376 section 3.2).
type Tag struct {
	Name    string
	Value   string // without the white space around it
	At      int    // of the name, in bytes from the begin of the record
	ValueAt int
}

// TagError is a part of a tag list that is no tag.
type TagError struct {
	At   int // in bytes from the begin of the record
	Text string
}

func (e *TagError) Error() string { return fmt.Sprintf("at %d: %s", e.At, e.Text) }

// mostTags bounds what is read of one record; the standards know about ten.
const mostTags = 500

// ParseTags reads a tag list. Parts that are no tag are told and left out; what a
// repeated name means is for each standard to say.
func ParseTags(s string) ([]Tag, []*TagError) {
	var tags []Tag
	var errs []*TagError
	bad := func(at int, format string, args ...any) {
		errs = append(errs, &TagError{At: at, Text: fmt.Sprintf(format, args...)})
	}
	for at := 0; at <= len(s); {
		end := len(s)
		if i := strings.IndexByte(s[at:], ';'); i >= 0 {
			end = at + i
		}
		if len(tags)+len(errs) == mostTags {
			bad(at, "more than %d tags", mostTags)
			break
		}
		part, begin := trim(s[at:end], at)
		last := end == len(s)
		at = end + 1
		if part == "" {
			if !last {
				bad(begin, "nothing stands before the semicolon")
			}
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			bad(begin, "%q has no equals sign", clip(part))
			continue
		}
		t := Tag{At: begin}
		t.Value, t.ValueAt = trim(value, begin+len(name)+1)
		t.Name, _ = trim(name, begin)
		if i := badName(t.Name); i >= 0 {
			bad(begin+i, "%q is no name of a tag", clip(t.Name))
			continue
		}
		if i := badValue(t.Value); i >= 0 {
			bad(t.ValueAt+i, "the byte 0x%02x is not allowed in the value of %s", t.Value[i], clip(t.Name))
			continue
		}
		tags = append(tags, t)
	}
	return tags, errs
}

func trim(s string, at int) (string, int) {
	const white = " \t\r\n"
	left := strings.TrimLeft(s, white)
	return strings.TrimRight(left, white), at + len(s) - len(left)
}

func badName(s string) int {
	for i := range len(s) {
		c := s[i]
		alpha := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alpha && (i == 0 || !digit(c) && c != '_') {
			return i
		}
	}
	if s == "" {
		return 0
	}
	return -1
}

func badValue(s string) int {
	for i := range len(s) {
		if c := s[i]; (c < 0x21 || c > 0x7E) && strings.IndexByte(" \t\r\n", c) < 0 {
			return i
		}
	}
	return -1
}
