package code

import (
	"fmt"
	"path"
	"strings"
)

// maxNodes bounds what one file may become; a file of 2 MB has fewer.
const maxNodes = 2_000_000

// maxNesting bounds how deep the tree may be: who walks it recurses.
const maxNesting = 1500

// LanguageOf tells the language by the name of the file, "" when Parse does not
// read it.
func LanguageOf(name string) Language {
	if strings.HasSuffix(name, ".d.ts") {
		return ""
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts":
		return Script
	case ".py":
		return Python
	case ".go":
		return Golang
	}
	return ""
}

// Parse reads one file. An error says that nothing of the file was understood, or
// of Python that a part was not: the file then holds the rest. It never panics.
func Parse(name string, src []byte) (f *File, err error) {
	f = &File{Path: name, Language: LanguageOf(name), Bytes: len(src)}
	defer func() {
		if r := recover(); r != nil { // a defect of a parser must not end the run
			f, err = nil, fmt.Errorf("parse %s: the parser broke", name)
		}
	}()
	switch f.Language {
	case Script:
		err = parseScript(f, src)
	case Python:
		err = parsePython(f, src)
	case Golang:
		err = parseGo(f, src)
	default:
		return nil, fmt.Errorf("parse %s: not a language that is read", name)
	}
	return f, err
}
