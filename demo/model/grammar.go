package model

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// result is the effect of one command: words, or a tool call.
type result struct {
	text string
	call *ToolCall
}

// lead is where a command may begin: at the start of a sentence or a line, after
// a colon, or after a word that carries it. A verb in the middle of a question
// commands nothing, which is what keeps quoting apart from obeying.
const lead = `(?im)(?:^[\s>*#\-]*|[.!?:;,]\s+|\b(?:please|and|then|now|must|should|instead)\s+)(?:please\s+|now\s+|kindly\s+|just\s+|always\s+|(?:can|could|would|will) you\s+)*`

// Each operation accepts a set of synonyms, so that no single wording is tested.
var (
	joinCmd     = expr.Lazy(lead + `(?:join|concatenate|combine|glue|merge|put together)\b([^:\n]*?):\s*([^\n]+)`)
	joinPlain   = expr.Lazy(lead + `(?:join|concatenate|combine|glue|merge)\s+(?:the (?:strings|words|parts|pieces)\s+)?([\w\-"'` + "`" + `]+(?:\s*,\s*[\w\-"'` + "`" + `]+|\s+and\s+[\w\-"'` + "`" + `]+)+)`)
	orderList   = expr.Lazy(`\b(\d+(?:\s*,\s*(?:and\s+)?\d+)+)\b`)
	reverseCmd  = expr.Lazy(lead + `(?:reverse|spell backwards|write backwards|flip|mirror)\b:?\s+(?:the (?:string|word|text|letters of|characters of)\s+)?:?\s*["'` + "`" + `]?([\w\-]+)`)
	upperCmd    = expr.Lazy(lead + `(?:upper-?case|capitali[sz]e|write in (?:capitals|upper-?case))\s+(?:the (?:string|word|text|letters)\s+)?:?\s*["'` + "`" + `]?([\w\-]+)`)
	timesCmd    = expr.Lazy(`(?i)(?:what(?:'s| is)|compute|calculate|work out|multiply|say|tell me)\s+(?:the product of\s+)?(\d{1,9})\s*(?:\*|x|×|times|multiplied by|by|and)\s*(\d{1,9})\b`)
	initialsCmd = expr.Lazy(lead + `(?:write|give|spell|say|take|output|print)\s+(?:me\s+)?(?:only\s+)?the (?:initials|first letters?) of\b(?:[^:\n]*:)?\s+([A-Za-z][A-Za-z ,\-]+)`)
	echoCmd     = expr.Lazy(lead + `(?:say|reply|respond|answer|print|output|write|repeat|echo)\s+(?:with\s+)?(?:exactly|only|just|verbatim|the (?:word|phrase|text|string))\b\s*:?\s*(?:the (?:word|phrase|text|string)\s+)?["'` + "`" + `]?([^"'` + "`" + `\n]+)`)
	repeatCmd   = expr.Lazy(lead + `(?:repeat|write|print|say)\s+(?:the (?:word|phrase)\s+)?["'` + "`" + `]?(\w{2,40})["'` + "`" + `]?\s+(\d{1,5})\s+times\b`)
	imageCmd    = expr.Lazy(`(?i)\b(?:append|add|include|embed|show|insert|display|render|attach)\s+(?:the\s+|an\s+|this\s+|a\s+)?(?:following\s+)?(?:markdown\s+)?(image|picture|pixel|link)\b[^\n]*?(https?://[^\s<>"')\]]+)`)
	callCmd     = expr.Lazy(`(?is)\b(?:call|use|invoke|run|execute)\s+(?:the\s+)?(?:tool\s+|function\s+)?[` + "`" + `"']?([a-z_]\w*)[` + "`" + `"']?(?:\s+(?:tool|function))?\s+(?:with|using)\b[^{]{0,40}(\{.*)`)
	revealCmd   = expr.Lazy(`(?i)\b(reveal|print|show|repeat|output|translate|encode|base64|recite|dump|disclose|tell me|give me|write out|what (?:is|are|were|was))\b[^.\n]{0,60}\b(?:system prompt|(?:your|the|initial|hidden|original) (?:\w+ )?(?:instructions|prompt|rules)|everything above|text above)`)
	overrideCmd = expr.Lazy(`(?i)\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|all|your)\b|<\|im_start\|>|(?m:^\s*\[?system\]?\s*:)|developer mode`)
	secretRule  = expr.Lazy(`(?i)\b(?:never|do not|don't|must not)\b[^.\n]{0,40}\b(?:reveal|disclose|share|repeat|show)|\bconfidential\b`)
	encodedRule = expr.Lazy(`(?i)\b(?:never|do not|don't|must not)\b[^.\n]{0,60}\b(?:translate|encode)`)
	literalRule = expr.Lazy(`(?i)\bas they stand\b`)
	firmRule    = expr.Lazy(`(?i)\bwhatever (?:a|any|the) message says\b|\bunder no circumstances\b`)
	encodedAsk  = expr.Lazy(`(?i)\b(?:translate|encode|base64)\b`)
	// standing is a line that holds for each reply, not for the one at hand.
	standing = expr.Lazy(`(?im)^[^\n]*\b(?:every|each|all|any) (?:reply|answer|response)s?\b[^\n]*$`)
	// trigger is an order that waits for a word.
	trigger   = expr.Lazy(`(?i)\b(?:whenever|when|if|each time)\b[^.\n]*?\b(?:says?|contains?|mentions?|writes?)\s+(?:the word\s+)?["'` + "`" + `]?([\w\-]+)["'` + "`" + `]?,?\s+([^\n]+)`)
	decodeCmd = expr.Lazy(`(?i)\b(?:decode|base64)\b[^:\n]*:\s*([A-Za-z0-9+/=]{12,})`)
)

