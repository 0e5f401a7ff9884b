package surface

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// keyWords end the names of parameters that hold a key, and begin no noun.
var keyWords = []string{"id", "ids", "uuid", "guid", "pk", "key", "slug", "name", "number", "num", "no", "nr", "code", "token", "hash", "sha", "ref", "handle",
	"title", "email", "index", "identifier", "uid", "oid", "sid", "login", "path", "hex", "ulid", "urn", "uri"}

// paramNoun gives the folded noun in a parameter's name: chat of chat_id,
// user of username, nothing of id and slug.
func paramNoun(name string) string {
	w := wordsOf(name)
	switch strings.Join(w, "") {
	case "username", "userlogin":
		return "user"
	case "apikey", "apikeyid":
		return "apikey"
	}
	for len(w) > 0 && slices.Contains(keyWords, w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	if len(w) > 0 {
		for _, suffix := range []string{"id", "uuid"} { // chatid
			if t, ok := strings.CutSuffix(w[len(w)-1], suffix); ok && len(t) > 2 {
				w[len(w)-1] = t
			}
		}
	}
	if len(w) > 1 && w[len(w)-1] != "" {
		switch w[0] {
		case "parent", "source", "target", "current", "from", "to", "the", "my", "new":
			w = w[1:]
		}
	}
	return fold(strings.Join(w, "-"))
}

// idName reports a name that asks for another object's key.
func idName(name string) bool {
	w := wordsOf(name)
	if len(w) < 2 {
		return len(name) > 4 && strings.HasSuffix(name, "id") && len(w) == 1 && oneOf(strings.TrimSuffix(name, "id"), "chat", "user", "tenant", "org", "message", "thread", "file", "conversation")
	}
	switch w[len(w)-1] {
	case "id", "uuid", "guid", "slug", "pk":
		return true
	}
	return false
}

// related reports nouns of which one specialises the other: message and
// chatmessage, or that products use for the same thing.
func related(a, b string) bool {
	return strings.HasSuffix(a, b) || strings.HasSuffix(b, a) || slices.Contains(kin(a), b) || slices.Contains(kin(b), a)
}

// field guesses which member of an object holds the value of a parameter. What
// the creates of the collection call it is the best witness.
func field(name string, c *collection, schema *lr.Schema) string {
	w := wordsOf(name)
	joined := strings.Join(w, "")
	for _, s := range c.creators {
		for _, p := range sortedKeys(s.prop) {
			if joined != "id" && strings.Join(wordsOf(p), "") == joined && paramNoun(name) != "" && !idName(name) {
				return p
			}
		}
	}
	if len(w) == 0 {
		return ""
	}
	if noun := paramNoun(name); c.params > 0 && noun == c.noun {
		for _, s := range c.creators {
			for _, p := range sortedKeys(s.prop) {
				if strings.Join(wordsOf(p), "") == noun+"id" {
					return p // what is put below another object is known there by its own key
				}
			}
		}
	}
	switch last := w[len(w)-1]; last {
	case "id", "identifier", "pk", "ids", "oid":
		return "id"
	case "uuid", "guid", "slug", "name", "number", "code", "token", "hash", "sha", "handle", "title", "email", "key", "username", "login", "ulid", "uid", "hex":
		return last
	case "num", "no", "nr", "index":
		return "number"
	case "repo", "repository", "branch", "tag", "label":
		return "name"
	case "owner":
		return "username"
	case "path", "filename":
		return last
	default:
		if strings.HasSuffix(last, "id") && len(last) > 4 && paramNoun(last) != last {
			return "id"
		}
	}
	if schema != nil && (schema.Type == "integer" || schema.Format == "uuid") {
		return "id"
	}
	return ""
}
