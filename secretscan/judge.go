package secretscan

import (
	"strings"
	"time"
)

// candidate is a value that a rule took for a secret, with what was made of it. It
// never leaves the package.
type candidate struct {
	rule     *rule
	from, to int // in the data that was scanned
	value    string
	name     string
	prefix   int // how many bytes say whose key it is
	random   bool
	verdict  Verdict
	reason   string
	until    time.Time // when it runs out; zero: it does not tell
}

const (
	reasonRandom   = "the name says that it is secret and the value is random"
	reasonPassword = "the name says that it is a password, and it is none that everyone knows"
	reasonTested   = "it stands in a test, a fixture or an example"
	reasonTemplate = "it stands in a template of a configuration"
)

// judgeToken decides on a value that has the form of a provider's key.
func judgeToken(c *candidate, d *document) {
	c.random = true
	if c.rule.Verdict != "" && c.rule.Verdict != Secret {
		c.verdict = c.rule.Verdict
		c.reason = "its provider means it to be seen"
		if c.verdict == Test {
			c.reason = "it is of its provider's test mode"
		}
		return
	}
	body := c.value[min(c.prefix, len(c.value)):]
	if isMadeUp(body) {
		c.verdict, c.reason = Placeholder, "its provider's form with a body that nobody generated"
		return
	}
	if c.rule.check != nil && !c.rule.check(c.value) {
		c.verdict, c.reason = Placeholder, "its checksum does not fit: no key of this provider"
		return
	}
	if c.rule.ID == "gcp-api-key" && firebase(c.name) {
		c.verdict, c.reason = Public, "a key of a Firebase web application names the project, and its rules protect it"
		return
	}
	c.verdict, c.reason = Secret, "it has the form of a key of "+c.rule.Provider
	if c.rule.check != nil {
		c.reason += ", and its checksum fits"
	}
	if d.test {
		c.reason += "; " + reasonTested // a live key in a test is a live key
	}
}

// isMadeUp reports bodies of keys in documentation and tests.
func isMadeUp(body string) bool {
	low := strings.ToLower(body)
	for _, p := range []string{"example", "xxxx", "0000000", "1111111", "aaaaaaa", "1234567", "abcdefg", "fake", "dummy", "sample", "redacted", "placeholder", "your", "changeme", "secret", "testtest", "notreal", "invalid", "deadbeef", "....", "____", "----", "token", "apikey", "foobar", "lorem"} {
		if p == "xxxx" && !strings.Contains(body, p) && !strings.Contains(body, "XXXX") {
			continue
		}
		if strings.Contains(low, p) && (len(p) > 4 || p == "xxxx" || p == "...." || p == "____" || p == "----" || len(body) < 60 && !isRandom(strings.ReplaceAll(low, p, ""))) {
			return true
		}
	}
	t := traitsOf(body)
	n := len(body)
	if t.run >= 5 && t.run*4 > n || t.distinct < 5 || sequence(low) >= 6 {
		return true
	}
	if n >= 16 {
		return entropy(body) < 2.4 || n >= 20 && t.digits*3 < n && !isHex(strings.ReplaceAll(body, "-", "")) && surprise(body) < 4.1
	}
	return false
}

func firebase(name string) bool {
	low := strings.ToLower(name)
	return strings.Contains(low, "firebase") || low == "apikey"
}

// judgeAssigned decides on a value that only its name makes a secret.
func judgeAssigned(c *candidate, a assignment, class nameClass, d *document) {
	v := c.value
	owned := c.rule.shape != "" // a provider's name and its form
	if owned {
		v = v[c.prefix:]
	}
	low := strings.ToLower(v)
	c.random = isRandom(v) || owned
	if verdict, reason := grammar(v); verdict != "" {
		c.verdict, c.reason = verdict, reason
		switch {
		case verdict == UUID && (owned || strings.HasSuffix(strings.ToLower(c.name), "_authtoken") || strings.Contains(strings.ToLower(c.name), "secret") || class == passName):
			c.random = true // some give out UUIDs as secrets
		case verdict == Placeholder && c.random && len(v) >= 32 && !strings.HasSuffix(v, "...") && !knownDefaults[low] && hasOnlyShortPlaceholder(low):
		default:
			return
		}
	}
	switch {
	case class == hashName || isHex(v) && isDigestLength(len(v)) && class == weakName && !owned:
		c.verdict, c.reason = Hash, "it is a digest by its length and its name"
		return
	case d.format == lock:
		c.verdict, c.reason = Integrity, "it stands in a lock file"
		return
	case class == openName:
		c.verdict, c.reason = Public, "its name says that it is meant to be seen"
		if !c.random {
			c.verdict, c.reason = Ordinary, "its name says that it is meant to be seen"
		}
		return
	}
	switch class {
	case passName:
		if !isPassword(v, a, d) {
			c.verdict, c.reason = Ordinary, "it is a word or a name"
			return
		}
		c.verdict, c.reason = Secret, reasonPassword
	case tokenName:
		if !c.random && !isPhrase(v, a, d) {
			c.verdict, c.reason = Ordinary, "it is not random"
			return
		}
		if isWordy(v) && !isHex(v) && !owned {
			c.verdict, c.reason = Ordinary, "it is made of words"
			return
		}
		c.verdict, c.reason = Secret, reasonRandom
	default:
		if !c.random || len(v) < 16 || isWordy(v) && !isHex(v) || !a.quoted && d.format != environ && d.format != settings && len(v) < 24 || strings.ContainsAny(v, " :,@!?*<>[](){}\\'\"") {
			c.verdict, c.reason = Ordinary, "the name says little, and the value is short or not random"
			return
		}
		c.verdict, c.reason = Secret, reasonRandom
	}
	switch {
	case d.test:
		c.verdict, c.reason = Test, reasonTested
	case d.example && (class == passName || len(v) < 20):
		c.verdict, c.reason = Placeholder, reasonTemplate
	}
}

