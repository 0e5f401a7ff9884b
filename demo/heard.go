package demo

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/launchready/launchready/demo/model"
)

var (
	// pasted is a text that the user sets apart by triple quotes.
	pasted = regexp.MustCompile(`(?s)"""(.*?)"""`)
	// roleTag begins a turn in the formats that models are trained with.
	roleTag = regexp.MustCompile(`(?is)(?:<\|im_start\|>\s*|<\|start_header_id\|>\s*|<<|<|\[|###\s*)(system|sys|developer)(?:<\|end_header_id\|>|>>|>|\]|:|\r?\n)\s*:?(.*?)(<\|im_end\|>|<\|eot_id\|>|<</SYS>>|</(?:system|developer)>|\[/(?:SYSTEM|INST)\]|\n\n|$)`)
	// special is any other mark of that kind.
	special = regexp.MustCompile(`<\|[a-z_]{2,24}\|>`)
	// coded is a piece of base64 as mails carry it.
	coded = regexp.MustCompile(`[A-Za-z0-9+/]{24,}={0,2}`)
)

// heard is the conversation as the model is given it: without what no reader
// sees, without the marks by which models tell turns apart, and with what the
// user pasted set apart from what the user says.
func (s *Server) heard(turns []model.Message) []model.Message {
	out := make([]model.Message, 0, len(turns))
	for i, t := range turns {
		if t.Role != "user" {
			out = append(out, t)
			continue
		}
		text, last := string(t.Content), i == len(turns)-1
		if !s.flaws.Has("model/smuggled-unicode") {
			text = visible(text)
		}
		if s.flaws.Has("model/role-tag") { // a pasted transcript becomes the turns that it shows
			for _, m := range roleTag.FindAllStringSubmatch(text, -1) {
				out = append(out, model.Message{Role: "system", Content: model.Text(strings.TrimSpace(m[2]))})
			}
		}
		text = special.ReplaceAllString(roleTag.ReplaceAllString(text, "$2"), "")
		attached := ""
		if s.flaws.Has("model/encoded-instruction") {
			attached = attachments(text)
		}
		unmarked := last && s.flaws.Has("model/direct-injection") || !last && s.flaws.Has("model/turn-by-turn")
		if !unmarked {
			text = pasted.ReplaceAllStringFunc(text, func(q string) string {
				return "<untrusted>" + marked(strings.ReplaceAll(strings.Trim(q, `"`), "</untrusted>", "")) + "</untrusted>"
			})
		}
		t.Content = model.Text(text + attached)
		out = append(out, t)
	}
	return out
}

// visible drops the characters that show nothing and that models read: tags
// (U+E0000 to U+E007F), variation selectors beyond the usual, and zero widths.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xE0000 && r <= 0xE01EF, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2069, r == 0xFEFF:
			return -1
		}
		return r
	}, text)
}

// attachments are the decoded texts of a pasted mail.
func attachments(text string) string {
	var b strings.Builder
	for _, q := range pasted.FindAllString(text, -1) {
		for _, run := range coded.FindAllString(q, 8) {
			if d, err := base64.StdEncoding.DecodeString(run); err == nil && utf8.Valid(d) {
				b.WriteString("\n" + string(d))
			}
		}
	}
	return b.String()
}
