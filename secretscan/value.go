package secretscan

import (
	"encoding/base64"
	"strings"
)

// placeholders are what people write where a secret goes. They are looked for in
// lower case, in any part of a value; each is too long to stand in a random key by chance.
var placeholders = []string{
	"example", "changeme", "change-me", "change_me", "changethis", "change-this", "change_this", "change in prod", "placeholder", "xxxxx", "dummy", "sample", "replace", "insert-", "insert_", "redacted",
	"notasecret", "not-a-secret", "not_a_secret", "not-a-real", "not_a_real", "notreal", "foobar", "secret-here", "-here", "_here", "key here", "lorem", "asdf", "your-", "your_", "yourkey", "yourtoken", "yoursecret",
	"your api", "yourpass", "yoursuper", "youraccess", "your own", "<your", "enter-", "enter_", "deadbeef", "cafebabe", "abcdefgh", "01234567", "12345678", "87654321", "98765432", "qwerty", "-goes-", "_goes_", "aaaaaa", "000000", "111111",
	"undefined", "testtest", "mytoken", "mysecret", "my-secret", "my_secret", "my-token", "my_token", "mykey", "myapikey", "my-api", "my_api", "mypass", "my-pass", "my_pass", "some-secret", "some_secret", "somesecret", "some-token", "some_token", "sometoken", "somekey", "some-key", "supersecret",
	"super-secret", "super_secret", "secretkey", "secret-key", "secret_key", "topsecret", "top-secret", "letmein", "test-key", "test_key", "testkey", "test-token", "test_token", "test-secret", "test_secret",
	"testsecret", "testtoken", "fake", "mock-", "mock_", "masked", "hidden", "private-key", "api-key", "api_key", "apikey", "access-token", "access_token", "accesstoken", "auth-token", "auth_token",
	"obfuscated", "1234abcd", "abcd1234", "abc123", "123abc", "a1b2c3", "1a2b3c", "valid-token", "invalid", "bogus", "random-", "random_", "generate", "{}", "...", "…", "***", "•••", "unused", "no-such", "nosuch", "foo-bar", "foo_bar", "bar-baz", "hunter2", "correct-horse", "correcthorse", "do-not-use", "donotuse", "insecure-", "for-testing", "for-test", "-only", "local-dev", "dev-secret", "dev_secret", "development",
}

// knownDefaults are passwords that nobody needs to leak: everyone knows them.
var knownDefaults = set(`todo tbd n/a password passw0rd pass passwd postgres postgresql root admin administrator user username guest mysql mariadb mongo mongodb redis rabbitmq minio minioadmin elastic secret test
	test123 testing test1234 demo changeme default public private none null true false toor master local docker dev development example keycloak neo4j grafana sa oracle sonar nexus jenkins airflow superset
	supabase hasura prisma strapi directus metabase app api web backend db database dbpass dbuser foo bar baz qux foobar hello world secret123 password1 password123 admin123 pass123 123456 1234 12345 1234567 12345678 123456789 abc123 qwerty letmein
	welcome string str text pwd token key apikey sqlpass mypassword mypass mypassword123 s3cr3t s3cret p@ssw0rd p@ssword pa55word pa$$word required optional yes no on off empty blank unknown any`)

// grammar says what a value is when it is no secret by its own form, whatever its name.
func grammar(v string) (Verdict, string) {
	low := strings.ToLower(v)
	switch {
	case isUUID(v):
		return UUID, "it has the form of a UUID, which names something"
	case isReference(v, low):
		return Reference, "it says where the value comes from"
	case strings.HasPrefix(low, "sha1-") || strings.HasPrefix(low, "sha256-") || strings.HasPrefix(low, "sha384-") || strings.HasPrefix(low, "sha512-") || strings.HasPrefix(v, "h1:") ||
		strings.HasPrefix(low, "sha256:") || strings.HasPrefix(low, "sha512:") || strings.HasPrefix(low, "md5:") || strings.HasPrefix(low, "sha1:"):
		return Integrity, "it pins the content of a file"
	case strings.HasPrefix(v, "$2a$") || strings.HasPrefix(v, "$2b$") || strings.HasPrefix(v, "$2y$") || strings.HasPrefix(v, "$argon2") || strings.HasPrefix(v, "$6$") || strings.HasPrefix(v, "$5$") ||
		strings.HasPrefix(v, "$1$") || strings.HasPrefix(low, "pbkdf2") || strings.HasPrefix(v, "{SSHA") || strings.HasPrefix(low, "scrypt:") || strings.HasPrefix(v, "$scrypt") || strings.HasPrefix(v, "$apr1$"):
		return Hash, "it is the hash of a password"
	case strings.HasPrefix(v, "MFkwEwYHKoZI") || strings.HasPrefix(v, "MIIBIjANBgkqh") || strings.HasPrefix(v, "MIICIjANBgkqh") || strings.HasPrefix(v, "MCowBQYDK2V") || strings.HasPrefix(v, "MHYwEAYHKoZI") ||
		strings.HasPrefix(v, "MIGfMA0GCSqGSIb3DQEBAQ") || strings.HasPrefix(v, "LS0tLS1CRUdJTiBDRVJUSUZJQ") || strings.HasPrefix(v, "LS0tLS1CRUdJTiBQVUJMSUMg"):
		return Public, "it is a public key or a certificate"
	case isPlaceholder(v, low):
		return Placeholder, "it stands where a secret goes"
	case isEncodedText(v):
		return Ordinary, "it is text in base64"
	case isOrdinary(v, low):
		return Ordinary, "it is a word, a path, a number or code"
	}
	return "", ""
}

