package postman

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// maxFilled is the length from which on a text is not filled again.
const maxFilled = 64 << 10

// Values are variables by name.
type Values map[string]lr.Secret

// With returns the values with those of more laid over them. An empty value
// covers nothing: environments are shared without theirs.
func (v Values) With(more []Variable) Values {
	out := make(Values, len(v)+len(more))
	for k, x := range v {
		out[k] = x
	}
	for _, x := range more {
		if !x.Disabled && !x.Value.IsZero() {
			out[x.Name] = x.Value
		}
	}
	return out
}

// Fill replaces the {{variables}} that have a value, also those in values.
// What has none stays as it stands.
func (v Values) Fill(s string) string {
	for range 8 { // a value may name another variable, and in a broken file itself
		next := v.once(s)
		if next == s || len(next) > maxFilled {
			break
		}
		s = next
	}
	return s
}

func (v Values) once(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "{{")
		if i < 0 {
			break
		}
		j := strings.Index(s[i:], "}}")
		if j < 0 {
			break
		}
		b.WriteString(s[:i])
		if x, ok := v[strings.TrimSpace(s[i+2:i+j])]; ok && b.Len()+len(x.Reveal()) <= 16*maxFilled {
			b.WriteString(x.Reveal())
		} else {
			b.WriteString(s[i : i+j+2])
		}
		s = s[i+j+2:]
	}
	b.WriteString(s)
	return b.String()
}

// Names lists the variables that a text names.
func Names(s string) []string {
	var out []string
	for {
		i := strings.Index(s, "{{")
		if i < 0 {
			return out
		}
		j := strings.Index(s[i:], "}}")
		if j < 0 {
			return out
		}
		if n := strings.TrimSpace(s[i+2 : i+j]); n != "" {
			out = append(out, n)
		}
		s = s[i+j+2:]
	}
}
