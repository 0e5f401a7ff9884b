package demo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID mints an id of the kind: "chat" gives "chat_" and 128 random bits.
func (s *Server) newID(kind string) string {
	return kind + "_" + s.randomText(16)
}

func (s *Server) randomText(n int) string {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.random, b); err != nil {
		panic(fmt.Sprintf("no randomness: %v", err)) // the system's source does not fail (crypto/rand.Read)
	}
	return idEncoding.EncodeToString(b)
}

// derived is a value that the seed alone decides: seeded ids, passwords, tokens.
func (s *Server) derived(label string) string {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], uint64(s.seed))
	m := hmac.New(sha256.New, key[:])
	io.WriteString(m, label) //nolint:errcheck // a hash does not fail
	return idEncoding.EncodeToString(m.Sum(nil)[:16])
}

// digest is what the database keeps of a secret with enough entropy of its own.
func digest(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

const stampLayout = "2006-01-02T15:04:05.000Z"

// stamp is the time as the database and the API write it; stamps sort as text.
func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

func slugify(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '-'
	}, strings.ToLower(name)), "-")
}
