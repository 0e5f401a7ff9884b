package launchready

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret holds a credential. It prints, logs and marshals as [secret], so that
// it cannot reach a report by accident; Reveal is the one way to its value.
type Secret struct{ value string }

const masked = "[secret]"

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the value, for the wire and for nothing else.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.value == "" }

// String never gives the value.
func (s Secret) String() string { return masked }

// GoString never gives the value.
func (s Secret) GoString() string { return masked }

// Format never writes the value, whatever the verb: %d would print the struct.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, masked) // fmt keeps the error of its writer itself
}

// MarshalText never writes the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// LogValue never logs the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }
