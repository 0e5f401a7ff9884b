package mtasts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/launchready/launchready/mail"
)

// Mode is what senders do with a host that does not meet the policy.
type Mode string

// The modes (section 3.2).
const (
	Enforce Mode = "enforce" // do not deliver
	Testing Mode = "testing" // deliver and report
	None    Mode = "none"    // as if there were no policy
)

// MostAge is the longest time that a policy may be kept.
const MostAge = 31_557_600 * time.Second

// mostPolicy is the size that section 3.3 advises to stop at.
const mostPolicy = 64 << 10

// mostPatterns bounds the hosts of one policy.
const mostPatterns = 1000

// Policy is a parsed policy (section 3.2).
type Policy struct {
	Text     string
	Mode     Mode
	MaxAge   time.Duration
	MX       []string // patterns in lower case; "*.example.com" stands for one label
	Problems []Problem
}

// Valid reports that senders can use the policy.
func (p *Policy) Valid() bool { return len(p.Problems) == 0 }

// ParsePolicy reads the text of a policy. Any problem makes it unusable to
// senders; fields that are unknown are none.
func ParsePolicy(text string) *Policy {
	p := &Policy{Text: text}
	if len(text) > mostPolicy {
		p.bad(0, 0, "3.3", "The policy is longer than %d bytes.", mostPolicy)
		return p
	}
	seen := map[string]bool{}
	at := 0
	for n, line := range strings.Split(text, "\n") {
		begin := at
		at += len(line) + 1
		line = strings.TrimRight(strings.TrimSuffix(line, "\r"), " \t")
		if line == "" && at > len(text) {
			break // the end of the last line
		}
		if len(p.Problems) >= mostProblems {
			break
		}
		key, value, ok := strings.Cut(line, ":")
		value = strings.TrimLeft(value, " \t")
		switch {
		case line == "":
			p.bad(begin, n+1, "3.2", "The line is empty.")
		case !ok || !extension(key):
			p.bad(begin, n+1, "3.2", "%q is not key: value.", clip(line))
		case key == "mx":
			p.pattern(begin, n+1, value)
		case seen[key]: // section 3.2: all but the first are ignored
		default:
			seen[key] = true
			p.set(begin, n+1, key, value)
		}
	}
	for _, key := range []string{"version", "mode", "max_age"} {
		if !seen[key] {
			p.bad(0, 0, "3.2", "The policy has no %s.", key)
		}
	}
	if len(p.MX) == 0 && p.Mode != None && seen["mode"] {
		p.bad(0, 0, "3.2", "The policy names no mx.")
	}
	return p
}

func (p *Policy) bad(at, line int, section, format string, args ...any) {
	p.Problems = append(p.Problems, Problem{At: at, Line: line, Text: fmt.Sprintf(format, args...), Clause: "RFC 8461 section " + section})
}

func (p *Policy) set(at, line int, key, value string) {
	switch key {
	case "version":
		if value != "STSv1" {
			p.bad(at, line, "3.2", "version is %q, not STSv1.", clip(value))
		}
	case "mode":
		switch p.Mode = Mode(value); p.Mode {
		case Enforce, Testing, None:
		default:
			p.bad(at, line, "3.2", "mode is %q, not enforce, testing or none.", clip(value))
		}
	case "max_age":
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil || len(value) > 10 || n > uint64(MostAge/time.Second) {
			p.bad(at, line, "3.2", "max_age is %q, not a number of seconds up to %d.", clip(value), MostAge/time.Second)
			return
		}
		p.MaxAge = time.Duration(n) * time.Second //nolint:gosec // at most a year
	}
}

func (p *Policy) pattern(at, line int, value string) {
	host := strings.TrimPrefix(value, "*.")
	name, err := mail.Domain(host)
	switch {
	case err != nil || strings.ContainsAny(host, "*: /@"):
		p.bad(at, line, "3.2", "mx is %q, not a host or *. and a domain.", clip(value))
		return
	case len(p.MX) == mostPatterns:
		p.bad(at, line, "3.2", "The policy names more than %d hosts.", mostPatterns)
		return
	}
	if host != value {
		name = "*." + name
	}
	p.MX = append(p.MX, name)
}

// Matches reports that a host that takes mail is one the policy names: by its
// name, or by *. in place of its first label (section 4.1).
func (p *Policy) Matches(host string) bool {
	name, err := mail.Domain(host)
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(name, ".")
	for _, pattern := range p.MX {
		if pattern == name || rest != "" && pattern == "*."+rest {
			return true
		}
	}
	return false
}

// Uncovered are the hosts that the policy does not name; senders that enforce it
// deliver nothing there.
func (p *Policy) Uncovered(hosts []string) []string {
	var out []string
	for _, h := range hosts {
		if !p.Matches(h) {
			out = append(out, h)
		}
	}
	return out
}
