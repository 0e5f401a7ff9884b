package guard

import (
	"mime"
	"net/http"
	"strings"
)

// BodyType is the media type of a request's body, where every reader takes the same
// text of it: it is told once, and the body is neither compressed nor in another
// charset than UTF-8.
func BodyType(h http.Header) (kind string, params map[string]string, ok bool) {
	all := h["Content-Type"]
	if len(all) != 1 || h.Get("Content-Encoding") != "" {
		return "", nil, false
	}
	if all[0] == "application/json" { // nearly always
		return all[0], nil, true
	}
	kind, params, err := mime.ParseMediaType(all[0])
	charset := params["charset"]
	return kind, params, err == nil && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// Member finds a name in a key of a query or a form: without case, by itself, or as
// frameworks nest it, in brackets and behind dots. whole is false where something
// stands within it, as an operator of a database does: it is no text then.
func Member(key, name string) (is, whole bool) {
	if strings.EqualFold(key, name) {
		return true, true
	}
	whole = true
	for part := range strings.FieldsFuncSeq(key, func(c rune) bool { return c == '[' || c == ']' || c == '.' }) {
		switch {
		case is:
			whole = whole && strings.Trim(part, "0123456789") == "" // of a list
		case strings.EqualFold(part, name):
			is = true
		}
	}
	return is, is && whole
}
