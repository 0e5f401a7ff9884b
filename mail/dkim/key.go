// Package dkim reads DKIM keys and signatures (RFC 6376, RFC 8301, RFC 8463).
//
// ParseKey reads a key record with every error at its position, Ask looks one
// up, Verify decides on the signatures of a message, and Signer makes one that
// Verify has nothing to say about. The cryptography and the canonical forms are
// those of github.com/emersion/go-msgauth; what a signature is worth is decided
// here.
package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/launchready/launchready/mail"
)

// Code names a kind of problem with a key or a signature.
type Code string

// The kinds of problem of a key. Those marked fatal leave no usable key.
const (
	Syntax      Code = "syntax"        // fatal
	Duplicate   Code = "duplicate-tag" // fatal
	Version     Code = "version"       // fatal: v is not first, or not DKIM1
	MissingKey  Code = "missing-p"     // fatal
	BadKey      Code = "bad-key"       // fatal: p is no key of the kind that k says
	UnknownKind Code = "unknown-k"     // fatal
	NoSHA256    Code = "no-sha256"     // fatal: h allows no algorithm that may be used
	OtherUse    Code = "other-service" // fatal for mail: s does not include email
	Revoked     Code = "revoked"       // fatal, and maybe meant
	TooShort    Code = "too-short"     // fatal: RSA under 1024 bits
	Weak        Code = "weak"          // RSA under 2048 bits
	TooLong     Code = "too-long"      // RSA over 4096 bits, which verifiers need not handle
	SHA1        Code = "sha1"          // h still allows SHA-1
	Testing     Code = "testing"       // t=y
	UnknownTag  Code = "unknown-tag"   // ignored
	Obsolete    Code = "obsolete-tag"  // g of RFC 4871
	UnknownFlag Code = "unknown-flag"  // ignored
	BareKey     Code = "bare-rsa-key"  // the key without its usual wrapping
	Spaces      Code = "spaces-in-key" // white space in p that some verifiers trip over
)

// Problem is one thing that is wrong with a key or a signature.
type Problem struct {
	Code   Code
	Fatal  bool
	Tag    string // "" for the whole
	At     int    // in bytes from the begin of the record or of the field's value
	Text   string
	Clause string
}

// Key is a parsed key record (RFC 6376 section 3.6.1).
type Key struct {
	Text     string
	Tags     []mail.Tag
	Kind     string           // k: "rsa" or "ed25519", as written otherwise
	Public   crypto.PublicKey // *rsa.PublicKey or ed25519.PublicKey; nil where there is none
	Bits     int              // of an RSA modulus; 256 for Ed25519
	Hashes   []string         // h, nil: all
	Services []string         // s, nil: all
	Flags    []string         // t
	Notes    string           // n
	Problems []Problem
}

// Usable reports that a verifier can check mail with the key.
func (k *Key) Usable() bool {
	return k.Public != nil && !slices.ContainsFunc(k.Problems, func(p Problem) bool { return p.Fatal })
}

// Has finds the problems of one kind.
func (k *Key) Has(c Code) bool {
	return slices.ContainsFunc(k.Problems, func(p Problem) bool { return p.Code == c })
}

// Flag reports a flag of t: "y" is testing, "s" forbids subdomains in i=.
func (k *Key) Flag(f string) bool { return slices.Contains(k.Flags, f) }

func (k *Key) tell(c Code, fatal bool, t mail.Tag, clause, format string, args ...any) {
	k.Problems = append(k.Problems, Problem{Code: c, Fatal: fatal, Tag: t.Name, At: t.At, Text: fmt.Sprintf(format, args...), Clause: clause})
}

// IsKey reports whether a text means to be a key record, to tell a broken one
// from another text at the same name.
func IsKey(txt string) bool {
	tags, _ := mail.ParseTags(txt)
	for i, t := range tags {
		if t.Name == "p" || i == 0 && t.Name == "v" && strings.HasPrefix(t.Value, "DKIM") || i == 0 && t.Name == "k" {
			return true
		}
	}
	return false
}

// ParseKey reads a key record. It never fails: what is wrong is in Problems, and
// Usable says whether a key remains.
func ParseKey(txt string) *Key {
	k := &Key{Text: txt, Kind: "rsa"}
	tags, errs := mail.ParseTags(txt)
	for _, e := range errs {
		k.tell(Syntax, true, mail.Tag{At: e.At}, "RFC 6376 section 3.2", "%s", e.Text)
	}
	k.Tags = tags
	seen := map[string]mail.Tag{}
	for i, t := range tags {
		if _, ok := seen[t.Name]; ok { // names are case-sensitive (section 3.2)
			k.tell(Duplicate, true, t, "RFC 6376 section 3.2", "%s is there twice, which makes the whole record invalid.", t.Name)
			continue
		}
		seen[t.Name] = t
		k.set(i, t)
	}
	p, ok := seen["p"]
	switch {
	case !ok:
		k.tell(MissingKey, true, mail.Tag{}, "RFC 6376 section 3.6.1", "The record has no p and so no key.")
	case strip(p.Value) == "":
		k.tell(Revoked, true, p, "RFC 6376 section 3.6.1", "p is empty: the key has been revoked.")
	default:
		k.public(p)
	}
	return k
}

