package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"time"
)

// FileName is how the file is called wherever it is looked for.
const FileName = "launchready.yaml"

// ErrNotFound means that no configuration file was named and none was found.
var ErrNotFound = errors.New("no " + FileName + " found")

// maxFile bounds the file that is read.
const maxFile = 1 << 20

// Options say what to read. Env and Now must be set.
type Options struct {
	// Path names the file; "" looks for it from Dir upward.
	Path string
	Dir  string
	Env  func(string) (string, bool)
	Now  time.Time
	// Checks are the ids that waivers may name; nil means that any id will do.
	Checks []string
	// Strict makes a waiver that has ended a mistake, for those who ask whether
	// the file is right; a run only warns, and counts the finding again.
	Strict bool
	// Set overrides values of the file, as flags do.
	Set []Override
}

// Override is a value that beats the file's.
type Override struct {
	Path   string // "budget.rate"
	Value  string
	Origin string // "flag --rate"
}

// Load finds, reads and judges the file. A mistake in it is an Errors.
func Load(o Options) (*Config, error) {
	path := o.Path
	if path == "" {
		var err error
		if path, err = Find(o.Dir, o.Env); err != nil {
			return nil, err
		}
	}
	text, err := readFile(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("read configuration %s: %w", path, err)
	}
	return Parse(shown(o.Dir, path), text, filepath.Dir(path), o)
}

// Parse judges the text of a file that has been read; relative paths in it
// start from dir.
func Parse(name string, text []byte, dir string, o Options) (*Config, error) {
	d := &document{
		name:  name,
		lines: strings.Split(string(text), "\n"),
		refs:  resolver{env: o.Env, dir: dir, read: func(p string) ([]byte, error) { return readFile(p, maxSecretFile) }},
		at:    map[string]Position{},
		from:  map[string]string{},
		meant: map[string]bool{},
	}
	c := &Config{File: name, Dir: dir, doc: d}
	d.refs.warn = func(w string) {
		if !known(w, c.Warnings) {
			c.Warnings = append(c.Warnings, w)
		}
	}
	d.parse([]byte(strings.TrimPrefix(string(text), "\ufeff")), c)
	if len(d.errs) == 0 {
		c.override(o)
		c.infer()
	}
	c.judge(o)
	if len(d.errs) > 0 {
		sort.SliceStable(d.errs, func(i, j int) bool { return before(d.errs[i].Position, d.errs[j].Position) })
		return nil, d.errs
	}
	return c, nil
}

func before(a, b Position) bool {
	if a.Line != b.Line {
		return a.Line < b.Line
	}
	return a.Column < b.Column
}

// Find looks for the file in dir and above, up to the root of the repository,
// then in the user's configuration folder.
func Find(dir string, env func(string) (string, bool)) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", FileName, err)
	}
	start := dir
	for {
		if p := filepath.Join(dir, FileName); isFile(p) {
			return p, nil
		}
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	home, ok := env("XDG_CONFIG_HOME")
	if !ok || home == "" {
		if h, ok := env("HOME"); ok && h != "" {
			home = filepath.Join(h, ".config")
		}
	}
	if home != "" {
		if p := filepath.Join(home, "launchready", FileName); isFile(p) {
			return p, nil
		}
	}
	return "", fmt.Errorf("%w in %s or above it: launchready init writes one", ErrNotFound, start)
}

func isFile(p string) bool {
	fi, err := os.Stat(p)
	return err == nil && fi.Mode().IsRegular()
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if fi, err := f.Stat(); err == nil && fi.IsDir() {
		return nil, errors.New("it is a folder")
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, errors.New("it is larger than 1 MiB")
	}
	return b, nil
}

// shown is the path as messages give it: relative where that is shorter.
func shown(dir, path string) string {
	abs, err := filepath.Abs(dir)
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	if rel, err := filepath.Rel(abs, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}

// EnvPrefix starts the names of environment variables that override the file:
// LAUNCHREADY_BUDGET_RATE is budget.rate.
const EnvPrefix = "LAUNCHREADY_"

// override applies the environment, then the flags, which beat it.
func (c *Config) override(o Options) {
	c.doc.trusted = true
	defer func() { c.doc.trusted = false }()
	scalars(reflect.ValueOf(c).Elem(), "", func(path string) {
		name := EnvPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
		if v, ok := o.Env(name); ok && v != "" {
			c.set(path, v, "environment variable "+name)
		}
	})
	for _, s := range o.Set {
		c.set(s.Path, s.Value, s.Origin)
	}
}

// set writes one scalar that came from outside the file.
func (c *Config) set(path, value, origin string) {
	if host, ok := strings.CutPrefix(path, "target.resolve."); ok { // the one mapping that a flag reaches into
		if c.Target.Resolve == nil {
			c.Target.Resolve = map[string]string{}
		}
		c.Target.Resolve[host] = value
		c.doc.at[path], c.doc.from[path] = Position{File: origin}, origin
		return
	}
	v := reflect.ValueOf(c).Elem()
	parts := strings.Split(path, ".")
	for i, p := range parts {
		f, ok := fieldsOf(v.Type())[p]
		if !ok {
			c.doc.fail(Position{File: origin}, "there is no value %s to set", path)
			return
		}
		v = v.FieldByIndex(f.Index)
		if v.Kind() == reflect.Pointer && i < len(parts)-1 {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
	}
	c.doc.at[path] = Position{File: origin}
	c.doc.from[path] = origin
	c.doc.decode(scalarNode(value, v), v, path, lastOf(path), 0)
}

// scalars calls f with the path of every single value that has a fixed place.
func scalars(v reflect.Value, path string, f func(path string)) {
	for name, field := range fieldsOf(v.Type()) {
		p, t := join(path, name), field.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch {
		case single(t):
			f(p)
		case t.Kind() == reflect.Struct:
			scalars(reflect.New(t).Elem(), p, f)
		}
	}
}
