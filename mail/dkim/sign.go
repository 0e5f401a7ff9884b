package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"
)

// Signer signs messages as RFC 6376 section 5 and RFC 8301 advise: SHA-256,
// relaxed forms, the fields of section 5.4.1, From and its like named once more
// than they are there, no l=.
type Signer struct {
	Domain   string
	Selector string
	Key      crypto.Signer // *rsa.PrivateKey of 1024 bits at least, or ed25519.PrivateKey
	Identity string        // i; "" leaves it out
	Expires  time.Time     // x; zero leaves it out
}

// ErrKey is a key that must not sign.
var ErrKey = errors.New("the key cannot sign mail")

// Sign returns the DKIM-Signature field for a message, CR LF at its end
// included. Lines that end in LF alone are signed as CR LF, as they will be sent.
func (s Signer) Sign(message []byte) (string, error) {
	switch key := s.Key.(type) {
	case *rsa.PrivateKey:
		if key == nil || key.N.BitLen() < 1024 {
			return "", fmt.Errorf("%w: RSA needs 1024 bits and should have 2048 (RFC 8301 section 3.2)", ErrKey)
		}
	case ed25519.PrivateKey:
		if len(key) != ed25519.PrivateKeySize {
			return "", fmt.Errorf("%w: it has a wrong length", ErrKey)
		}
	default:
		return "", fmt.Errorf("%w: %T is neither RSA nor Ed25519", ErrKey, s.Key)
	}
	if !bytes.Contains(message, []byte("\r\n")) {
		message = bytes.ReplaceAll(message, []byte("\n"), []byte("\r\n"))
	}
	header, err := fields(message)
	if err != nil {
		return "", err
	}
	signer, err := msgauth.NewSigner(&msgauth.SignOptions{
		Domain: s.Domain, Selector: s.Selector, Identifier: s.Identity, Signer: s.Key, Hash: crypto.SHA256,
		HeaderCanonicalization: msgauth.CanonicalizationRelaxed, BodyCanonicalization: msgauth.CanonicalizationRelaxed,
		HeaderKeys: names(header), Expiration: s.Expires,
	})
	if err != nil {
		return "", fmt.Errorf("sign for %s: %w", s.Domain, err)
	}
	_, err = signer.Write(message)
	if e := signer.Close(); err == nil {
		err = e
	}
	if err != nil {
		return "", fmt.Errorf("sign for %s: %w", s.Domain, err)
	}
	return signer.Signature(), nil
}

// names are the fields to sign: those of the message that section 5.4.1 advises,
// each as often as it is there, and some once more so that none can be added.
func names(header []field) []string {
	var out []string
	for _, f := range [...]struct {
		name string
		over bool
	}{{"From", true}, {"To", true}, {"Cc", true}, {"Subject", true}, {"Date", true}, {"Reply-To", true}, {"Message-ID", false},
		{"In-Reply-To", false}, {"References", false}, {"MIME-Version", false}, {"Content-Type", true}, {"Content-Transfer-Encoding", false},
		{"List-Id", false}, {"List-Unsubscribe", false}, {"List-Unsubscribe-Post", false}} {
		n := 0
		for _, h := range header {
			if strings.EqualFold(h.name, f.name) {
				n++
			}
		}
		if f.over {
			n++
		}
		for range n {
			out = append(out, f.name)
		}
	}
	return out
}

// RecordFor is the key record to publish for a public key.
func RecordFor(pub crypto.PublicKey) (string, error) {
	switch key := pub.(type) {
	case *rsa.PublicKey:
		b, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrKey, err)
		}
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(b), nil
	case ed25519.PublicKey:
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key), nil
	}
	return "", fmt.Errorf("%w: %T is neither RSA nor Ed25519", ErrKey, pub)
}
