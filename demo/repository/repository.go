// Package repository writes what the demo's makers have beside their running
// chatbot: the repository it is built from with its history, what browsers get,
// how it is deployed and what the last CI run wrote. Each flaw of the rows that
// look there is one switch in a template.
package repository

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

// files are templates. A name that starts with dot_ is one that starts with a dot
// in the repository; _each holds what is written once for each group of routes;
// _was holds what stood there at an earlier commit, and _beside what lies beside
// the repository. A file that comes out empty is not written.
//
//go:embed all:files
var files embed.FS

// Names of what Write makes, from the folder that it is given.
const (
	Tree   = "harbor"            // the work tree
	Bundle = "harbor/web/dist"   // what browsers get
	CILog  = "logs/ci.log"       // what the last run of CI wrote
	Log    = "logs/server.log"   // what the chatbot writes
	Image  = "images/harbor.tar" // the container image, saved
)

// private is the folder that the audit's own verbs keep records in.
const private = ".launchready"

// Options say what is written.
type Options struct {
	Flaws  func(id string) bool
	Seed   int64
	Now    time.Time
	Routes []Route
	// Secrets are values of the running chatbot, by the name of their variable.
	Secrets map[string]string
	Plain   bool // without history, also where there is a git
}

// Route is one line of the chatbot's table of routes.
type Route struct {
	Method, Path string // the path with {name} for a parameter
	ID           string // of the operation
	Group        string // the file that it stands in
	Status       int
	Access       Access
}

// Access is who a route lets pass.
type Access int

const (
	User   Access = iota // who is signed in
	Admin                // administrators
	Anyone               // everybody
	Signed               // who can sign the request
)

// Write lays the repository and what is beside it into the folder.
func Write(dir string, o Options) error {
	w := &writer{dir: filepath.Join(dir, Tree), o: o, groups: groups(o.Routes)}
	if err := w.history(); err != nil {
		return fmt.Errorf("write the demo's repository: %w", err)
	}
	if err := w.tree(); err != nil {
		return fmt.Errorf("write the demo's repository: %w", err)
	}
	if err := w.commit("Release 1.4.0"); err != nil {
		return fmt.Errorf("write the demo's repository: %w", err)
	}
	w.dir = dir
	if err := w.below("files/_beside"); err != nil {
		return fmt.Errorf("write what is beside the demo's repository: %w", err)
	}
	if err := w.image(); err != nil {
		return fmt.Errorf("write the demo's image: %w", err)
	}
	return nil
}

// writer lays files into a folder.
type writer struct {
	dir    string
	o      Options
	groups []group
	git    bool
}

// group is one file of routes.
type group struct {
	Name    string
	Routes  []entry
	Guarded bool
	Admin   bool
}

type entry struct {
	Verb, Path, ID string
	Status         int
	Guards         []string
}

func groups(routes []Route) []group {
	var out []group
	for _, r := range routes {
		i := slices.IndexFunc(out, func(g group) bool { return g.Name == r.Group })
		if i < 0 {
			i, out = len(out), append(out, group{Name: r.Group})
		}
		g := &out[i]
		e := entry{Verb: strings.ToLower(r.Method), Path: colons(r.Path), ID: r.ID, Status: r.Status}
		switch r.Access {
		case Admin:
			e.Guards, g.Guarded, g.Admin = []string{"requireUser", "requireAdmin"}, true, true
		case User:
			e.Guards, g.Guarded = []string{"requireUser"}, true
		case Signed:
			e.Guards = []string{"signed"}
		case Anyone:
		}
		g.Routes = append(g.Routes, e)
	}
	return out
}

// colons writes a path's parameters as Express has them.
func colons(p string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(strings.ReplaceAll(p, "{$}", ""))
}

// tree writes the work tree as it stands.
func (w *writer) tree() error {
	if err := w.below("files"); err != nil {
		return err
	}
	for _, g := range w.groups {
		for _, kind := range []string{"routes", "handlers"} {
			if err := w.write("files/_each/"+kind+".ts", "server/src/"+kind+"/"+g.Name+".ts", g); err != nil {
				return err
			}
		}
	}
	return nil
}

// below writes every template of a folder, but none of a special one within it.
func (w *writer) below(root string) error {
	return fs.WalkDir(files, root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && strings.HasPrefix(d.Name(), "_"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		return w.write(name, strings.TrimPrefix(name, root+"/"), w.o)
	})
}

// write fills in one template and writes it, unless it comes out empty.
func (w *writer) write(from, to string, data any) error {
	text, err := files.ReadFile(from)
	if err != nil {
		return err
	}
	t, err := template.New(path.Base(from)).Funcs(w.words()).Parse(string(text))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, w.data(data)); err != nil {
		return err
	}
	if len(bytes.TrimSpace(b.Bytes())) == 0 {
		return nil
	}
	parts := strings.Split(to, "/")
	for i, p := range parts {
		if rest, ok := strings.CutPrefix(p, "dot_"); ok {
			parts[i] = "." + rest
		}
	}
	file := filepath.Join(w.dir, filepath.Join(parts...))
	mode := fs.FileMode(0o755)
	if parts[0] == private {
		mode = 0o700
	}
	if err := os.MkdirAll(filepath.Dir(file), mode); err != nil {
		return err
	}
	return os.WriteFile(file, bytes.TrimLeft(b.Bytes(), "\n"), 0o644)
}

// data is what a template sees: a group of routes, or all of them.
func (w *writer) data(of any) any {
	if g, ok := of.(group); ok {
		return g
	}
	return map[string]any{"Groups": w.groups, "Secrets": w.o.Secrets}
}
