package secretscan

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Verdict says what a value that looked like a secret is.
type Verdict string

// The verdicts. Only Secret asks for something to be done.
const (
	Secret      Verdict = "secret"      // it opens something
	Public      Verdict = "public"      // meant to be seen: a publishable or site key, an anonymous token
	Test        Verdict = "test"        // a provider's test mode, or made for a test
	Placeholder Verdict = "placeholder" // stands where a secret goes
	Expired     Verdict = "expired"     // a token that has run out
	Hash        Verdict = "hash"        // a digest of something
	UUID        Verdict = "uuid"        // names something
	Integrity   Verdict = "integrity"   // pins a package or a file
	Reference   Verdict = "reference"   // says where the secret is kept
	Ordinary    Verdict = "ordinary"    // a word, a path, a number: no secret at all
)

// Place is where a value stands.
type Place struct {
	Path   string // as the source names it; archives nest with "!": "image.tar!app/.env"
	Line   int    // from 1; 0 where lines mean nothing
	Column int    // in bytes, from 1
	View   string // the part of the file that was decoded to see it: "sourcesContent/3", "base64"; empty: the file as it is
	Blob   string // id of the git object, for what comes from history
	Commit string // the first commit that brought it, where one does
}

// String is the place as a compiler writes it.
func (p Place) String() string {
	var b strings.Builder
	b.WriteString(p.Path)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	if p.View != "" {
		fmt.Fprintf(&b, " (%s)", p.View)
	}
	if p.Commit != "" {
		fmt.Fprintf(&b, " in %.10s", p.Commit)
	}
	return b.String()
}

// Finding is one value in one document. It does not hold the value: the fingerprint
// tells whether two findings are the same secret, and Masked is safe to show.
type Finding struct {
	Rule        string  // id: "github-pat"
	Provider    string  // whose key it is: "github"; empty: the application's own
	Verdict     Verdict // what it is
	Reason      string  // why that is so, for a reader
	Name        string  // the variable, field or header that it was given to; may be empty
	Fingerprint string  // HMAC-SHA256 of the value with the scanner's key, in hex
	Masked      string  // what may be shown of it
	Place       Place   // its first place in the document
	Times       int     // how often it stands there
	// Until is when the value runs out by itself; zero where it does not tell.
	Until time.Time
}

// fingerprint is keyed: that of a weak password could be guessed otherwise.
func fingerprint(key []byte, value string) string {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte(value)) // a hash never fails
	return hex.EncodeToString(m.Sum(nil))
}

// leastHidden is how much of a value must stay hidden before any of it is shown.
const leastHidden = 20

// mask shows the prefix that says whose key it is and the last four characters,
// where enough stays hidden; of what a person may have chosen it shows the length class.
func mask(value string, prefix int, random bool) string {
	switch {
	case !random || len(value) < leastHidden:
		return "[" + lengthClass(len(value)) + "]"
	case prefix > 12:
		prefix = 12
	}
	if len(value)-prefix-4 >= leastHidden {
		return printable(value[:prefix]) + "…" + printable(value[len(value)-4:])
	}
	if prefix > 0 && len(value)-prefix >= leastHidden {
		return printable(value[:prefix]) + "…"
	}
	return "[" + lengthClass(len(value)) + "]"
}

func lengthClass(n int) string {
	switch {
	case n < 12:
		return "under 12 characters"
	case n < 24:
		return "12 to 23 characters"
	case n < 64:
		return "24 to 63 characters"
	}
	return "64 characters and more"
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