func (k *Key) set(i int, t mail.Tag) {
	switch t.Name {
	case "v":
		if i != 0 || t.Value != "DKIM1" {
			k.tell(Version, true, t, "RFC 6376 section 3.6.1", "v must be the first tag and be DKIM1.")
		}
	case "k":
		if k.Kind = t.Value; k.Kind != "rsa" && k.Kind != "ed25519" {
			k.tell(UnknownKind, true, t, "RFC 8463 section 3", "No kind of key is called %q.", clip(k.Kind))
		}
	case "h":
		k.Hashes = list(t.Value)
		switch {
		case !slices.Contains(k.Hashes, "sha256"):
			k.tell(NoSHA256, true, t, "RFC 8301 section 3.1", "h=%s does not allow sha256, the only algorithm that may be used.", clip(t.Value))
		case slices.Contains(k.Hashes, "sha1"):
			k.tell(SHA1, false, t, "RFC 8301 section 3.1", "h still allows sha1, which must not be used.")
		}
	case "s":
		k.Services = list(t.Value)
		if !slices.Contains(k.Services, "*") && !slices.Contains(k.Services, "email") {
			k.tell(OtherUse, true, t, "RFC 6376 section 3.6.1", "s=%s does not allow the key for mail.", clip(t.Value))
		}
	case "t":
		k.Flags = list(t.Value)
		for _, f := range k.Flags {
			switch f {
			case "y":
				k.tell(Testing, false, t, "RFC 6376 section 3.6.1", "t=y says that the domain is testing DKIM; a verifier may treat its mail as unsigned.")
			case "s", "":
			default:
				k.tell(UnknownFlag, false, t, "RFC 6376 section 3.6.1", "The flag %q is unknown and ignored.", clip(f))
			}
		}
	case "n":
		k.Notes = t.Value
	case "p":
	case "g":
		k.tell(Obsolete, false, t, "RFC 6376 appendix C", "g is obsolete; readers that still honour it want it absent or *.")
	default:
		k.tell(UnknownTag, false, t, "RFC 6376 section 3.2", "%s is no tag of a key record and is ignored.", clip(t.Name))
	}
}

// public decodes the key and judges its strength.
func (k *Key) public(p mail.Tag) {
	at := p
	at.At = p.ValueAt
	text := strip(p.Value)
	if text != p.Value {
		k.tell(Spaces, false, at, "RFC 6376 section 3.6.1", "White space stands in the key. It is allowed, but not every verifier expects it.")
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		k.tell(BadKey, true, at, "RFC 6376 section 3.6.1", "p is not base64: %v.", err)
		return
	}
	switch k.Kind {
	case "ed25519":
		if len(b) != ed25519.PublicKeySize {
			k.tell(BadKey, true, at, "RFC 8463 section 4", "An Ed25519 key has 32 bytes; this has %d.", len(b))
			return
		}
		k.Public, k.Bits = ed25519.PublicKey(b), 256
	case "rsa":
		k.rsa(b, at)
	}
}

// mostBits is the longest key that is tried; a longer one only costs time.
const mostBits = 8192

func (k *Key) rsa(b []byte, at mail.Tag) {
	var pub *rsa.PublicKey
	if some, err := x509.ParsePKIXPublicKey(b); err == nil {
		var ok bool
		if pub, ok = some.(*rsa.PublicKey); !ok {
			k.tell(BadKey, true, at, "RFC 6376 section 3.6.1", "k says rsa, but p holds another kind of key (%T).", some)
			return
		}
	} else if pub, err = x509.ParsePKCS1PublicKey(b); err != nil {
		k.tell(BadKey, true, at, "RFC 6376 section 3.6.1", "p holds no RSA key; it may have been cut off.")
		return
	} else {
		k.tell(BareKey, false, at, "RFC 6376 erratum 3017", "p holds the bare RSA key without SubjectPublicKeyInfo; not every verifier reads that.")
	}
	k.Public, k.Bits = pub, pub.N.BitLen()
	switch {
	case k.Bits < 1024:
		k.tell(TooShort, true, at, "RFC 8301 section 3.2", "The key has %d bits; verifiers must not accept less than 1024.", k.Bits)
	case k.Bits < 2048:
		k.tell(Weak, false, at, "RFC 8301 section 3.2", "The key has %d bits; it should have 2048.", k.Bits)
	case k.Bits > 4096:
		k.tell(TooLong, k.Bits > mostBits, at, "RFC 8301 section 3.2", "The key has %d bits; verifiers need not handle more than 4096.", k.Bits)
	}
}

// list splits at colons (RFC 6376 section 3.2).
func list(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ":") {
		out = append(out, strings.TrimSpace(part))
	}
	return out
}

func strip(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, s)
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
