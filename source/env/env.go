// Package env lists the environment variables that source code reads and those
// that files of a repository declare, and compares the two. It never keeps a value.
package env

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/launchready/launchready/source/code"
	"github.com/launchready/launchready/source/folder"
)

// Side says who can read a variable at run time.
type Side string

// The sides. A client's variable is in the bundle that every visitor loads.
const (
	Server      Side = "server"
	Client      Side = "client"
	UnknownSide Side = "unknown"
)

// Read is one place where source code asks for a variable.
type Read struct {
	Name     string // the constant prefix of a Dynamic one, which may be ""
	File     string
	Line     int
	Required bool // the code throws, or passes it on, when it is not set
	Default  bool // the code has a value of its own for that case
	Side     Side
	Dynamic  bool // the name is computed
}

// Kind of a declaration.
type Kind string

// The kinds.
const (
	Literal   Kind = "literal"   // the value stands in the file
	SecretRef Kind = "secretRef" // the file names a store that holds it
	Prompt    Kind = "prompt"    // whoever deploys must give it
)

// Declaration is one place where a variable is given, without its value.
type Declaration struct {
	Name        string
	Where       string // the file
	Line        int
	Environment string // production, staging, development, test, example; "" when the file does not say
	Kind        Kind
	Empty       bool // nothing is given
	Placeholder bool // "changeme", "<your key>"
}

// Inventory is all that was found, by name, file and line.
type Inventory struct {
	Reads        []Read
	Declarations []Declaration
	Integrations []Integration // services whose library is imported, by name
	Skipped      []folder.Skipped
	Files        int
	Bytes        int64
}

// Options of Scan; the zero value leaves tests out.
type Options struct {
	Limits folder.Limits
	Tests  bool
}

// publicPrefixes are those with which build tools put a variable into the bundle.
var publicPrefixes = [...]string{"NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "GATSBY_", "STORYBOOK_", "VUE_APP_", "NG_APP_"}

// Public reports whether build tools put a variable of that name into the bundle.
func Public(name string) bool {
	return slices.ContainsFunc(publicPrefixes[:], func(p string) bool { return strings.HasPrefix(name, p) })
}

// Scan reads the tree below fsys. A file with a mistake is listed in Skipped; the
// error says that the folder cannot be read or that ctx ended.
func Scan(ctx context.Context, fsys fs.FS, opt Options) (*Inventory, error) {
	inv := &Inventory{}
	var trees []*code.File
	var mentions []mention
	known := sdks()
	want := func(name string) bool {
		return code.LanguageOf(name) != "" || lineLanguage(name) != "" || declares(name)
	}
	skipped, err := folder.Walk(ctx, fsys, opt.Limits, want, func(name string, content []byte) {
		inv.Files++
		inv.Bytes += int64(len(content))
		if declares(name) {
			inv.declarations(name, content)
		}
		if !opt.Tests && folder.Test(name) {
			return
		}
		if l := lineLanguage(name); l != "" {
			inv.Reads = append(inv.Reads, readLines(name, l, string(content))...)
			mentions = append(mentions, lineMentions(known, name, l, string(content))...)
		}
		if code.LanguageOf(name) != "" {
			f, err := code.Parse(name, content)
			if err != nil {
				inv.Skipped = append(inv.Skipped, folder.Skipped{Path: name, Reason: "not understood: " + err.Error()})
			}
			if f != nil {
				trees = append(trees, f)
			}
		}
	})
	inv.Skipped = append(inv.Skipped, skipped...)
	if err != nil {
		return inv, err
	}
	reads, made := readTrees(trees, known)
	inv.Reads = append(inv.Reads, reads...)
	inv.sort()
	inv.integrations(append(mentions, made...))
	return inv, nil
}

func (inv *Inventory) sort() {
	slices.SortFunc(inv.Reads, func(a, b Read) int {
		return order(strings.Compare(a.Name, b.Name), strings.Compare(a.File, b.File), a.Line-b.Line)
	})
	inv.Reads = slices.CompactFunc(inv.Reads, func(a, b Read) bool { return a.Name == b.Name && a.File == b.File && a.Line == b.Line })
	slices.SortFunc(inv.Declarations, func(a, b Declaration) int {
		return order(strings.Compare(a.Name, b.Name), strings.Compare(a.Where, b.Where), a.Line-b.Line)
	})
}

func order(by ...int) int {
	for _, c := range by {
		if c != 0 {
			return c
		}
	}
	return 0
}

// environmentOf guesses from a file's name for which environment it is.
func environmentOf(name string) string {
	low := strings.ToLower(name)
	base := path.Base(low)
	for _, w := range [...]string{"example", "sample", "template", "dist", "defaults"} {
		if strings.HasPrefix(base, ".env") && strings.HasSuffix(base, w) || strings.HasPrefix(base, "env.") && strings.HasSuffix(base, w) || strings.HasSuffix(base, "."+w) {
			return "example"
		}
	}
	words := strings.FieldsFunc(low, func(r rune) bool { return strings.ContainsRune("./-_", r) })
	for _, e := range [...]struct{ word, env string }{
		{"production", "production"}, {"prod", "production"}, {"staging", "staging"}, {"stage", "staging"}, {"test", "test"}, {"ci", "test"},
		{"development", "development"}, {"dev", "development"}, {"local", "development"}, {"override", "development"},
	} {
		if slices.Contains(words, e.word) {
			return e.env
		}
	}
	return ""
}
