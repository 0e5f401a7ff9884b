package intake

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/launchready/launchready/surface"
)

var routeLine = regexp.MustCompile(`(?mi)^[ \t]*(?:GET|POST|PUT|PATCH|DELETE|ANY|ALL)(?:[,|](?:GET|POST|PUT|PATCH|DELETE))*[ \t]+/\S*`)

// isDescription knows an OpenAPI document and a list of routes.
func isDescription(text []byte) bool {
	keys := outline(text)
	if keys["openapi"] || keys["swagger"] {
		return true
	}
	first := lineFirst.Find(text)
	return routeLine.Match(first)
}

// readDescription takes the file itself as the API's description.
func readDescription(file string, text []byte) (*Intake, error) {
	if file == Stdin {
		return nil, &Fault{File: file, Message: "the description has to be read again by every audit: save it and name the file"}
	}
	if routeLine.Match(lineFirst.Find(text)) {
		if _, err := surface.RouteList(text, surface.Source{Location: file}); errors.Is(err, surface.ErrNoRoutes) {
			return nil, err
		}
		return &Intake{Spec: file}, nil
	}
	// A description that is corrupt tells nothing, which must not be taken for one
	// that names no user.
	if err := surface.Syntax(file, text); err != nil {
		var at *surface.SyntaxError
		if errors.As(err, &at) {
			return nil, &Fault{File: file, Line: at.Line, Column: at.Column, Message: "the description is cut off or corrupt: " + at.Message}
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &Intake{Spec: file}, nil
}

// Stdin is how what was pasted or piped is called.
const Stdin = "-"
