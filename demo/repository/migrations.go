package repository

import (
	"bytes"
	"fmt"
	"io/fs"
	"text/template"
)

// Migrations are the SQL files of the repository, in their order.
func Migrations(flaws func(id string) bool) ([]string, error) {
	w := &writer{o: Options{Flaws: flaws}}
	names, err := fs.Glob(files, "files/migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range names { // sorted by name
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		t, err := template.New(name).Funcs(w.words()).Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("read the migration: %w", err)
		}
		var b bytes.Buffer
		if err := t.Execute(&b, nil); err != nil {
			return nil, fmt.Errorf("write the migration: %w", err)
		}
		out = append(out, b.String())
	}
	return out, nil
}
