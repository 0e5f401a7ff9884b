package demo

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

// link is a Markdown link; the filter has judged where it leads.
var markdownLink = regexp.MustCompile(`\[([^\[\]\n]*)\]\(([^()\s]+(?:\([^()\s]*\))?)\)`)

// shown is a message as a page shows it: text, and in the assistant's words
// links that can be followed.
func shown(m message) template.HTML {
	if m.Role != "assistant" {
		return template.HTML(html.EscapeString(m.Content)) //nolint:gosec // escaped
	}
	var b strings.Builder
	at := 0
	for _, i := range markdownLink.FindAllStringSubmatchIndex(m.Content, -1) {
		b.WriteString(html.EscapeString(html.UnescapeString(m.Content[at:i[0]])))
		b.WriteString(`<a rel="noopener noreferrer" href="` + html.EscapeString(m.Content[i[4]:i[5]]) + `">` + html.EscapeString(m.Content[i[2]:i[3]]) + `</a>`)
		at = i[1]
	}
	b.WriteString(html.EscapeString(html.UnescapeString(m.Content[at:])))
	return template.HTML(b.String()) //nolint:gosec // every piece is escaped
}
