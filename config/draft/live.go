package draft

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Fetch gets a URL: status and body.
type Fetch func(ctx context.Context, url string) (status int, body []byte, err error)

// SpecPaths are where applications usually serve their description, the most
// usual first. An application with pages answers 200 to anything, so what comes
// back is looked into.
var SpecPaths = []string{"/openapi.json", "/openapi.yaml", "/swagger.json", "/swagger/v1/swagger.json", "/v3/api-docs", "/api/openapi.json", "/api-docs",
	"/api/docs.json", "/api/swagger.json", "/docs/openapi.json", "/api-json", "/api/schema", "/api/v1/openapi.json", "/v1/openapi.json", "/swagger/doc.json", "/openapi.yml", "/swagger.yaml"}

// Find asks a running application for its description. It returns "" when the
// application answers and describes itself nowhere.
func Find(ctx context.Context, base string, fetch Fetch) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return "", errors.New("not an absolute URL: " + base)
	}
	var last error
	answered := false
	for _, p := range SpecPaths {
		at := strings.TrimRight(base, "/") + p
		status, body, err := fetch(ctx, at)
		if err != nil {
			if last = err; ctx.Err() != nil || !answered {
				return "", err
			}
			continue
		}
		answered = true
		if status == http.StatusOK && isSpec(body) {
			return at, nil
		}
	}
	if !answered {
		return "", last
	}
	return "", nil
}
