package demo

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

// Key signs the tokens and the mail of a Harbor. It also holds what is derived
// slowly from passwords that are no secret: making both takes longer than all
// else of a start, and servers that run side by side share them.
type Key struct {
	private *rsa.PrivateKey

	mu     sync.Mutex
	hashes map[string][]byte // of seeded passwords
}

// NewKey makes a key for Options.Key, for callers that start many servers.
func NewKey() (*Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return &Key{private: private, hashes: map[string][]byte{}}, nil
}

// hash is what is kept of a seeded password, which the seed decides for every
// server alike.
func (k *Key) hash(password string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if h, ok := k.hashes[password]; ok {
		return h, nil
	}
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		return nil, fmt.Errorf("hash a seeded password: %w", err)
	}
	k.hashes[password] = h
	return h, nil
}
