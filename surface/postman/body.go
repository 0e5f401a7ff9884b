package postman

import (
	"strings"
)

// bodyOf reads a body of any mode.
func bodyOf(v any, header []Field) *Body {
	m := object(v)
	if m == nil {
		return nil
	}
	if off, _ := m["disabled"].(bool); off {
		return nil
	}
	b := &Body{Mode: text(m["mode"])}
	for _, h := range header {
		if strings.EqualFold(h.Name, "Content-Type") && !h.Disabled {
			b.Type = strings.ToLower(strings.TrimSpace(strings.Split(h.Value.Reveal(), ";")[0]))
		}
	}
	switch b.Mode {
	case "raw":
		if b.Text = text(m["raw"]); strings.TrimSpace(b.Text) == "" {
			return nil
		}
		if b.Type == "" {
			b.Type = language(text(object(object(m["options"])["raw"])["language"]), b.Text)
		}
	case "urlencoded":
		b.Type = "application/x-www-form-urlencoded"
		b.Fields = formOf(m["urlencoded"])
	case "formdata":
		b.Type = "multipart/form-data"
		b.Fields = formOf(m["formdata"])
	case "file":
		if b.Type == "" {
			b.Type = "application/octet-stream"
		}
	case "graphql":
		g := object(m["graphql"])
		b.Type, b.Text, b.Variables = "application/json", text(g["query"]), text(g["variables"])
	default:
		return nil
	}
	return b
}

// formOf reads fields, or the text that 2.0 allows in their place.
func formOf(v any) []Field {
	if list, ok := v.([]any); ok {
		return fields(list)
	}
	u := address("?" + text(v))
	return u.Query
}

// language tells the media type of a raw body.
func language(word, body string) string {
	switch word {
	case "json":
		return "application/json"
	case "xml":
		return "application/xml"
	case "html":
		return "text/html"
	case "javascript":
		return "application/javascript"
	}
	if s := strings.TrimSpace(body); s[0] == '{' || s[0] == '[' {
		return "application/json"
	}
	return "text/plain"
}
