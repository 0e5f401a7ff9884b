package demo

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// Bounds of what is read of an office file: a small archive may hold a large one.
const (
	officeParts = 64
	officePart  = 1 << 20
)

// officeText reads a Word document or an Excel workbook (ECMA-376): the text,
// and apart from it what is hidden: comments, runs that vanish (w:vanish), rows,
// columns and sheets that are folded away.
func officeText(b []byte) content {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return content{}
	}
	var seen, hidden strings.Builder
	shared := sharedStrings(z)
	concealed := concealedSheets(z)
	for i, f := range z.File {
		if i == officeParts {
			break
		}
		switch name := f.Name; {
		case name == "word/document.xml":
			officeWalk(entryOf(f), &seen, &hidden, nil, false)
		case strings.HasPrefix(name, "word/comments"), strings.HasPrefix(name, "xl/comments"), strings.HasPrefix(name, "xl/threadedComments/"):
			officeWalk(entryOf(f), &hidden, &hidden, nil, false)
		case strings.HasPrefix(name, "xl/worksheets/"):
			officeWalk(entryOf(f), &seen, &hidden, shared, concealed)
		}
	}
	return content{seen.String(), hidden.String()}
}

// entryOf is one file of the archive, cut.
func entryOf(f *zip.File) []byte {
	r, err := f.Open()
	if err != nil {
		return nil
	}
	defer r.Close()
	b, _ := io.ReadAll(io.LimitReader(r, officePart)) // what can be read of a broken part is read
	return b
}

// officeWalk writes the texts of a part, those of hidden elements apart.
func officeWalk(b []byte, seen, hidden *strings.Builder, shared []string, concealed bool) {
	d := xml.NewDecoder(bytes.NewReader(b))
	var stack []xml.StartElement
	vanish, fold, byIndex, text := false, concealed, false, false
	for {
		t, err := d.Token()
		if err != nil {
			return
		}
		switch t := t.(type) {
		case xml.StartElement:
			if len(stack) > 200 {
				return
			}
			stack = append(stack, t.Copy())
			switch t.Name.Local {
			case "r":
				vanish = false
			case "vanish":
				vanish = true
			case "row":
				fold = concealed || attr(t, "hidden") == "1"
			case "c":
				byIndex = attr(t, "t") == "s"
			}
			text = t.Name.Local == "t" || t.Name.Local == "v" || t.Name.Local == "text"
		case xml.EndElement:
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
			text = false
			switch t.Name.Local {
			case "p", "row", "comment", "threadedComment":
				seen.WriteByte('\n')
			}
		case xml.CharData:
			if !text {
				continue
			}
			s := string(t)
			if byIndex && len(stack) > 0 && stack[len(stack)-1].Name.Local == "v" {
				s = pick(shared, s)
			}
			if vanish || fold {
				hidden.WriteString(s + "\n")
			} else {
				seen.WriteString(s + " ")
			}
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func pick(shared []string, index string) string {
	n := 0
	for _, c := range index {
		if c < '0' || c > '9' || n > len(shared) {
			return ""
		}
		n = n*10 + int(c-'0')
	}
	if n < len(shared) {
		return shared[n]
	}
	return ""
}

// sharedStrings are the texts that the cells of a workbook name by number.
func sharedStrings(z *zip.Reader) []string {
	for _, f := range z.File {
		if f.Name != "xl/sharedStrings.xml" {
			continue
		}
		var v struct {
			Items []struct {
				Text string `xml:"t"`
			} `xml:"si"`
		}
		if xml.Unmarshal(entryOf(f), &v) != nil {
			return nil
		}
		out := make([]string, len(v.Items))
		for i, s := range v.Items {
			out[i] = s.Text
		}
		return out
	}
	return nil
}

// concealedSheets reports a workbook whose sheets are hidden, all of them: which
// part is which sheet is of no matter to a text.
func concealedSheets(z *zip.Reader) bool {
	for _, f := range z.File {
		if f.Name == "xl/workbook.xml" {
			b := entryOf(f)
			return bytes.Contains(b, []byte(`state="hidden"`)) || bytes.Contains(b, []byte(`state="veryHidden"`))
		}
	}
	return false
}
