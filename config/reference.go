package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

// Secret is a value that comes in by reference alone.
type Secret struct {
	lr.Secret
	Written string // the reference, safe to print
}

// Value is a text that may hold references: a header field, a body's field.
// Written is safe to print; the value itself may not be.
type Value struct {
	lr.Secret
	Written string
	escaped string
}

// Template is the value with the dollar signs doubled that references brought
// in, so that filling in $user and its kin leaves them alone.
func (v Value) Template() string { return v.escaped }

// HeaderLine is one header field, "Name: value", whose value may hold references.
type HeaderLine struct {
	Name string
	Value
}

// Spec is the API's description: one place to read, or the routes themselves.
type Spec struct {
	Path   string   // path or URL
	Routes []string // "METHOD /path"
}

var (
	reference = regexp.MustCompile(`\$\{(env|file):([^}]*)\}`)
	envName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// Text that may stand beside a reference: an authentication scheme (RFC 9110,
	// 11.1) or the name of a cookie.
	aroundReference = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_.-]{0,30}[ =])?\x00$`)
	// Names of fields that hold secrets.
	secretName = regexp.MustCompile(`(?i)passw|passphrase|^pwd$|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key|session`)
	// Names that look so and hold none.
	openName = regexp.MustCompile(`(?i)_?type$|_?(id|url|uri|name|scope)$`)
	// Texts that are secrets whatever they are called.
	secretShape = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}|\bsk-[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|(?i:password|passwd|pwd)=[^\s&;$]+|-----BEGIN [A-Z ]*PRIVATE KEY|\b[a-z][a-z0-9+]{1,30}://[^\s:/@$]*:[^\s/@$]{1,}@`)
)

// resolver finds what references point at.
type resolver struct {
	env  func(string) (string, bool)
	dir  string
	read func(string) ([]byte, error)
	warn func(string) // nil is deaf
}

// maxSecretFile bounds the file that a reference may point at.
const maxSecretFile = 1 << 20

// expand replaces each reference by its value. whole is the text with each
// reference reduced to a zero byte, for judging what stands around it.
func (r *resolver) expand(s string) (value, whole string, err error) {
	return r.expandWith(s, func(v string) string { return v })
}

func (r *resolver) expandWith(s string, each func(string) string) (value, whole string, err error) {
	if rest, ok := strings.CutPrefix(s, "file:"); ok && !strings.Contains(s, "${") {
		value, err = r.file(rest)
		return each(value), "\x00", err
	}
	var first error
	value = reference.ReplaceAllStringFunc(s, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		var v string
		var err error
		if m[1] == "env" {
			v, err = r.variable(m[2])
		} else {
			v, err = r.file(m[2])
		}
		if err != nil && first == nil {
			first = err
		}
		return each(v)
	})
	if first != nil {
		return "", "", first
	}
	whole = reference.ReplaceAllString(s, "\x00")
	if strings.Contains(whole, "${") {
		return "", "", errors.New("not a reference: write ${env:NAME} or ${file:PATH}")
	}
	return value, whole, nil
}

func (r *resolver) variable(name string) (string, error) {
	if !envName.MatchString(name) {
		return "", fmt.Errorf("%q is no name of an environment variable: write ${env:NAME}", clip(name))
	}
	v, ok := r.env(name)
	if !ok {
		return "", fmt.Errorf("environment variable %s is not set", name)
	}
	if v == "" {
		return "", fmt.Errorf("environment variable %s is empty", name)
	}
	return v, nil
}

// file reads PATH, or the line NAME=value of it for PATH#NAME.
func (r *resolver) file(ref string) (string, error) {
	path, name, named := strings.Cut(strings.TrimSpace(ref), "#")
	if path == "" {
		return "", errors.New("the reference names no file: write file:PATH or file:PATH#NAME")
	}
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(r.dir, full)
	}
	b, err := r.read(full)
	var pe *os.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("secret file %s does not exist", path)
	case errors.As(err, &pe):
		return "", fmt.Errorf("secret file %s: %w", path, pe.Err)
	case err != nil:
		return "", fmt.Errorf("secret file %s: %w", path, err)
	case len(b) > maxSecretFile:
		return "", fmt.Errorf("secret file %s is larger than 1 MiB", path)
	}
	if fi, err := os.Stat(full); err == nil && fi.Mode().Perm()&0o077 != 0 && r.warn != nil {
		r.warn(fmt.Sprintf("secret file %s can be read by others: chmod 600 %s", path, path))
	}
	if !named {
		v := strings.TrimSpace(string(b))
		if v == "" {
			return "", fmt.Errorf("secret file %s is empty", path)
		}
		return v, nil
	}
	for _, line := range strings.Split(string(b), "\n") {
		k, v, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && strings.TrimSpace(k) == name && !strings.HasPrefix(k, "#") {
			return unquoted(strings.TrimSpace(v)), nil
		}
	}
	return "", fmt.Errorf("secret file %s has no line %s=…", path, name)
}

// unquoted takes one pair of quotes off, which keep the spaces of a value.
func unquoted(v string) string {
	if n := len(v); n > 1 && (v[0] == '"' || v[0] == '\'') && v[n-1] == v[0] {
		return v[1 : n-1]
	}
	return v
}

var errInline = errors.New("a secret may not be written into this file: put it in an environment variable and write ${env:NAME}, or in a file and write file:PATH")

// secret reads a value that must be a reference.
func (r *resolver) secret(s string) (Secret, error) {
	v, whole, err := r.expand(s)
	if err != nil {
		return Secret{}, err
	}
	if whole != "\x00" {
		return Secret{}, errInline
	}
	return Secret{lr.NewSecret(v), s}, nil
}

// value reads a text that may hold references, and must when its name or shape
// says that it is a secret.
func (r *resolver) value(name, s string) (Value, error) {
	v, whole, err := r.expand(s)
	if err != nil {
		return Value{}, err
	}
	if inline(name, s, whole) {
		return Value{}, errInline
	}
	escaped, _, err := r.expandWith(s, func(v string) string { return strings.ReplaceAll(v, "$", "$$") })
	if err != nil {
		return Value{}, err
	}
	return Value{lr.NewSecret(v), s, escaped}, nil
}

func inline(name, s, whole string) bool {
	if secretShape.MatchString(s) {
		return true
	}
	if !secretName.MatchString(name) || openName.MatchString(name) || s == "" {
		return false
	}
	return !aroundReference.MatchString(whole) && !template(s)
}

// template reports a text that is filled in when the request is made.
func template(s string) bool {
	for {
		i := strings.IndexAny(s, " =")
		if wholeVariable.MatchString(s) || s == "{token}" {
			return true
		}
		if i < 0 {
			return false
		}
		s = s[i+1:]
	}
}

var (
	variable      = regexp.MustCompile(`\$(\$|[a-z_][a-z0-9_]*)`)
	wholeVariable = regexp.MustCompile(`^\$[a-z_][a-z0-9_]*$`)
)

// Variables are what templates of requests are filled in with.
var variables = []string{"$user", "$password", "$tenant", "$name", "$role", "$refresh", "$token", "$message", "$id"}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// mask replaces what has the shape of a secret.
func mask(s string) string { return secretShape.ReplaceAllString(s, "[secret]") }
