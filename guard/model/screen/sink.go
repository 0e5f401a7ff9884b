package screen

import (
	"html"
	"regexp"
	"strings"
)

// Hosts are those that links and images of a reply may lead to: "docs.acme.test", or
// "*.acme.test" for all below. Addresses without a host stay: they are the page's own.
type Hosts []string

// removed stands where an address was. It names no host: some renderers would make a
// link of that.
const removed = "[link removed]"

// allowed reports an authority (RFC 3986, 3.2) that is a host of the list, and
// nothing that two readers could take for different hosts.
func (h Hosts) allowed(authority string) bool {
	host := strings.ToLower(strings.TrimRight(authority, ".,;:!*_~"))
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.Trim(host[i+1:], "0123456789") == "" {
		host = host[:i]
	}
	for i := range len(host) {
		if c := host[i]; !wordly(c) && c != '-' && c != '.' {
			return false
		}
	}
	for _, ok := range h {
		if host == ok || strings.HasPrefix(ok, "*.") && strings.HasSuffix(host, ok[1:]) {
			return true
		}
	}
	return false
}

var (
	// absolute begins an address with a host wherever it stands. Browsers take any number
	// of slashes of either kind (WHATWG URL, special authority slashes state).
	absolute = regexp.MustCompile(`(?i)^(?:(?:https?|wss?|ftp|file):[/\\]+|www\.)`)
	// inTarget begins one where only an address can stand.
	inTarget = regexp.MustCompile(`(?i)^(?:[a-z][a-z0-9+.\-]{0,31}:|[/\\]{2,})`)
	// inQuotes begins one where an address may stand.
	inQuotes = regexp.MustCompile(`(?i)^(?:(?:https?|wss?|ftp|file|javascript|vbscript|data|blob|intent):|[/\\]{2,})`)
	// active are tags that load or run by more than an address, and attributes that do.
	active     = regexp.MustCompile(`(?i)</?(?:script|style|iframe|frame|frameset|object|embed|applet|base|meta|form|link|svg|math|template|portal)(?:[\s/>]|$)`)
	attributes = regexp.MustCompile(`(?i)((?:^|["'/])(?:style|on[a-z]{3,24}|srcdoc|formaction))=`)
	// inValue begins one in the value of an attribute, where any scheme leads somewhere.
	inValue = regexp.MustCompile(`(?i)^(?:(?:https?|wss?|ftp|file|javascript|vbscript|data|blob|intent|mailto|tel|sms):|[a-z][a-z0-9+.\-]{0,31}:[/\\]{2}|[/\\]{2,})`)
	// handler is the end of a word that names such an attribute: its "=" may stand apart.
	handler = regexp.MustCompile(`(?i)(?:^|["'/])(?:style|on[a-z]{3,24}|srcdoc|formaction)$`)
	// broken is an address that a line break or a tab takes apart: browsers drop these (WHATWG URL, basic URL parser, 3).
	broken = regexp.MustCompile(`(?i)(?:` + spread("https") + `?|` + spread("wss") + `?|` + spread("ftp") + `|` + spread("file") + `|` + spread("javascript") + `|` + spread("vbscript") + `|` + spread("data") + `|` + spread("blob") + `)` + gap + `:(?:` + gap + `[/\\])*|(?:^|["'=(<,])[ \f\t\r\n]*[/\\]` + gap + `[/\\]`)
	// breaking is the end of a piece after which a broken address may go on.
	breaking = regexp.MustCompile(`(?i)["'=(<,][ \f\t\r\n]*(?:[a-z][a-z\t\r\n]*)?:?[/\\\t\r\n]*[\t\r\n]$`)
	tagBegin = regexp.MustCompile(`<[a-zA-Z/!?]`)
)

const gap = `[\t\r\n]*`

// spread is a word with breaks between its letters.
func spread(word string) string { return strings.Join(strings.Split(word, ""), gap) }

// sink defuses addresses in one text.
type sink struct {
	target  bool // an address is expected at the beginning, because of what was before
	tag     bool // a tag began in this text; where it ended, readers differ
	open    tag  // where the text may be in a tag
	handler bool // the word before names an attribute that runs
}

// text returns the piece with what leads outside of the hosts taken out.
func (k *sink) text(h Hosts, piece string) string {
	if k.tag = k.tag || tagBegin.MatchString(piece); k.tag {
		piece = broken.ReplaceAllStringFunc(piece, func(m string) string {
			if strings.ContainsAny(strings.TrimLeft(m, " \f\t\r\n"), "\t\r\n") {
				return removed
			}
			return m
		})
		piece = active.ReplaceAllStringFunc(piece, func(m string) string { return "&lt;" + m[1:] })
	}
	var b strings.Builder
	for i := 0; i < len(piece); {
		j := i
		for j < len(piece) && !blank(piece[j]) {
			j++
		}
		if word := piece[i:j]; word != "" {
			out := h.word(word, k.target, k.open)
			if k.tag && strings.IndexByte(out, '=') > 0 {
				out = attributes.ReplaceAllString(out, "$1&#61;")
			}
			if k.handler && k.open&inTag != 0 && out[0] == '=' {
				out = "&#61;" + out[1:]
			}
			k.handler = handler.MatchString(word)
			k.target = strings.HasSuffix(word, "](") || strings.HasSuffix(word, "]:") || strings.HasSuffix(word, "](<") ||
				k.target && strings.Trim(word, ">") == "" // a line of a quotation begins
			k.open = k.open.steps(out)
			b.WriteString(out)
		}
		for i = j; i < len(piece) && blank(piece[i]); i++ {
			k.open = k.open.step(piece[i])
			b.WriteByte(piece[i])
		}
	}
	return b.String()
}

