package demo

import (
	"bytes"
	"mime"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// content is what a file says: what a reader sees of it, and what none does.
// Hidden is a comment, a cell that is folded away, a text in the colour of the
// paper: an assistant that reads it can be told what no one will notice.
type content struct{ Seen, Hidden string }

// Kinds of files that are read. A document of the knowledge base has none.
const (
	plainFile  = "text"
	pageFile   = "page"
	pdfFile    = "pdf"
	officeFile = "office"
)

// fileKind tells how a file is read; "" is one that is not.
func fileKind(mediaType string) string {
	mt, _, err := mime.ParseMediaType(mediaType)
	switch {
	case err != nil:
		return ""
	case mt == "text/html", mt == "application/xhtml+xml":
		return pageFile
	case strings.HasPrefix(mt, "text/"):
		return plainFile
	case mt == "application/pdf":
		return pdfFile
	case strings.HasPrefix(mt, "application/vnd.openxmlformats-officedocument."):
		return officeFile
	}
	return ""
}

// hiddenKept are the flaws by which an extractor keeps what no reader sees.
var hiddenKept = map[string]string{pageFile: "model/hidden-html", pdfFile: "model/pdf-layer", officeFile: "model/office-comment"}

// bookOf reads a file for the library.
func (l *library) bookOf(id, name, mediaType string, b []byte) (book, bool) {
	kind := fileKind(mediaType)
	var c content
	switch kind {
	case plainFile:
		c.Seen = string(b[:min(len(b), searchableFile)])
	case pageFile:
		c = pageText(b[:min(len(b), searchableFile)])
	case pdfFile:
		c = pdfText(b)
	case officeFile:
		c = officeText(b)
	default:
		return book{}, false
	}
	out := book{ID: id, Title: name, Kind: kind, Text: clip(strings.ToValidUTF8(c.Seen, ""), searchableFile)}
	if l.flaws.Has(hiddenKept[kind]) {
		out.Hidden = clip(strings.ToValidUTF8(c.Hidden, ""), searchableFile)
	}
	return out, true
}

var unseen = regexp.MustCompile(`(?i)display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?:[;\s]|$)|color\s*:\s*(?:white|#fff(?:fff)?)\b|left\s*:\s*-\d{3,}`)

// pageText reads an HTML page.
func pageText(b []byte) content {
	root, err := html.Parse(bytes.NewReader(b))
	if err != nil {
		return content{}
	}
	var seen, hidden strings.Builder
	var walk func(n *html.Node, out *strings.Builder, depth int)
	walk = func(n *html.Node, out *strings.Builder, depth int) {
		if depth > 200 {
			return
		}
		switch n.Type {
		case html.CommentNode:
			hidden.WriteString(n.Data + "\n")
		case html.TextNode:
			if t := strings.TrimSpace(n.Data); t != "" {
				out.WriteString(t + "\n")
			}
		case html.ElementNode:
			switch n.Data {
			case "script", "style":
				return
			case "template", "noscript":
				out = &hidden
			}
			for _, a := range n.Attr {
				switch {
				case a.Key == "hidden" || a.Key == "style" && unseen.MatchString(a.Val):
					out = &hidden
				case (a.Key == "alt" || a.Key == "title" || n.Data == "meta" && a.Key == "content") && a.Val != "":
					hidden.WriteString(a.Val + "\n")
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, out, depth+1)
		}
	}
	walk(root, &seen, 0)
	return content{seen.String(), hidden.String()}
}
