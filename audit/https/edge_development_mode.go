package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var edgeDevelopmentMode = &lr.Check{
	ID:       "https/edge-development-mode",
	Title:    "Development mode is off",
	Why:      "Development mode switches caching and minification off for everyone, and is forgotten on: the origin then carries all of the load that the edge was to take.",
	Fix:      "Caching > Configuration > Development Mode: off.",
	Severity: lr.Low,
	Refs:     []lr.Ref{mvspEdge},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, "settings")
		if v == nil {
			return err
		}
		on(t, v, "development_mode", "off", "the cache is in use", "development mode is on: the cache is passed by")
		return nil
	},
}
