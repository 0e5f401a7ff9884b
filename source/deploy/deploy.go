// Package deploy reads how a product is built and run: Dockerfiles, Compose
// files, Kubernetes manifests, Procfiles and workflows of GitHub Actions. It
// tells facts with their places and judges none.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Bounds of what is read.
const (
	mostFiles = 50_000  // looked at by name
	mostBytes = 1 << 20 // of one manifest
	mostDepth = 12      // folders
)

// Place is where a fact stands.
type Place struct {
	File string
	Line int // 1 is the first; 0: the whole file
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Image is a container image that something is built from or runs.
type Image struct {
	Place
	Ref   string // as written
	Local bool   // development only: a Compose file that names no environment
}

// Tag is the image's tag, "" without one.
func (i Image) Tag() string {
	name, _, _ := strings.Cut(i.Ref, "@")
	if at := strings.LastIndex(name, ":"); at > strings.LastIndex(name, "/") {
		return name[at+1:]
	}
	return ""
}

// Digest reports whether the image is named by its content.
func (i Image) Digest() bool { return strings.Contains(i.Ref, "@sha256:") }

// Setting is an environment variable with a literal value.
type Setting struct {
	Place
	Name  string
	value string
	Local bool
}

// Is compares the value, which may be a secret and is not shown.
func (s Setting) Is(values ...string) bool {
	for _, v := range values {
		if strings.EqualFold(s.value, v) {
			return true
		}
	}
	return false
}

// Command is what a container or a platform starts.
type Command struct {
	Place
	Text  string
	Shell bool // run by a shell, which takes the signals
	Local bool
}

// User is who a built image runs as.
type User struct {
	Place
	Name string // "" when the Dockerfile names none
	Base string // the image of the last stage
}

// Action is a step of a workflow that runs somebody else's code.
type Action struct {
	Place
	Uses string
}

// Facts are what a repository tells of how it is built and run.
type Facts struct {
	Images   []Image
	Settings []Setting
	Commands []Command
	Users    []User // one for each Dockerfile
	Actions  []Action
	NonRoot  []Place  // manifests that refuse to run as root
	Grace    []Place  // manifests that leave no time to stop
	Probes   []Place  // health checks
	Migrates []Place  // commands that bring the schema up to date
	Schemas  []string // folders of migrations
	Files    []string // what was read
	Skipped  []string // what could not be, with the reason
}

// Read looks through a work tree. A file that cannot be understood is listed in
// Skipped; an error means that nothing could be read.
func Read(ctx context.Context, tree fs.FS) (*Facts, error) {
	f := &Facts{}
	seen := 0
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if name == "." {
				return err
			}
			f.skip(name, err)
			return nil
		}
		if seen++; seen > mostFiles {
			f.Skipped = append(f.Skipped, fmt.Sprintf("everything after the first %d files", mostFiles))
			return fs.SkipAll
		}
		if d.IsDir() {
			if name != "." && (passed(d.Name()) || strings.Count(name, "/") > mostDepth) {
				return fs.SkipDir
			}
			f.folder(tree, name)
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		if read := reader(name); read != nil {
			f.file(tree, name, read)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read how the product is deployed: %w", err)
	}
	return f, nil
}

// passed are folders that others wrote.
func passed(name string) bool {
	switch name {
	case "node_modules", "vendor", ".git", "dist", "build", "target", ".venv", "venv", "__pycache__", ".terraform", "third_party", "testdata", "fixtures":
		return true
	}
	return false
}

func (f *Facts) skip(name string, err error) {
	f.Skipped = append(f.Skipped, fmt.Sprintf("%s: %v", name, err))
}

// folder notes folders of migrations.
func (f *Facts) folder(tree fs.FS, name string) {
	switch path.Base(name) {
	case "migrations", "migrate", "alembic", "db":
	default:
		return
	}
	entries, err := fs.ReadDir(tree, name)
	if err != nil {
		return
	}
	for _, e := range entries {
		switch path.Ext(e.Name()) {
		case ".sql", ".py", ".ts", ".js", ".rb", ".go":
			if path.Base(name) != "db" && e.Name() != "__init__.py" {
				f.Schemas = append(f.Schemas, name)
				return
			}
		}
	}
}

type reading func(f *Facts, name string, text []byte) error

// reader is what understands a file of this name; nil when nothing does.
func reader(name string) reading {
	base := strings.ToLower(path.Base(name))
	ext := path.Ext(base)
	switch {
	case base == "dockerfile" || strings.HasPrefix(base, "dockerfile.") || ext == ".dockerfile":
		return (*Facts).dockerfile
	case base == "procfile":
		return (*Facts).procfile
	case (ext == ".yml" || ext == ".yaml") && strings.Contains(name, ".github/workflows/"):
		return (*Facts).workflow
	case ext == ".yml" || ext == ".yaml":
		return (*Facts).manifest
	}
	return nil
}

var errLarge = errors.New("it is larger than a manifest")

func (f *Facts) file(tree fs.FS, name string, read reading) {
	text, err := bounded(tree, name)
	if err == nil {
		err = read(f, name, text)
	}
	if err != nil {
		f.skip(name, err)
		return
	}
	f.Files = append(f.Files, name)
}

func bounded(tree fs.FS, name string) ([]byte, error) {
	file, err := tree.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > mostBytes {
		return nil, errLarge
	}
	return text, nil
}

// local reports a file that only a developer's machine runs.
func local(name string) bool {
	base := strings.ToLower(path.Base(name))
	for _, word := range []string{"prod", "production", "staging", "deploy", "live"} {
		if strings.Contains(base, word) {
			return false
		}
	}
	return strings.Contains(base, "compose") || strings.Contains(base, "dev") || strings.Contains(base, "test")
}

// migrates tells commands that bring a schema up to date.
func migrates(command string) bool {
	low := strings.ToLower(command)
	for _, word := range []string{"migrate", "migration", "alembic upgrade", "db:schema", "flyway", "liquibase", "goose ", "atlas "} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return false
}

func (f *Facts) command(at Place, text string, shell, isLocal bool) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	f.Commands = append(f.Commands, Command{at, text, shell, isLocal})
	if migrates(text) {
		f.Migrates = append(f.Migrates, at)
	}
}
