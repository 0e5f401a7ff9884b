package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/launchready/launchready/guard"
)

// KeyPrefix begins every key that guard issues, so that scanners know one.
const KeyPrefix = "lrk_"

// NewKey makes a key, of 130 random bits, and what is kept of it. A hash without
// salt and without work is right for what cannot be guessed.
func NewKey() (key, hash string) {
	key = KeyPrefix + rand.Text()
	return key, HashKey(key)
}

// HashKey is what is kept of a key: SHA-256, in hexadecimal.
func HashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// APIKey is whose a key is.
type APIKey struct {
	Hash            string // as HashKey gives it
	Subject, Tenant string
	Roles           []string
	Expires         time.Time // zero: never
}

// APIKeys are the keys that guard issued. They come in a header of their own, or as
// bearer tokens.
type APIKeys struct {
	Header string // canonical
	by     map[[32]byte]known
}

type known struct {
	who     *guard.Principal
	expires time.Time
}

// NewAPIKeys refuses a hash that is none.
func NewAPIKeys(header string, all []APIKey) (*APIKeys, error) {
	k := &APIKeys{Header: header, by: map[[32]byte]known{}}
	for _, a := range all {
		b, err := hex.DecodeString(a.Hash)
		if err != nil || len(b) != 32 || a.Subject == "" {
			return nil, errors.New("an API key has no subject, or a hash that is no SHA-256 in hexadecimal")
		}
		k.by[[32]byte(b)] = known{&guard.Principal{Subject: a.Subject, Tenant: a.Tenant, Roles: a.Roles}, a.Expires}
	}
	return k, nil
}

// find compares hashes: how long that takes tells nothing of a key.
func (k *APIKeys) find(key string, now time.Time) (*guard.Principal, error) {
	a, ok := k.by[sha256.Sum256([]byte(key))]
	switch {
	case !ok || len(key) > 256:
		return nil, errors.New("no such key")
	case !a.expires.IsZero() && !now.Before(a.expires):
		return nil, errors.New("the key has expired")
	}
	return a.who, nil
}

// there reports that one comes in the header of its own: what begins as they do is no
// key of the application's.
func (k *APIKeys) there(h http.Header) bool {
	return k != nil && slices.ContainsFunc(h[k.Header], func(v string) bool { return strings.HasPrefix(v, KeyPrefix) })
}

// hide takes keys away where none is asked for: they are guard's, and nobody else is to
// see them.
func (k *APIKeys) hide(h http.Header) {
	if k == nil {
		return
	}
	if k.there(h) {
		delete(h, k.Header)
	}
	if token, ok := bearer(h[authorization]); ok && strings.HasPrefix(token, KeyPrefix) {
		delete(h, authorization)
	}
}