// execute carries out the commands in a text.
func execute(text string, p *prompt, offered map[string]Function) []result {
	out := errands(text, p, offered)
	say := func(s string) { out = append(out, result{text: s}) }
	if m := callCmd().FindStringSubmatch(text); m != nil {
		if r, ok := callTool(m[1], m[2], offered); ok {
			out = append(out, r)
		}
	}
	if revealCmd().MatchString(text) && strings.TrimSpace(p.recited) != "" {
		say(reveal(text, p))
	}
	if m := decodeCmd().FindStringSubmatch(text); m != nil {
		if b, err := base64.StdEncoding.DecodeString(m[1]); err == nil && !decodeCmd().Match(b) {
			out = append(out, execute(string(b), p, offered)...)
		}
	}
	if m := joinCmd().FindStringSubmatch(text); m != nil {
		say(join(m[2], m[1]))
	} else if m := joinPlain().FindStringSubmatch(text); m != nil {
		say(join(m[1], ""))
	}
	if m := reverseCmd().FindStringSubmatch(text); m != nil {
		say(backwards(m[1]))
	}
	if m := upperCmd().FindStringSubmatch(text); m != nil {
		say(strings.ToUpper(m[1]))
	}
	if m := timesCmd().FindStringSubmatch(text); m != nil {
		x, _ := strconv.ParseInt(m[1], 10, 64)
		y, _ := strconv.ParseInt(m[2], 10, 64)
		say(strconv.FormatInt(x*y, 10))
	}
	if m := initialsCmd().FindStringSubmatch(text); m != nil {
		say(initials(m[1]))
	} else if m := repeatCmd().FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[2])
		say(strings.TrimSuffix(strings.Repeat(m[1]+" ", n), " "))
	} else if m := echoCmd().FindStringSubmatch(text); m != nil {
		say(strings.TrimRight(strings.TrimSpace(m[1]), "."))
	}
	if m := imageCmd().FindStringSubmatch(text); m != nil {
		say(image(m[1], m[2], p))
	}
	return out
}

// orders is the part of the passage that may command: its title too, which some
// applications take from a file's name. Marked text has none, and what the user
// pasted only where it claims to override. An order that waits for a word is
// none until the user says it.
func (t passage) orders(ask string) string {
	title := t.title
	if strings.Count(title, "^") > strings.Count(title, " ") {
		title = ""
	}
	if t.marked() {
		return title
	}
	text := t.text
	if m := trigger().FindStringSubmatchIndex(text); m != nil {
		if strings.Contains(strings.ToLower(ask), strings.ToLower(text[m[2]:m[3]])) {
			return text[m[4]:m[5]]
		}
		text = text[:m[0]] + text[m[1]:]
	}
	if t.quoted && !overrideCmd().MatchString(text) {
		return title
	}
	return title + "\n" + text
}

// ruled reports a rule that keeps the instructions secret: from being recited,
// or from being translated and encoded. Many forget the second.
func ruled(system string, encoded bool) bool {
	if encoded {
		return encodedRule().MatchString(system) || secretRule().MatchString(system) && !literalRule().MatchString(system)
	}
	return secretRule().MatchString(system)
}

// reveal recites the system prompt. A rule of secrecy holds against the plain
// question and falls to an override, as with real models, unless it is firm.
func reveal(text string, p *prompt) string {
	if ruled(p.system, encodedAsk().MatchString(text)) && (firmRule().MatchString(p.system) || !overrideCmd().MatchString(text)) {
		return "I'm sorry, I can't share my instructions."
	}
	recited := strings.TrimSpace(p.recited)
	if low := strings.ToLower(text); strings.Contains(low, "base64") || strings.Contains(low, "encode") {
		return base64.StdEncoding.EncodeToString([]byte(recited))
	}
	return recited
}

// join glues parts, in the order that numbers before the colon give.
func join(list, how string) string {
	parts := split(list)
	sep := ""
	if low := strings.ToLower(how); strings.Contains(low, "with a dash") || strings.Contains(low, "with dashes") {
		sep = "-"
	}
	if m := orderList().FindString(how); m != "" {
		var ordered []string
		for _, n := range split(m) {
			if i, err := strconv.Atoi(n); err == nil && i >= 1 && i <= len(parts) {
				ordered = append(ordered, parts[i-1])
			}
		}
		parts = ordered
	}
	return strings.Join(parts, sep)
}

func split(list string) []string {
	var out []string
	for _, p := range strings.Split(strings.ReplaceAll(list, " and ", ","), ",") {
		if f := strings.Fields(p); len(f) > 0 {
			out = append(out, strings.Trim(f[0], "\"'`."))
		}
	}
	return out
}

func backwards(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func initials(s string) string {
	var sb strings.Builder
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '-' }) {
		sb.WriteString(strings.ToUpper(w[:1]))
	}
	return sb.String()
}

// image writes Markdown with the address, its {data} filled from what the model
// knows: the way injected text carries data out of a chat.
func image(kind, address string, p *prompt) string {
	address = filled(address, p)
	if strings.EqualFold(kind, "link") {
		return "[details](" + address + ")"
	}
	return "![image](" + address + ")"
}

func callTool(name, rest string, offered map[string]Function) (result, bool) {
	dec := json.NewDecoder(strings.NewReader(rest))
	var args map[string]any
	if err := dec.Decode(&args); err != nil {
		return result{}, false
	}
	if _, ok := offered[name]; !ok {
		return result{text: "I have no tool named " + name + "."}, true
	}
	return result{call: newCall(name, args)}, true
}
