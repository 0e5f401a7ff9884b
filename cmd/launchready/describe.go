package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// longestDescription is what guard reads of one.
const longestDescription = 16 << 20

// errElsewhere says that a report names a description at another host than its
// target's: nobody asked for that.
var errElsewhere = errors.New("it is not at the target's host")

// descriptionOf reads the API's description that an audit had, and the name that
// a policy in that folder has for it. One at the target is fetched and kept beside
// the policy; a file of that name is read as it is.
func (p *program) descriptionOf(ctx context.Context, r *lr.Report, folder string) (text []byte, name string, err error) {
	at := r.Description.Location
	if r.Description.File {
		file := p.path(at)
		if name, err = filepath.Rel(folder, file); err != nil {
			name = file
		}
		text, err = limited(os.Open(file)) //nolint:gosec // the report is the user's own
		return text, filepath.ToSlash(name), err
	}
	u, err := url.Parse(at)
	if err != nil {
		return nil, "", err
	}
	if t, err := url.Parse(r.Target); err != nil || u.Host != t.Host || u.Scheme != t.Scheme {
		return nil, "", errElsewhere
	}
	name = "openapi.json"
	if ext := filepath.Ext(u.Path); ext == ".yaml" || ext == ".yml" {
		name = "openapi.yaml"
	}
	file := filepath.Join(folder, name)
	if text, err = limited(os.Open(file)); err == nil || !errors.Is(err, os.ErrNotExist) { //nolint:gosec // a fixed name
		return text, name, err
	}
	if text, err = fetched(ctx, u.String()); err != nil {
		return nil, "", err
	}
	p.warn("%s is kept as %s", at, name)
	return text, name, os.WriteFile(file, text, 0o600)
}

func fetched(ctx context.Context, at string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("it was answered %d", res.StatusCode), res.Body.Close())
	}
	return limited(res.Body, nil)
}

// limited reads what was opened, whole.
func limited(f io.ReadCloser, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, longestDescription+1))
	if err == nil && len(text) > longestDescription {
		err = errors.New("it is longer than 16 MiB")
	}
	return text, errors.Join(err, f.Close())
}

// wanted reports whether a draft names a description that it was not given.
func wanted(text []byte) bool { return strings.Contains(string(text), `openapi: {file: ""`) }
