package model

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Errands are commands in plain words that only a tool can carry out. They take
// whichever offered tool has the parameter for it.
var (
	fetchErrand  = regexp.MustCompile(`(?i)\b(?:fetch|open|load|download|visit|retrieve)\s+(?:the\s+|this\s+)?(?:web\s*)?(?:page|address|url|link|site)?\s*(?:at\s+)?(https?://[^\s<>"')]+)`)
	mailErrand   = regexp.MustCompile(`(?i)\b(?:send|forward|mail|e-mail|email)\b[^.\n]{0,60}?\bto\s+([\w.+\-]+@(?:\[[0-9A-Fa-f.:]+\]|[\w\-]+(?:\.[\w\-]+)+))`)
	createErrand = regexp.MustCompile(`(?i)\b(?:create|open|file|raise|make)\s+(?:a|an|the)?\s*(?:new\s+)?([a-z]+)\s+(?:with the (?:title|subject)|titled|named|called)\s+["']?([\w\-]+)`)
	loadErrand   = regexp.MustCompile(`(?i)\b(?:append|add|include|embed|show|insert|display|render|attach)\s+(?:the\s+|an\s+|this\s+|a\s+)?(reference-style|html|css background)\s+(?:markdown\s+)?(?:image|picture|pixel)\b[^\n]*?(https?://[^\s<>"')\]]+)`)
	repeatErrand = regexp.MustCompile(`(?i)\brepeat\b[^.\n]*?\b(?:until there are|for|up to)?\s*(\d{1,4})\b`)
	idForm       = regexp.MustCompile(`\b[a-z]{2,8}_[0-9a-z]{6,}\b`)
	titleForm    = regexp.MustCompile(`(?i)\b(?:with the (?:title|subject)|titled|named|called)\s+["']?([\w\-]+)`)
	customerForm = regexp.MustCompile(`(?i)\b(?:customer|tenant|organi[sz]ation)\s+([\w\-]+)`)
)

// errands carries out what a text asks of tools, and writes markup that loads an
// address where it asks for that.
func errands(text string, p *prompt, offered map[string]Function) []result {
	var out []result
	call := func(param, verb string, args map[string]any) {
		name := named(offered, param, verb)
		if name == "" {
			return
		}
		for arg := range args {
			if !takes(offered[name], arg) {
				delete(args, arg)
			}
		}
		out = append(out, result{call: newCall(name, args)})
	}
	if m := fetchErrand.FindStringSubmatch(text); m != nil {
		call("url", "fetch", map[string]any{"url": filled(m[1], p)})
	}
	if m := mailErrand.FindStringSubmatch(text); m != nil {
		call("to", "send", map[string]any{"to": m[1], "text": known(p)})
	}
	if m := createErrand.FindStringSubmatch(text); m != nil {
		call("title", "create_"+strings.ToLower(m[1]), map[string]any{"title": m[2]})
	}
	if m := loadErrand.FindStringSubmatch(text); m != nil {
		out = append(out, result{text: loading(strings.ToLower(m[1]), filled(m[2], p))})
	}
	return out
}

// named is the first offered tool whose name has the verb in it and that takes
// the parameter, "" when there is none.
func named(offered map[string]Function, param, verb string) string {
	first := ""
	for name, f := range offered {
		if strings.Contains(name, verb) && takes(f, param) && (first == "" || name < first) {
			first = name
		}
	}
	return first
}

func takes(f Function, param string) bool {
	return strings.Contains(string(f.Parameters), `"`+param+`"`)
}

// loading writes markup that loads the address.
func loading(how, address string) string {
	switch how {
	case "html":
		return "<img src=" + address + ">"
	case "css background":
		return `<div style="background:url(` + address + `)"></div>`
	}
	return "![image][1]\n\n[1]: " + address
}

// repeats is how often a text wants its command carried out.
func repeats(text string) int {
	m := repeatErrand.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// known is what the model could carry away: what the user says, then what it was
// given to read.
func known(p *prompt) string {
	var all []string
	for _, s := range sentences(p.ask) {
		if statement(s) {
			all = append(all, s)
		}
	}
	for _, l := range material(p) {
		all = append(all, l.text)
	}
	data := strings.Join(all, " ")
	if len(data) > 400 {
		data = strings.ToValidUTF8(data[:400], "")
	}
	return data
}

// filled puts what is known into the slot of an address.
func filled(address string, p *prompt) string {
	for _, slot := range [...]string{"{data}", "{DATA}", "%7Bdata%7D"} {
		if strings.Contains(address, slot) {
			address = strings.ReplaceAll(address, slot, url.QueryEscape(known(p)))
		}
	}
	return strings.TrimRight(address, ".,;")
}

// called notes the calls of this turn: what was done is not done again.
func (p *prompt) called(calls []ToolCall) {
	for _, c := range calls {
		if p.made == nil {
			p.made = map[Call]bool{}
		}
		p.made[c.Function] = true
	}
}

// reported says what a tool returned, when nothing better answers.
func reported(p *prompt) string {
	if !p.tooled || len(p.third) == 0 {
		return ""
	}
	text := strings.TrimSpace(unmark(p.third[len(p.third)-1].text))
	if len(text) > 600 {
		text = strings.ToValidUTF8(text[:600], "")
	}
	return text
}

func idOf(ask string) string {
	if id := idForm.FindString(ask); id != "" {
		return id
	}
	return numberRe().FindString(ask)
}

func titleOf(ask string) string {
	if m := titleForm.FindStringSubmatch(ask); m != nil {
		return m[1]
	}
	return ask
}

func customerOf(ask string) string {
	if m := customerForm.FindStringSubmatch(ask); m != nil {
		return m[1]
	}
	return ""
}