// isEncodedText reports base64 of words. Random bytes are no text.
func isEncodedText(v string) bool {
	raw := strings.TrimRight(v, "=")
	if len(raw) < 10 || !isLetter(raw[0]) || len(raw)%4 == 1 || strings.ContainsAny(raw, " .:@!-_") {
		return false
	}
	plain, err := base64.RawStdEncoding.DecodeString(raw)
	return err == nil && isText(plain) && isASCII(string(plain)) && !isRandom(string(plain))
}

func isUUID(v string) bool {
	v = strings.Trim(v, "{}")
	if len(v) != 36 {
		return false
	}
	for i := range 36 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if v[i] != '-' {
				return false
			}
		} else if !isHexDigit(v[i]) {
			return false
		}
	}
	return true
}

var references = []string{
	"process.env", "import.meta", "os.environ", "os.getenv", "getenv(", "secrets.", "secretkeyref", "vault:", "op://", "arn:aws", "ssm:", "ssm/", "sm://", "akv://", "gcpkms", "awskms", "keychain:", "keyring:",
	"file:", "!ref", "!sub", "!getatt", "fn::", "enc[", "enc(", "${", "#{", "{{", "}}", "<%", "%{", "$(", "$env", "ref+", "azurekeyvault", "@microsoft.keyvault", "secretsmanager", "resolve:", "env(", "env:", "config.", "settings.", "credentials.", "data.", "var.", "local.", "module.",
}

func isReference(v, low string) bool {
	for _, r := range references {
		if strings.Contains(low, r) {
			return !strings.HasSuffix(r, ".") || strings.HasPrefix(low, r) && !isRandom(v)
		}
	}
	if v[0] == '$' && len(v) > 1 && isName(v[1:]) && !strings.ContainsAny(v[1:], "$") {
		return !isRandom(v[1:])
	}
	return len(v) > 2 && (v[0] == '%' && v[len(v)-1] == '%' || v[0] == '@' && v[len(v)-1] == '@' || v[0] == '<' && v[len(v)-1] == '>' || v[0] == '[' && v[len(v)-1] == ']' || v[0] == '{' && v[len(v)-1] == '}') ||
		strings.HasPrefix(v, "__") && strings.HasSuffix(v, "__")
}

func isName(v string) bool {
	for i := range len(v) {
		if !isWord(v[i]) && v[i] != '-' && v[i] != '.' {
			return false
		}
	}
	return true
}

// isPlaceholder reports what a person or a tool put instead of a secret.
func isPlaceholder(v, low string) bool {
	if knownDefaults[low] {
		return true
	}
	for _, p := range placeholders {
		if strings.Contains(low, p) {
			return true
		}
	}
	t := traitsOf(v)
	if t.distinct <= 3 && len(v) >= 6 || t.run >= 6 || t.run*2 > len(v) {
		return true
	}
	return sequence(low) >= 8 || strings.HasPrefix(low, "xxx") || strings.HasSuffix(low, "xxx") || strings.Count(low, "x")*2 > len(low)
}

// sequence is the longest run of bytes that follow one another: "abcdef", "4321".
func sequence(v string) int {
	best, up, down := 1, 1, 1
	for i := 1; i < len(v); i++ {
		if v[i] == v[i-1]+1 {
			up++
		} else {
			up = 1
		}
		if v[i] == v[i-1]-1 {
			down++
		} else {
			down = 1
		}
		best = max(best, up, down)
	}
	return best
}