// hasOnlyShortPlaceholder reports that what made a long random value look like a
// placeholder is so short that it may stand there by chance.
func hasOnlyShortPlaceholder(low string) bool {
	for _, p := range placeholders {
		if len(p) > 4 && strings.Contains(low, p) {
			return false
		}
	}
	return true
}

// isPassword reports whether v, given to something that is called a password, is one.
func isPassword(v string, a assignment, d *document) bool {
	if len(v) < 6 || len(v) > 128 || strings.ContainsAny(v, " <>\n") || d.format == prose && !isRandom(v) {
		return false
	}
	t := traitsOf(v)
	if !isASCII(v) && t.digits == 0 {
		return false // a label in another language
	}
	if a.quoted || a.byFlag || d.format == environ || d.format == settings {
		switch {
		case t.digits+t.others == 0:
			// Letters alone: a label, a field's name, a type, unless the file is a
			// configuration that was written to be read by a server.
			return d.format == environ && len(v) >= 8 && !d.example && surprise(v) > 3.9 && !strings.Contains(strings.ToLower(v), "pass") || len(v) >= 12 && surprise(v) >= 5.5 && t.turns >= 3
		case isName(v) && t.digits == 0:
			return false // "new-password", "user.password"
		case t.others > 0 && t.digits == 0 && t.lower+t.upper < len(v)*2/3:
			return false
		case (strings.ContainsAny(v, "()[]{};`\\|") || hasVariable(v)) && !isRandom(v) && d.format != environ:
			return false
		case len(v) < 8:
			return t.digits > 0 && t.lower+t.upper > 0 && t.others > 0
		}
		return t.lower+t.upper > 0 && (!isWordy(v) || t.digits >= 2 && t.others == 0 && len(v) >= 8 && !endsInOneNumber(v) || isRandom(v))
	}
	return isRandom(v) || len(v) >= 8 && t.digits > 0 && t.others > 0 && t.lower+t.upper > 2 && !isWordy(v) && d.format != source && !strings.ContainsAny(v, "()[]{};=:/,")
}

// hasVariable reports "$NAME", "${name}" and "$(command)".
func hasVariable(v string) bool {
	for i := 0; i+1 < len(v); i++ {
		if v[i] == '$' && (isLetter(v[i+1]) || v[i+1] == '_' || v[i+1] == '{' || v[i+1] == '(') {
			return true
		}
	}
	return false
}

func isASCII(v string) bool {
	for i := range len(v) {
		if v[i] >= 0x80 {
			return false
		}
	}
	return true
}

// endsInOneNumber reports "password1", "user2": a word that was counted.
func endsInOneNumber(v string) bool {
	i := len(v)
	for i > 0 && isDigit(v[i-1]) {
		i--
	}
	return len(v)-i <= 1
}

// isPhrase reports a secret that somebody typed: "Kp9!vd-2024-prod". It asks for a mix
// that identifiers and prose do not have.
func isPhrase(v string, a assignment, d *document) bool {
	if len(v) < 10 || len(v) > 200 || strings.ContainsAny(v, " <>(){}[]\\;,\"'`|") || !a.quoted && d.format != environ && d.format != settings && d.format != shell {
		return false
	}
	t := traitsOf(v)
	return t.digits >= 2 && t.lower+t.upper >= 4 && (t.others > 0 && t.turns >= 3 && surprise(v) >= 4.6 || surprise(v) >= 5.2 && t.turns >= 2)
}
