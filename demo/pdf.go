package demo

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strconv"
	"strings"
)

var pdfStream = regexp.MustCompile(`(?s)<<((?:[^>]|>[^>])*)>>\s*stream\r?\n`)

// Bounds of what is read of a PDF.
const (
	pdfStreams = 200
	pdfInflate = 1 << 20
)

// pdfText reads the texts of a PDF whose streams are plain or deflated and whose
// fonts have the standard encodings (ISO 32000-1, 9.4): enough for what office
// programs export. Text of rendering mode 3 (9.3.6) and white text are a layer
// that no reader sees.
func pdfText(b []byte) content {
	var seen, hidden strings.Builder
	for n := 0; n < pdfStreams; n++ {
		at := pdfStream.FindSubmatchIndex(b)
		if at == nil {
			break
		}
		dict, body := b[at[2]:at[3]], b[at[1]:]
		end := bytes.Index(body, []byte("endstream"))
		if end < 0 {
			break
		}
		b = body[end:]
		body = body[:end]
		switch {
		case bytes.Contains(dict, []byte("/FlateDecode")):
			z, err := zlib.NewReader(bytes.NewReader(body))
			if err != nil {
				continue
			}
			body, _ = io.ReadAll(io.LimitReader(z, pdfInflate)) // a stream that is cut still has its beginning
		case bytes.Contains(dict, []byte("/Filter")):
			continue
		}
		pdfShow(body, &seen, &hidden)
	}
	return content{seen.String(), hidden.String()}
}

// pdfShow follows the operators of a content stream that decide what is shown.
func pdfShow(b []byte, seen, hidden *strings.Builder) {
	var operands []string
	mode, white := "0", false
	show := func(text string) {
		if mode == "3" || white {
			hidden.WriteString(text)
		} else {
			seen.WriteString(text)
		}
	}
	for len(b) > 0 {
		tok, rest := pdfToken(b)
		b = rest
		switch tok {
		case "":
		case "Tj", "TJ", "'", `"`:
			for _, o := range operands {
				if text, ok := strings.CutPrefix(o, "("); ok {
					show(text)
				}
			}
			show("\n")
			operands = nil
		case "Tr":
			if len(operands) > 0 {
				mode = operands[len(operands)-1]
			}
			operands = nil
		case "rg", "g":
			white = len(operands) > 0
			for _, o := range operands {
				f, err := strconv.ParseFloat(o, 64)
				white = white && err == nil && f >= 0.98
			}
			operands = nil
		default:
			if c := tok[0]; c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
				operands = nil
			} else if len(operands) < 512 {
				operands = append(operands, tok)
			}
		}
	}
}

// pdfToken reads the next token; a string is returned with its opening bracket.
func pdfToken(b []byte) (string, []byte) {
	switch c := b[0]; {
	case bytes.IndexByte([]byte(" \t\r\n\f\x00[]{}<>"), c) >= 0:
		return "", b[1:]
	case c == '%':
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return "", b[i:]
		}
		return "", nil
	case c == '(':
		return pdfString(b)
	}
	n := 1
	for n < len(b) && bytes.IndexByte([]byte(" \t\r\n\f\x00[]()<>/%"), b[n]) < 0 {
		n++
	}
	return string(b[:n]), b[n:]
}

// pdfString reads a literal string (ISO 32000-1, 7.3.4.2).
func pdfString(b []byte) (string, []byte) {
	out := []byte{'('}
	depth := 1
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\' && i+1 < len(b):
			i++
			switch b[i] {
			case 'n':
				out = append(out, '\n')
			case 'r', 't', 'b', 'f':
				out = append(out, ' ')
			default:
				out = append(out, b[i])
			}
			continue
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return string(out), b[i+1:]
			}
		}
		out = append(out, b[i])
	}
	return string(out), nil
}
