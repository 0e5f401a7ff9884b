package redact

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
)

// Each pattern starts with a literal, or is guarded by one: text without it is
// passed over at the speed of strings.Index.
var (
	privateKey = regexp.MustCompile(`-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----(?:[^-]|-[^-])*(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?`)
	jwt        = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){2,4}`)
	userinfo   = regexp.MustCompile(`://[^\s/:@"'<>]*:([^\s/@"'<>]+)@`)
	apiKey     = regexp.MustCompile(`\b(?:` + strings.Join(keyPrefixes, "|") + `)([A-Za-z0-9_\-]{8,})`)
	bearer     = regexp.MustCompile(`(?i)\bbearer(?:\s|%20|\+)+([\w.~+/\-]{16,}=*)`)
	multipart  = regexp.MustCompile(`(?i)name="([^"\r\n]*)"[^\n]*\n(?:[^\r\n]+\r?\n)?\r?\n([^\r\n]+)`)
)

// keyPrefixes begin the API keys of well-known services, and of the demo.
var keyPrefixes = []string{"sk-", "hk_", "sk_live_", "sk_test_", "rk_live_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xox[abprs]-", "AKIA", "AIza"}

// shapes replaces what looks like a credential. Every rule leaves a mark that
// no rule matches again.
func shapes(s string) string {
	s = privateKey.ReplaceAllStringFunc(s, func(v string) string { return cover(v, "[key]") })
	s = jwt.ReplaceAllStringFunc(s, maskJWT)
	if containsAny(s, "sk-", "hk_", "_live_", "_test_", "gh", "glpat-", "xox", "AKIA", "AIza") {
		s = replace(apiKey, s, maskKey)
	}
	s = fields(s)
	if containsAny(s, "earer", "EARER") {
		s = replace(bearer, s, mask)
	}
	if strings.Contains(s, `name="`) {
		s = maskMultipart(s)
	}
	return replace(userinfo, s, mask)
}

func containsAny(s string, subs ...string) bool {
	for _, sub := range subs {
		if strings.Contains(s, sub) {
			return true
		}
	}
	return false
}

// replace rewrites the first group of each match.
func replace(re *regexp.Regexp, s string, f func(string) string) string {
	found := re.FindAllStringSubmatchIndex(s, -1)
	if found == nil {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	at := 0
	for _, m := range found {
		b.WriteString(s[at:m[2]])
		b.WriteString(f(s[m[2]:m[3]]))
		at = m[3]
	}
	b.WriteString(s[at:])
	return b.String()
}

func maskMultipart(s string) string {
	var b strings.Builder
	at := 0
	for _, m := range multipart.FindAllStringSubmatchIndex(s, -1) {
		if !secretName(s[m[2]:m[3]]) {
			continue
		}
		b.WriteString(s[at:m[4]])
		b.WriteString(mask(s[m[4]:m[5]]))
		at = m[5]
	}
	b.WriteString(s[at:])
	return b.String()
}

// mask replaces a value but for what is kept in it and the word before it that
// names its scheme. Values that say "no credential", which checks send on
// purpose, and the placeholders of commands stay.
func mask(v string) string {
	switch strings.ToLower(v) {
	case "", `""`, `\"\"`, "null", "undefined", "[]", "{}", "none", "true", "false", "$token", "$cookie", "$secret":
		return v
	}
	scheme, rest, ok := strings.Cut(v, " ")
	switch strings.ToLower(scheme) {
	case "bearer", "basic", "token", "apikey", "digest", "negotiate", "session":
		if ok {
			return scheme + " " + mask(rest)
		}
		return v
	}
	return cover(v, Mark)
}

// cover puts the mark over everything in v that is not kept.
func cover(v, mark string) string {
	out := between(v, func(part string) string {
		if part == "" {
			return ""
		}
		return mark
	})
	for strings.Contains(out, mark+mark) {
		out = strings.ReplaceAll(out, mark+mark, mark)
	}
	return out
}

// maskKey covers the part of an API key after its prefix, unless it is a word.
func maskKey(v string) string {
	if len(v) < 20 && !strings.ContainsAny(v, "0123456789") {
		return v
	}
	return cover(v, "[key]")
}

// maskJWT keeps the algorithm of a token's header: it is what several checks
// are about, and says nothing secret.
func maskJWT(v string) string {
	head, _, _ := strings.Cut(v, ".")
	var h struct {
		Alg string `json:"alg"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil || json.Unmarshal(raw, &h) != nil || !algorithm.MatchString(h.Alg) {
		return cover(v, "[jwt]")
	}
	return cover(v, "[jwt:"+h.Alg+"]")
}

var algorithm = regexp.MustCompile(`^[A-Za-z0-9-]{1,16}$`)
