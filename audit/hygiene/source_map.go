package hygiene

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/expr"
)

func sourceMap() *lr.Check {
	return &lr.Check{
		ID:    "hygiene/source-map",
		Title: "Source maps of the front end are not served",
		Why: "A source map turns the built front end back into its source, with comments, routes of the administration and names of features that are not out yet. " +
			"It saves an attacker the reading; what is secret in it is judged by the row of secrets.",
		Fix: "Build production without source maps, or with hidden ones that go to the error tracker and not to the web server (`sourcemap: 'hidden'` in Vite, " +
			"`productionBrowserSourceMaps: false` in Next.js, `devtool: 'hidden-source-map'` in webpack).",
		Guard:    "block_paths",
		Severity: lr.Low,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "540"}, {Source: "ASVS", ID: "v5.0.0-13.4.7"}},
		Needs:    lr.Routes,
		Extra:    true,
		Run:      runSourceMap,
	}
}

var mapComment = expr.Lazy(`[#@] sourceMappingURL=([^\s'"*]+)`)

// runSourceMap reads the page and its scripts, as far as they are on its host,
// and asks for the map that each names, or that would lie beside it.
func runSourceMap(ctx context.Context, t *lr.Trial) error {
	x, err := get(ctx, t, "/", "the page")
	if err != nil {
		if err := ended(ctx, err); err != nil {
			return err
		}
		t.Unknown(application, "the page was not answered: %v", err)
		return nil
	}
	var maps []string
	for _, link := range links(x) {
		if ext := path.Ext(link); ext != ".js" && ext != ".mjs" && ext != ".css" || len(maps) >= 20 {
			continue
		}
		s, err := get(ctx, t, link, "a script of the page")
		if err != nil {
			if err := ended(ctx, err); err != nil {
				return err
			}
			continue
		}
		at := link + ".map"
		if m := mapComment().FindSubmatch(s.Body); m != nil && !strings.Contains(string(m[1]), ":") {
			if at = string(m[1]); !strings.HasPrefix(at, "/") {
				at = path.Join(path.Dir(link), at)
			}
		}
		maps = append(maps, at)
	}
	if len(maps) == 0 {
		t.NotApplicable("no page with scripts of its own is served at the root")
		return nil
	}
	return look(ctx, t, maps, func(at string, x *lr.Exchange) proof {
		p := mapProof(x)
		if strings.HasSuffix(at, ".css.map") {
			p.severity = lr.Low // how a page looks is no secret
		}
		return p
	})
}

// withTexts is where the text of the sources begins in a map that was cut.
var withTexts = expr.Lazy(`"sourcesContent"\s*:\s*\[\s*"`)

// mapProof knows a source map (ECMA-426). A long one is cut: its head must do.
func mapProof(x *lr.Exchange) proof {
	var m struct {
		Version  int      `json:"version"`
		Sources  []string `json:"sources"`
		Content  []any    `json:"sourcesContent"`
		Mappings *string  `json:"mappings"`
		Sections []any    `json:"sections"`
	}
	if json.Unmarshal(x.Body, &m) == nil {
		switch {
		case m.Version != 3 || m.Mappings == nil && len(m.Sections) == 0:
			return proof{}
		case len(m.Sources) == 0 && len(m.Sections) == 0:
			return proof{} // of nothing: bundlers write one beside a script that has no source of its own
		case len(m.Content) > 0:
			return proof{what: fmt.Sprintf("a source map of %d sources, with their text", len(m.Sources)), severity: lr.Medium, secret: `{"version":3,"sources":[…],"sourcesContent":[withheld]}`}
		}
		return proof{what: fmt.Sprintf("a source map of %d sources", len(m.Sources)), witness: `"mappings"`, severity: lr.Low}
	}
	head, severity := string(x.Body[:min(len(x.Body), 4096)]), lr.Low
	if len(x.Body) > 64<<10 && strings.HasPrefix(strings.TrimSpace(head), "{") && strings.Contains(head, `"version":3`) && (strings.Contains(head, `"sources":`) || strings.Contains(head, `"mappings":`)) {
		if withTexts().Match(x.Body) {
			severity = lr.Medium
		}
		return proof{what: "a source map", severity: severity, secret: `{"version":3, [withheld]`}
	}
	return proof{}
}
