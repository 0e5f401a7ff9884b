package repository

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"text/template"
	"time"
)

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// words are the functions that templates have. A key is made when it is written:
// none stands in this program's own source.
func (w *writer) words() template.FuncMap {
	return template.FuncMap{
		"flaw":   w.o.Flaws,
		"key":    func(prefix string, n int) string { return prefix + w.letters(prefix, n, alphanumeric) },
		"hex":    func(name string, n int) string { return w.letters(name, n, "0123456789abcdef") },
		"digest": w.digest,
		"github": w.github,
		"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"secret": func(name string) string { return w.o.Secrets[name] },
		"ago":    func(days int) string { return w.o.Now.UTC().AddDate(0, 0, -days).Format(time.RFC3339) },
		"join":   func(parts ...string) string { return strings.Join(parts, "") },
	}
}

// letters are n letters that the seed and the name decide.
func (w *writer) letters(name string, n int, of string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", w.o.Seed, name))
	r := rand.New(rand.NewChaCha8(sum)) //nolint:gosec // made up, and the same in each run
	out := make([]byte, n)
	for i := range out {
		out[i] = of[r.IntN(len(of))]
	}
	return string(out)
}

// github is a token of GitHub's: its last six letters are a checksum of the
// others (CRC-32 in base 62).
func (w *writer) github() string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	body := w.letters("github", 30, alphanumeric)
	sum := crc32.ChecksumIEEE([]byte(body))
	check := make([]byte, 6)
	for i := len(check) - 1; i >= 0; i-- {
		check[i] = digits[sum%62]
		sum /= 62
	}
	return "ghp_" + body + string(check)
}

// digest is a checksum as package locks have it (SHA-512, base64).
func (w *writer) digest(name string) string {
	raw, err := hex.DecodeString(w.letters(name, 128, "0123456789abcdef"))
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(raw)
}
