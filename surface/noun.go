package surface

import (
	"regexp"
	"strings"
	"unicode"
)

var versionRE = regexp.MustCompile(`^(?i)(v\d+(\.\d+)*([ab]\d*|alpha\d*|beta\d*)?|\d+\.\d+|\d{4}-\d{2}(-\d{2})?)$`)

// versionSegment reports a segment that names a version of the API.
func versionSegment(s string) bool {
	d := strings.TrimLeft(s, "vV")
	return len(s)-len(d) < 2 && d != "" && d[0] >= '0' && d[0] <= '9' && versionRE.MatchString(s)
}

// frame reports a segment that says nothing about what it holds.
func frame(s string) bool {
	switch strings.ToLower(s) {
	case "", "api", "apis", "rest", "rpc", "public", "private", "latest", "current", "app", "backend", "service", "services", "web":
		return true
	}
	return versionSegment(s)
}

// wordsOf splits chatMessages, chat-messages, chat_messages, ChatMessages and
// HTTPRoutes into lower-case words.
func wordsOf(s string) []string {
	var out []string
	var cur []rune
	flush := func() {
		if len(cur) > 0 {
			out = append(out, strings.ToLower(string(cur)))
			cur = nil
		}
	}
	rs := []rune(s)
	for i, r := range rs {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1]) && unicode.IsUpper(rs[i-1])):
			flush()
		}
		cur = append(cur, r)
	}
	flush()
	return out
}

// nounOf gives a segment's words with the last in the singular: "chat message".
func nounOf(seg string) string {
	w := wordsOf(seg)
	if len(w) == 0 {
		return ""
	}
	w[len(w)-1] = Singular(w[len(w)-1])
	return strings.Join(w, " ")
}

// fold makes nouns comparable whatever their number and spelling.
func fold(seg string) string { return strings.ReplaceAll(nounOf(seg), " ", "") }

var irregular = map[string]string{"people": "person", "children": "child", "men": "man", "women": "woman", "statuses": "status",
	"indices": "index", "indexes": "index", "vertices": "vertex", "matrices": "matrix", "media": "media", "data": "data", "news": "news",
	"series": "series", "species": "species", "analyses": "analysis", "aliases": "alias", "addresses": "address", "movies": "movie",
	"cookies": "cookie", "caches": "cache", "databases": "database", "cases": "case", "bases": "base", "releases": "release", "purchases": "purchase",
	"responses": "response", "licenses": "license", "courses": "course", "expenses": "expense", "invoices": "invoice", "kudos": "kudos",
	"status": "status", "access": "access", "address": "address", "bus": "bus", "gas": "gas", "lens": "lens", "canvas": "canvas",
	"https": "https", "dns": "dns", "sms": "sms", "aws": "aws", "cors": "cors", "jwks": "jwks", "analytics": "analytics", "css": "css", "js": "js", "os": "os"}

// Nouns are what the fixed segments of a resource call things, from the front, in the
// singular and in lower case: "chat" and "message" of /v1/chats/{}/messages.
func Nouns(resource string) []string {
	var out []string
	for _, s := range strings.Split(resource, "/") {
		if s != "" && s != "{}" && !versionSegment(s) {
			out = append(out, Singular(strings.ToLower(s)))
		}
	}
	return out
}

// Singular gives an English noun's singular, near enough for paths.
func Singular(w string) string {
	if s, ok := irregular[w]; ok {
		return s
	}
	switch {
	case len(w) < 4:
		return w
	case strings.HasSuffix(w, "ies"):
		return w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "sses"), strings.HasSuffix(w, "shes"), strings.HasSuffix(w, "ches"), strings.HasSuffix(w, "xes"), strings.HasSuffix(w, "zzes"):
		return w[:len(w)-2]
	case strings.HasSuffix(w, "ss"), strings.HasSuffix(w, "us"), strings.HasSuffix(w, "is"):
		return w
	case strings.HasSuffix(w, "s"):
		return w[:len(w)-1]
	}
	return w
}

// plural reports a segment whose last word is a plural.
func plural(seg string) bool {
	w := wordsOf(seg)
	if len(w) == 0 {
		return false
	}
	last := w[len(w)-1]
	switch last {
	case "people", "children", "media", "data", "men", "women":
		return true
	}
	return Singular(last) != last
}

// pluralize gives the plural of a singular word.
func pluralize(w string) string {
	for p, s := range irregular {
		if s == w && p != w {
			switch w { // words with two plurals: take the common one
			case "index":
				return "indexes"
			}
			return p
		}
	}
	switch {
	case strings.HasSuffix(w, "y") && len(w) > 1 && !strings.ContainsRune("aeiou", rune(w[len(w)-2])):
		return w[:len(w)-1] + "ies"
	case strings.HasSuffix(w, "s"), strings.HasSuffix(w, "x"), strings.HasSuffix(w, "ch"), strings.HasSuffix(w, "sh"):
		return w + "es"
	}
	return w + "s"
}

// kin lists the nouns that products use for the same thing, nearest first.
func kin(noun string) []string {
	for _, group := range [...][]string{
		{"user", "account", "member", "profile", "person", "customer", "login"},
		{"chat", "conversation", "thread", "dialog", "session", "room", "channel"},
		{"message", "turn", "post", "reply", "comment"},
		{"file", "document", "attachment", "upload", "asset", "media", "image", "blob", "object"},
		{"tenant", "organization", "organisation", "org", "workspace", "company", "team", "account"},
		{"collection", "knowledgebase", "knowledge", "dataset", "corpus"},
		{"repo", "repository"},
		{"owner", "user", "org", "organization", "account"},
		{"author", "user", "account"},
		{"assignee", "user", "member"},
		{"invite", "invitation"},
		{"key", "apikey", "token"},
	} {
		if group[0] == noun {
			return group[1:]
		}
		for i, g := range group {
			if g == noun && i < 4 {
				out := []string{group[0]}
				for _, o := range group[1:] {
					if o != noun {
						out = append(out, o)
					}
				}
				return out
			}
		}
	}
	return nil
}
