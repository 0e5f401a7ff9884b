package surface

import (
	"encoding/json"
	"strings"
)

// quoted puts variables that stand outside of texts into quotes, so that the
// body is JSON: {"id": {{id}}}.
func quoted(text string) string {
	var b strings.Builder
	inText := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && inText && i+1 < len(text):
			b.WriteByte(c)
			i++
		case c == '"':
			inText = !inText
		case !inText && strings.HasPrefix(text[i:], "{{"):
			if j := strings.Index(text[i:], "}}"); j > 0 && !strings.ContainsAny(text[i+2:i+j], "{\":\n") {
				name, _ := json.Marshal(text[i : i+j+2]) // a text is always JSON
				b.Write(name)
				i += j + 1
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// uncommented takes // and /* */ out of JSON, and commas that end a list.
func uncommented(text []byte) []byte {
	var out []byte
	inText := false
	for i := 0; i < len(text); i++ {
		rest := string(text[i:min(len(text), i+2)])
		switch {
		case inText && text[i] == '\\' && i+1 < len(text):
			out = append(out, text[i])
			i++
		case text[i] == '"':
			inText = !inText
		case !inText && rest == "//":
			for i < len(text) && text[i] != '\n' {
				i++
			}
			continue
		case !inText && rest == "/*":
			for i += 2; i < len(text)-1 && !(text[i] == '*' && text[i+1] == '/'); i++ {
			}
			i++
			continue
		case !inText && (text[i] == '}' || text[i] == ']'):
			if trimmed := strings.TrimRight(string(out), " \t\r\n"); strings.HasSuffix(trimmed, ",") {
				out = []byte(strings.TrimSuffix(trimmed, ","))
			}
		}
		if i < len(text) {
			out = append(out, text[i])
		}
	}
	return out
}