// isOrdinary reports words, paths, addresses, numbers and pieces of code.
func isOrdinary(v, low string) bool {
	switch {
	case strings.Count(v, " ") >= 2, strings.Contains(v, "\t"):
		return true
	case strings.Contains(v, "://") || strings.HasPrefix(v, "//") || strings.HasPrefix(v, "./") || strings.HasPrefix(v, "../") || strings.HasPrefix(v, "~/") || strings.HasPrefix(v, "@/") || strings.HasPrefix(v, "#") && len(v) < 10:
		return true
	case v[0] == '/' && strings.Count(v, "/") >= 2 && !isRandom(v), strings.HasPrefix(low, "c:\\"):
		return true
	case strings.HasPrefix(low, "data:") || strings.HasPrefix(low, "image/") || strings.HasPrefix(low, "application/") || strings.HasPrefix(low, "text/") || strings.HasPrefix(low, "urn:") || strings.HasPrefix(low, "mailto:"):
		return true
	case v[0] == '@' && strings.Contains(v, "/") && isName(strings.ReplaceAll(v[1:], "/", "")), strings.HasPrefix(v, "^") || strings.HasSuffix(v, "$"):
		return !isRandom(v) // a package, an expression
	case strings.HasPrefix(v, "Eby8vdM02xNO") && len(v) == 88:
		return true // the key of Azure's storage emulator, which its documentation prints
	case strings.HasPrefix(v, "ssh-rsa ") || strings.HasPrefix(v, "ssh-ed25519 ") || strings.HasPrefix(v, "ecdsa-") || strings.HasPrefix(v, "age1") || strings.HasPrefix(v, "MIIB") && len(v) > 100 || strings.HasPrefix(v, "AAAAB3NzaC1"):
		return true
	case strings.ContainsAny(v, "(){};") && strings.ContainsAny(v, "({") && strings.ContainsAny(v, ")};") || strings.Contains(v, "=>") || strings.Contains(v, "->") || strings.Contains(v, "::") || strings.Contains(v, "=="):
		return !isRandom(v)
	case strings.Contains(v, `\w`) || strings.Contains(v, `\d`) || strings.Contains(v, "[a-z") || strings.Contains(v, "[A-Z") || strings.Contains(v, "(?"):
		return true
	case isNumber(v) || strings.Contains(v, "%s") || strings.Contains(v, "%d") || strings.Contains(v, "%v"):
		return true
	case strings.Contains(v, "@") && strings.Contains(v[strings.IndexByte(v, '@'):], ".") && isName(strings.ReplaceAll(v, "@", "")) && !isRandom(v):
		return true
	case strings.Contains(v, "+") && isKeyChord(low):
		return true
	}
	return false
}

func isNumber(v string) bool {
	digits := 0
	for i := range len(v) {
		switch c := v[i]; {
		case isDigit(c):
			digits++
		case c != '.' && c != '-' && c != '+' && c != ',' && c != '_' && c != ':' && c != '/' && c != ' ' && c != 'T' && c != 'Z' && c != 'e' && c != 'x':
			return false
		}
	}
	return digits > 0
}

var chord = set(`ctrl cmd shift alt option meta command control mod win super tab enter escape esc space up down left right home end pageup pagedown delete backspace plus minus`)

func isKeyChord(low string) bool {
	n := 0
	for _, part := range strings.FieldsFunc(low, func(r rune) bool { return r == '+' || r == ' ' || r == '-' }) {
		if chord[part] {
			n++
		} else if len(part) > 3 {
			return false
		}
	}
	return n > 0
}

// isWordy reports names of things: "userPassword", "auth.password.label", "PASSWORD_RESET".
func isWordy(v string) bool {
	if !isName(strings.ReplaceAll(strings.ReplaceAll(v, "/", "."), ":", ".")) {
		return false
	}
	t := traitsOf(v)
	if t.digits == 0 {
		return t.others > 0 || len(v) < 24 || surprise(v) < 5.0
	}
	return surprise(v) < 4.2 && t.digits*4 <= len(v) && !isHex(v)
}

// length classes of digests in hex: MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
func isDigestLength(n int) bool {
	return n == 32 || n == 40 || n == 56 || n == 64 || n == 96 || n == 128
}
