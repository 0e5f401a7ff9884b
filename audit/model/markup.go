package model

import (
	"html"
	"net/url"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
	nethtml "golang.org/x/net/html"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// sink is one place of a text that makes the program that shows it do something:
// load an address, run a script. What a parser takes for text is none, so that
// markup in a code block, and markup that was escaped, stay what they are.
type sink struct {
	kind  string // "image", "reference image", "img src", "style url", "script", …
	url   string // what is loaded, or the link's address
	loads bool   // without a click
	runs  bool   // a script
	text  string // the markup itself, cut
}

// mostSinks bounds what is kept of one text.
const mostSinks = 500

// markdownSinks lists the sinks of a text as a renderer of Markdown reads it
// (CommonMark), raw HTML in it included.
func markdownSinks(source string) []sink {
	src := []byte(source)
	doc := goldmark.DefaultParser().Parse(text.NewReader(src))
	var out []sink
	var raw strings.Builder
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the visitor returns no error
		if !entering || len(out) >= mostSinks {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			to := html.UnescapeString(string(n.Destination))
			kind := "image"
			if n.Reference != nil {
				kind = "reference image"
			}
			out = append(out, sink{kind: kind, url: to, loads: true, text: excerpt(to, 200)})
		case *ast.Link:
			if to := html.UnescapeString(string(n.Destination)); scripted(to) {
				out = append(out, sink{kind: "script link", url: to, runs: true, text: excerpt(to, 200)})
			}
		case *ast.AutoLink:
			if to := string(n.URL(src)); scripted(to) {
				out = append(out, sink{kind: "script link", url: to, runs: true, text: excerpt(to, 200)})
			}
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				at := n.Segments.At(i)
				raw.Write(at.Value(src))
			}
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				at := n.Lines().At(i)
				raw.Write(at.Value(src))
			}
			if n.HasClosure() {
				raw.Write(n.ClosureLine.Value(src))
			}
		}
		return ast.WalkContinue, nil
	})
	return append(out, htmlSinks(raw.String())...)
}

// htmlSinks lists the sinks of HTML, a whole page or a piece of one.
func htmlSinks(source string) []sink {
	var out []sink
	z := nethtml.NewTokenizer(strings.NewReader(source))
	styled := false
	for len(out) < mostSinks {
		switch z.Next() {
		case nethtml.ErrorToken:
			return out
		case nethtml.TextToken:
			if styled {
				for _, u := range styleURLs(string(z.Text())) {
					out = append(out, sink{kind: "style url", url: u, loads: true, text: excerpt(u, 200)})
				}
			}
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			shown := excerpt(string(z.Raw()), 200)
			t := z.Token()
			styled = t.Data == "style"
			for _, s := range tagSinks(t) {
				s.text = shown
				out = append(out, s)
			}
		case nethtml.EndTagToken:
			styled = false
		}
	}
	return out
}

// tagSinks are those of one start tag.
func tagSinks(t nethtml.Token) []sink {
	var out []sink
	load := func(attr, v string) { out = append(out, sink{kind: t.Data + " " + attr, url: v, loads: true}) }
	run := func(kind, v string) { out = append(out, sink{kind: kind, url: v, runs: true}) }
	if t.Data == "script" {
		src := ""
		for _, a := range t.Attr {
			if a.Key == "src" {
				src = a.Val
			}
		}
		out = append(out, sink{kind: "script", url: src, runs: true, loads: src != ""})
	}
	for _, a := range t.Attr {
		switch v := strings.TrimSpace(a.Val); {
		case handler(a.Key) && v != "":
			run(a.Key+" handler", "")
		case a.Key == "srcdoc":
			run("frame document", "")
		case a.Key == "style":
			for _, u := range styleURLs(v) {
				load("style", u)
			}
		case a.Key == "srcset":
			for part := range strings.SplitSeq(v, ",") {
				if f := strings.Fields(part); len(f) > 0 {
					load(a.Key, f[0])
				}
			}
		case (a.Key == "href" || a.Key == "xlink:href" || a.Key == "src" || a.Key == "action" || a.Key == "formaction") && scripted(v):
			run("script link", v)
		case t.Data == "script": // said above
		case a.Key == "src" || a.Key == "poster" || a.Key == "background" || a.Key == "data" && t.Data == "object",
			a.Key == "href" && (t.Data == "link" || t.Data == "image" || t.Data == "use"), a.Key == "xlink:href" && t.Data != "a":
			load(a.Key, v)
		case a.Key == "content" && t.Data == "meta":
			if _, to, ok := strings.Cut(lower(v), "url="); ok {
				load("refresh", v[len(v)-len(to):])
			}
		}
	}
	return out
}

// handler reports an attribute that holds a script (WHATWG HTML, 8.1.8.2): those
// that fire by themselves or on what a reader does anyway.
func handler(attr string) bool {
	event, ok := strings.CutPrefix(attr, "on")
	if !ok {
		return false
	}
	for _, prefix := range [...]string{"load", "error", "click", "dblclick", "auxclick", "context", "mouse", "pointer", "touch", "key", "focus", "blur", "input", "change",
		"submit", "reset", "select", "scroll", "wheel", "drag", "drop", "copy", "cut", "paste", "toggle", "animation", "transition", "begin", "end", "repeat",
		"play", "canplay", "timeupdate", "volume", "progress", "resize", "hashchange", "message", "page", "beforeunload", "unload", "storage", "online", "offline", "show", "close", "cancel", "invalid", "search"} {
		if strings.HasPrefix(event, prefix) {
			return true
		}
	}
	return false
}

// styleURLs are the addresses that a style sheet loads: url(…), and @import "…".
func styleURLs(css string) []string {
	var out []string
	low := lower(css)
	for i := 0; len(out) < 50; {
		at := strings.Index(low[i:], "url(")
		if at < 0 {
			return out
		}
		i += at + len("url(")
		end := strings.IndexByte(low[i:], ')')
		if end < 0 {
			return out
		}
		if u := strings.Trim(strings.TrimSpace(css[i:i+end]), `"'`); u != "" {
			out = append(out, u)
		}
		i += end
	}
	return out
}

// lower lowers ASCII letters alone, so that places in it are places in s.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// scripted reports an address that runs instead of leading somewhere. Browsers
// drop control characters and white space in front of and inside the scheme
// (WHATWG URL, 4.4).
func scripted(address string) bool {
	var b strings.Builder
	for _, c := range strings.ToLower(address) {
		if c > ' ' {
			b.WriteRune(c)
		}
		if b.Len() > 32 {
			break
		}
	}
	a := b.String()
	return strings.HasPrefix(a, "javascript:") || strings.HasPrefix(a, "vbscript:") || strings.HasPrefix(a, "data:text/html") || strings.HasPrefix(a, "data:image/svg")
}

// aims reports whether the address leads to the bait: its host and its nonce,
// parsed as a browser parses it.
func (s sink) aims(b lr.Bait) bool {
	want, err := url.Parse(b.URL)
	if err != nil {
		return false
	}
	address := strings.TrimSpace(s.url)
	if strings.HasPrefix(address, "//") {
		address = want.Scheme + ":" + address
	}
	u, err := url.Parse(strings.ReplaceAll(address, `\`, "/"))
	return err == nil && strings.EqualFold(u.Host, want.Host) && strings.Contains(u.Path, b.Nonce)
}

// carries lists those of the values that stand in the address, plain or coded.
func (s sink) carries(values []string) []string {
	return oracle.Find(values, &lr.Exchange{Body: []byte(s.url)})
}

// excerpt keeps the first n bytes, whole characters.
func excerpt(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
