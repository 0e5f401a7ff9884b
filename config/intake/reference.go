package intake

import (
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

// Other tools write references as ${NAME}, ${NAME:-default} or {{name}}, and
// shells as $NAME. mark stands around a variable that a shell would have replaced.
const mark = "\x00"

var (
	anyReference = regexp.MustCompile(`\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(:?-[^}]*)?\}|\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}|\x00([A-Za-z_][A-Za-z0-9_]*)\x00`)
	// A whole value that reads $NAME is a variable that single quotes kept from
	// the shell: no credential looks so.
	dollarName = regexp.MustCompile(`^\$([A-Z_][A-Z0-9_]+)$`)
	// What may stand before the one reference of a credential: an authentication
	// scheme (RFC 9110, 11.1) or the name of a cookie.
	beforeReference = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_.-]{0,30}[ =])?$`)
)

// written is the text with every reference as launchready.yaml has it, and how
// many there are.
func (r *reading) written(s string) (text string, references int) {
	if m := dollarName.FindStringSubmatch(s); m != nil {
		return "${env:" + m[1] + "}", 1
	}
	text = anyReference.ReplaceAllStringFunc(s, func(ref string) string {
		m := anyReference.FindStringSubmatch(ref)
		references++
		if m[2] != "" {
			r.warn("the default of ${%s} is not taken: set the variable", m[1])
		}
		name := m[1] + m[4]
		if m[3] != "" { // {{name}} is no environment variable; written like one it is
			name = envWord(m[3])
		}
		return "${env:" + name + "}"
	})
	return text, references
}

// envWord is a name as environment variables are written.
func envWord(s string) string {
	s = strings.ToUpper(strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '_'
	}, s))
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = "_" + s
	}
	return s
}

// secret is a credential as the file has it: a reference, or the value itself.
// Neither is given for one that can be carried by no header and no reference.
func (r *reading) secret(s, whose string) (reference string, value lr.Secret) {
	text, n := r.written(s)
	switch {
	case n == 0 && strings.ContainsAny(s, "\r\n\x00"):
		r.warn("%s holds a line break, which no request can carry: left out", whose)
	case n == 0:
		return "", lr.NewSecret(s)
	case n > 1 || !strings.HasSuffix(text, "}") || !beforeReference.MatchString(text[:strings.Index(text, "${env:")]):
		r.warn("%s mixes text and references: put the whole value into one variable; left out", whose)
	default:
		return text, lr.Secret{}
	}
	return "", lr.Secret{}
}

// set puts a secret where it belongs in an identity and reports whether there
// was one.
func (id *Identity) set(field, reference string, value lr.Secret) bool {
	if reference != "" {
		if id.References == nil {
			id.References = map[string]string{}
		}
		id.References[field] = reference
		return true
	}
	if value.IsZero() {
		return false
	}
	switch name, isHeader := strings.CutPrefix(field, "headers."); {
	case isHeader:
		if id.Headers == nil {
			id.Headers = map[string]lr.Secret{}
		}
		id.Headers[name] = value
	case field == "password":
		id.Password = value
	case field == "token":
		id.Token = value
	case field == "cookie":
		id.Cookie = value
	}
	return true
}

// secret is the value of a field, where the file holds it.
func (id *Identity) secret(field string) lr.Secret {
	switch field {
	case "password":
		return id.Password
	case "token":
		return id.Token
	case "cookie":
		return id.Cookie
	}
	return lr.Secret{}
}

// has reports a credential of that field, given or referred to.
func (id *Identity) has(field string) bool {
	return id.References[field] != "" || !id.secret(field).IsZero()
}

// Means reports whether there is any way of being the identity.
func (id *Identity) Means() bool {
	if len(id.Headers) > 0 || id.has("password") || id.has("token") || id.has("cookie") {
		return true
	}
	for field := range id.References {
		if strings.HasPrefix(field, "headers.") {
			return true
		}
	}
	return false
}

// keep puts a text where the configuration takes one: references stay, $ is
// doubled so that nothing fills it in, and what is secret by name or looks goes to
// Secrets under a name of its own.
func (r *reading) keep(in *Intake, key, s string) string {
	text, n := r.written(s)
	if n > 0 && (!secretName(key) || n == 1 && strings.HasSuffix(text, "}") && beforeReference.MatchString(text[:strings.Index(text, "${env:")])) {
		rest := ""
		for i, part := range strings.Split(text, "${env:") {
			if name, after, ok := strings.Cut(part, "}"); i > 0 && ok {
				rest += "${env:" + name + "}" + strings.ReplaceAll(after, "$", "$$")
			} else {
				rest += strings.ReplaceAll(part, "$", "$$")
			}
		}
		if !strings.Contains(strings.ReplaceAll(rest, "${env:", ""), "${") {
			return rest
		}
	}
	if n == 0 && !secretName(key) && !secretShape(s) && !strings.Contains(s, "${") {
		return strings.ReplaceAll(s, "$", "$$")
	}
	if s == "" {
		return s
	}
	if n > 0 {
		r.warn("%s mixes text and references: put the whole value into one variable; left out", clip(key))
		return ""
	}
	if strings.ContainsAny(s, "\r\n\x00") {
		r.warn("%s holds a line break: left out", clip(key))
		return ""
	}
	return "${secret:" + in.hide("SIGN_IN_"+envWord(key), lr.NewSecret(s)) + "}"
}

// hide adds a secret and returns the name it has.
func (in *Intake) hide(name string, value lr.Secret) string {
	if in.Secrets == nil {
		in.Secrets = map[string]lr.Secret{}
	}
	return addSecret(in.Secrets, name, value)
}

func addSecret(to map[string]lr.Secret, name string, value lr.Secret) string {
	for base, n := name, 2; ; n++ {
		have, taken := to[name]
		if !taken || have.Reveal() == value.Reveal() {
			to[name] = value
			return name
		}
		name = base + "_" + itoa(n)
	}
}