func blank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

// word defuses one word. CommonMark 0.31.2, 6.3: a target has no blank unless it
// is in angle brackets, and then its host is in the first word all the same.
func (h Hosts) word(w string, target bool, open tag) string {
	if strings.ContainsAny(w, `&\`) {
		if plain := unescape(w); plain != w && h.foreign(plain, target, open) {
			return removed
		}
	}
	var b strings.Builder
	at := 0
	for {
		from, to := h.next(w, at, target, &open)
		if from < 0 {
			break
		}
		b.WriteString(w[at:from])
		b.WriteString(removed)
		at = to
	}
	if at == 0 {
		return w
	}
	b.WriteString(w[at:])
	return b.String()
}

func (h Hosts) foreign(w string, target bool, open tag) bool {
	from, _ := h.next(w, 0, target, &open)
	return from >= 0
}

// next finds the next address in w[at:] that leads outside; -1 when there is none. open is
// where the text may be in a tag at the place that was come to.
func (h Hosts) next(w string, at int, target bool, open *tag) (from, to int) {
	for i, seen := at, at; i < len(w); i++ {
		for ; seen < i; seen++ {
			*open = open.step(w[seen])
		}
		n := 0
		switch {
		case target && strings.Trim(w[:i], ">") == "" || i >= 2 && w[i-2] == ']' && (w[i-1] == '(' || w[i-1] == ':') || i >= 3 && w[i-1] == '<' && w[i-3:i-1] == "](":
			if m := inTarget.FindStringIndex(w[i:]); m != nil {
				n = m[1]
			}
		case *open&inValues != 0 && (i == 0 || strings.IndexByte(`"'=,`, w[i-1]) >= 0 || w[i-1] < ' '): // browsers drop controls in front, and lists have commas
			if m := inValue.FindStringIndex(w[i:]); m != nil && i+m[1] < len(w) {
				n = m[1]
			}
		case i >= 1 && (strings.IndexByte(`(<"'=`+"`", w[i-1]) >= 0 || w[i-1] < ' '):
			if m := inQuotes.FindStringIndex(w[i:]); m != nil && i+m[1] < len(w) {
				n = m[1]
			}
		}
		if n == 0 {
			if !strings.ContainsRune("hHwWfF", rune(w[i])) {
				continue
			}
			if m := absolute.FindStringIndex(w[i:]); m == nil {
				continue
			} else if n = m[1]; i > 0 && wordly(w[i-1]) && (w[i]|0x20) == 'w' && !strings.Contains(w[i:i+n], ":") {
				continue // "www." inside of a word
			}
		}
		end := i + n
		for end < len(w) && strings.IndexByte(")>\"']`<|", w[end]) < 0 {
			end++
		}
		open := end == len(w) && i > 0 && strings.IndexByte(`"'=`, w[i-1]) >= 0 && !strings.ContainsAny(strings.TrimLeft(w[i+n:], `/\`), `/?#`) // its host may go on behind a break
		if open || !h.reaches(w[i:i+n], w[i+n:end]) {
			return i, end
		}
		i = max(i, end-1)
	}
	return -1, -1
}

// reaches reports that an address, by how it begins and how it goes on, leads to a
// host of the list.
func (h Hosts) reaches(begin, rest string) bool {
	begin = strings.ToLower(begin)
	scheme, _, _ := strings.Cut(begin, ":")
	switch {
	case strings.HasPrefix(begin, "www."):
		rest = begin + rest
	case scheme == "mailto":
		_, rest, _ = strings.Cut(rest, "@")
		return !strings.ContainsAny(rest, "@,%&") && h.allowed(before(rest, "?"))
	case scheme == "tel" || scheme == "sms":
		return !strings.ContainsAny(rest, "/?&")
	case scheme != begin && scheme != "http" && scheme != "https":
		return false
	}
	return h.allowed(before(strings.TrimLeft(rest, `/\`), `/?#\`))
}

func before(s, any string) string {
	if i := strings.IndexAny(s, any); i >= 0 {
		return s[:i]
	}
	return s
}

// unescape is what a renderer makes of a word: character references and
// backslashes before punctuation (CommonMark 0.31.2, 2.4 and 2.5).
func unescape(w string) string {
	var b strings.Builder
	for i := 0; i < len(w); i++ {
		if w[i] == '\\' && i+1 < len(w) && w[i+1] > ' ' && w[i+1] < 0x7f && !wordly(w[i+1]) {
			i++
		}
		b.WriteByte(w[i])
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, html.UnescapeString(b.String()))
}

// breaks reports a piece that ends inside of an address that may go on behind a break.
func (k *sink) breaks(piece []byte) bool {
	if !k.tag && !tagBegin.Match(piece) {
		return false
	}
	return breaking.Match(piece) || k.open&inValues != 0 && begun(piece)
}

// begun reports the beginning of an address that is a piece by itself, as behind a blank
// that is in front of it in the value of an attribute.
func begun(piece []byte) bool {
	s := strings.ToLower(strings.Map(func(r rune) rune {
		if r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, string(piece)))
	if s == "" {
		return false
	}
	for _, a := range []string{"https://", "http://", "wss://", "ws://", "ftp://", "file://", "javascript:", "vbscript:", "data:", "blob:", "intent:", "mailto:", "//", `\\`, `/\`, `\/`} {
		if strings.HasPrefix(a, s) {
			return true
		}
	}
	return false
}
