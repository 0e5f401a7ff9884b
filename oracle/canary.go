package oracle

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
)

// A canary is lr1-<run>-<tenant>-<n>-<96 random bits in hex>: unmistakable in a
// reply, and it tells whose it is. Where a field is too short or too strict for
// that, the compact form lr1<96 bits> is used.
var canaryForm = regexp.MustCompile(`lr1-[0-9a-z]{1,16}-[0-9a-z]{1,16}-[0-9]{1,9}-[0-9a-f]{24}|lr1[0-9a-f]{24}`)

// Mint makes canaries and remembers whose they are. It is safe for concurrent use.
type Mint struct {
	run  string
	rand io.Reader

	mu     sync.Mutex
	n      int
	owners map[string]string // canary => tenant
}

// NewMint makes a mint for a run. source is that of the random bits;
// nil is crypto/rand.
func NewMint(run string, source io.Reader) *Mint {
	if source == nil {
		source = rand.Reader
	}
	return &Mint{run: word(run), rand: source, owners: map[string]string{}}
}

// Canary mints one for the tenant.
func (m *Mint) Canary(tenant string) string {
	return m.mint(tenant, func(n int, bits string) string {
		return fmt.Sprintf("lr1-%s-%s-%d-%s", m.run, word(tenant), n, bits)
	})
}

// Compact mints one of 27 lower-case letters and digits.
func (m *Mint) Compact(tenant string) string {
	return m.mint(tenant, func(_ int, bits string) string { return "lr1" + bits })
}

func (m *Mint) mint(tenant string, form func(int, string) string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b [12]byte
	// A random source that fails leaves zero bits: n still tells the long form
	// apart, and the compact form is checked for being new.
	_, _ = io.ReadFull(m.rand, b[:])
	m.n++
	c := form(m.n, hex.EncodeToString(b[:]))
	for m.owners[c] != "" {
		m.n++
		copy(b[8:], fmt.Sprintf("%04x", m.n))
		c = form(m.n, hex.EncodeToString(b[:]))
	}
	m.owners[c] = tenant
	return c
}

// TenantOf tells whose canary it is, "" when this mint did not make it.
func (m *Mint) TenantOf(canary string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.owners[canary]
}

// Canaries lists the distinct canaries in a text, in order.
func Canaries[T string | []byte](text T) []string {
	var out []string
	seen := map[string]bool{}
	put := func(c string) {
		if !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	switch text := any(text).(type) {
	case string:
		for _, c := range canaryForm.FindAllString(text, -1) {
			put(c)
		}
	case []byte:
		for _, c := range canaryForm.FindAll(text, -1) {
			put(string(c))
		}
	}
	return out
}

// word keeps the lower-case letters and digits of s, at most 16.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 32
		}
		return -1
	}, s)
	if len(s) > 16 {
		s = s[:16]
	}
	if s == "" {
		s = "x"
	}
	return s
}

// Planted reports evidence that a text of this run decided. Such a finding can be
// repeated with a new text by anyone; what was in the target before cannot.
func Planted(e lr.Evidence) bool {
	return slices.ContainsFunc(e.Witness, func(w string) bool { return len(Canaries(w)) > 0 })
}
