package html

import (
	"regexp"
	"strings"

	"github.com/launchready/launchready/report"
)

// block is a paragraph, a list or code. Only what the catalogue's texts use is
// known; everything else stays text, and a link stays an address to read.
type block struct {
	Kind  string // "p", "ul", "ol", "pre"
	Spans []span
	Items [][]span
	Code  string
}

type span struct {
	Kind string // "", "code", "strong"
	Text string
}

var (
	bullet  = regexp.MustCompile(`^\s{0,3}[-*] +(.*)$`)
	ordinal = regexp.MustCompile(`^\s{0,3}[0-9]{1,3}[.)] +(.*)$`)
	inline  = regexp.MustCompile("`([^`]+)`|\\*\\*([^*]+)\\*\\*")
)

// markdown reads the small Markdown of Why and Fix.
func markdown(s string) []block {
	var out []block
	var text []string
	flush := func() {
		if len(text) > 0 {
			out = append(out, block{Kind: "p", Spans: spans(strings.Join(text, " "))})
			text = nil
		}
	}
	lines := strings.Split(report.Inert(report.Bound(s, mostText)), "\n")
	for i := 0; i < len(lines); i++ {
		l := strings.TrimRight(lines[i], " \t")
		t := strings.TrimLeft(l, " \t")
		item := func(kind, content string) {
			flush()
			if n := len(out); n == 0 || out[n-1].Kind != kind {
				out = append(out, block{Kind: kind})
			}
			last := &out[len(out)-1]
			last.Items = append(last.Items, spans(content))
		}
		switch {
		case strings.HasPrefix(t, "```"):
			flush()
			var code []string
			for i++; i < len(lines) && !strings.HasPrefix(strings.TrimLeft(lines[i], " \t"), "```"); i++ {
				code = append(code, lines[i])
			}
			out = append(out, block{Kind: "pre", Code: strings.Join(code, "\n")})
		case t == "":
			flush()
		case bullet.MatchString(l):
			item("ul", bullet.FindStringSubmatch(l)[1])
		case ordinal.MatchString(l):
			item("ol", ordinal.FindStringSubmatch(l)[1])
		default:
			text = append(text, strings.TrimLeft(t, "# "))
		}
	}
	flush()
	return out
}

func spans(s string) []span {
	var out []span
	at := 0
	for _, m := range inline.FindAllStringSubmatchIndex(s, -1) {
		if m[0] > at {
			out = append(out, span{Text: s[at:m[0]]})
		}
		if m[2] >= 0 {
			out = append(out, span{"code", s[m[2]:m[3]]})
		} else {
			out = append(out, span{"strong", s[m[4]:m[5]]})
		}
		at = m[1]
	}
	if at < len(s) {
		out = append(out, span{Text: s[at:]})
	}
	return out
}
