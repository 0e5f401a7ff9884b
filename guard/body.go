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
// frameworks nest it, in brackets and behind dots; and in the ways of PHP, which
// makes "_" of blanks and dots, and ends a name at a NUL. whole is false where something
// stands within it, as an operator of a database does: it is no text then.
func Member(key, name string) (is, whole bool) {
	if strings.EqualFold(key, name) {
		return true, true
	}
	if strings.ContainsAny(key, " \x00") {
		key, _, _ = strings.Cut(strings.TrimLeft(key, " "), "\x00")
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
	if is || !strings.ContainsAny(key, " .[") {
		return is, is && whole
	}
	rest := ""
	if at := strings.IndexByte(key, '['); at >= 0 && strings.IndexByte(key[at:], ']') > 0 { // else the bracket is of the name
		key, rest = key[:at], key[at:]
	}
	is = strings.EqualFold(underscored(key), name)
	return is, is && strings.Trim(rest, "[]0123456789") == ""
}

func underscored(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c == ' ' || c == '.' || c == '[' {
			b[i] = '_'
		}
	}
	return string(b)
}
