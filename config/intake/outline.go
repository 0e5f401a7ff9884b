package intake

import (
	"bytes"
	"regexp"
	"strings"
)

var (
	tomlHeader = regexp.MustCompile(`(?m)^[ \t]*\[{1,2}[ \t]*["']?([\w-]+)["']?(?:[ \t]*\.[^\]\n]*)?\]{1,2}[ \t]*(?:#.*)?\r?$`)
	tomlKey    = regexp.MustCompile(`(?m)^[ \t]*["']?([\w-]+)["']?[ \t]*=`)
	blockKey   = regexp.MustCompile(`(?m)^["']?([\w.$-]+)["']?[ \t]*:(?:[ \t\r]|$)`)
	flowKey    = regexp.MustCompile(`["']?([\w.$-]+)["']?\s*:$`)
	lineFirst  = regexp.MustCompile(`(?m)^[ \t]*([^#\s].*)$`)
)

// syntaxOf tells JSON, TOML and YAML apart by the first line that says something.
func syntaxOf(text []byte) string {
	first := bytes.TrimSpace(lineFirst.Find(bytes.TrimPrefix(text, []byte("\ufeff"))))
	switch {
	case len(first) == 0:
		return "YAML"
	case tomlHeader.Match(first) && !bytes.HasPrefix(first, []byte("[]")):
		return "TOML"
	case first[0] == '{' || first[0] == '[':
		return "JSON"
	case tomlKey.Match(first) && !blockKey.Match(first):
		return "TOML"
	}
	return "YAML"
}

// outline is the keys at the top of a file, without parsing it: what kind of
// file it is has to be known for one that is broken, too.
func outline(text []byte) map[string]bool {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = text[:min(len(text), maxIdentityFile)]
	out := map[string]bool{}
	add := func(re *regexp.Regexp, in []byte) {
		for _, m := range re.FindAllSubmatch(in, 1000) {
			out[string(m[1])] = true
		}
	}
	switch syntaxOf(text) {
	case "TOML":
		top, _, _ := bytes.Cut(text, []byte("\n["))
		if !bytes.HasPrefix(bytes.TrimSpace(top), []byte("[")) {
			add(tomlKey, top)
		}
		add(tomlHeader, text)
	case "JSON":
		flow(text, out)
	default:
		add(blockKey, text)
	}
	return out
}

// flow collects the keys at depth one of a mapping in braces.
func flow(text []byte, out map[string]bool) {
	depth, quote, begun := 0, byte(0), 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == '\\' && quote == '"' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' && (depth != 1 || i == 0 || strings.IndexByte(" \t\n,{", text[i-1]) >= 0):
			quote = c
		case c == '{' || c == '[':
			if depth++; depth == 1 {
				begun = i + 1
			}
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 1:
			begun = i + 1
		case c == ':' && depth == 1:
			if m := flowKey.FindSubmatch(text[begun : i+1]); m != nil {
				out[string(m[1])] = true
			}
			begun = i + 1
		}
	}
}
