package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan"
)

// Bounds of what is read of the live front end.
const (
	mostScripts = 60
	mostPages   = 6
)

var page = &lr.Check{
	ID:    "secrets/page",
	Title: "The live page and its scripts hold no secret",
	Why: "What a browser loads is published, whatever the repository says: a build with the wrong environment puts the server's keys into the page's state, a script or its source map. " +
		"Bots read new pages for keys all day.",
	Fix:      "Change the secret now. Call the provider from the server; hand a page the values that it shows and not the whole configuration; build without source maps.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{hardCoded, exposed, asvsClient},
	Needs:    lr.Routes,
	Run:      runPage,
}

func runPage(ctx context.Context, t *lr.Trial) error {
	loaded, err := frontEnd(ctx, t)
	if err != nil {
		return err
	}
	if len(loaded) == 0 {
		t.NotApplicable("no page is served at the root")
		return nil
	}
	s, err := engine(ctx, t)
	if err != nil {
		return err
	}
	var all secretscan.Result
	for _, x := range loaded {
		res, err := s.Scan(ctx, nameOf(x), bytes.NewReader(x.Body))
		if err != nil {
			return err
		}
		all.Findings = append(all.Findings, res.Findings...)
		all.Coverage.Add(res.Coverage)
	}
	tell(ctx, t, all, "GET /", "the live page and what it loads")
	return nil
}

// nameOf names a reply as a file, so that its ending tells what it is.
func nameOf(x *lr.Exchange) string {
	p := pathOf(x)
	if strings.HasSuffix(p, "/") {
		return p + "index.html"
	}
	if path.Ext(p) == "" && strings.Contains(x.Header.Get("Content-Type"), "html") {
		return p + ".html"
	}
	return p
}

// frontEnd reads the page at the root, as nobody and as a user, and what it loads
// of the target's own host, once in a run.
func frontEnd(ctx context.Context, t *lr.Trial) ([]*lr.Exchange, error) {
	return lr.Recall(ctx, t.Memo, "secrets/front-end", func(ctx context.Context) ([]*lr.Exchange, error) {
		w := &crawl{t: t, had: map[string]bool{}}
		roots := []*lr.Account{nil}
		for _, a := range t.Target.Accounts {
			if !a.Spare {
				roots = append(roots, a)
				break
			}
		}
		for i, as := range roots {
			w.had = map[string]bool{}
			if err := w.read(ctx, as, "/", i); err != nil {
				return nil, err
			}
		}
		return w.loaded, nil
	})
}

type crawl struct {
	t       *lr.Trial
	had     map[string]bool
	loaded  []*lr.Exchange
	scripts int
	pages   int
}

var (
	loads   = regexp.MustCompile(`(?i)(?:src|href)\s*=\s*["']?([^"'\s>]+)`)
	imports = regexp.MustCompile(`(?:import|from)\s*\(?\s*["']([./][^"']+\.m?js)["']|["']([\w./-]+\.chunk\.js|[\w./-]*assets/[\w./-]+\.js)["']`)
	mapped  = regexp.MustCompile(`[#@] sourceMappingURL=([^\s'"*]+)`)
)

// read gets one address and follows what it loads.
func (w *crawl) read(ctx context.Context, as *lr.Account, at string, round int) error {
	if w.had[at] {
		return nil
	}
	w.had[at] = true
	x, err := w.t.HTTP.Do(ctx, as, &lr.Request{Method: "GET", Path: at, Note: "what the page loads"})
	if err != nil {
		if errors.Is(err, lr.ErrScope) {
			return nil
		}
		return fmt.Errorf("read what the page loads, %s: %w", at, err)
	}
	if !x.OK() || len(x.Body) == 0 {
		return nil
	}
	kind := strings.ToLower(x.Header.Get("Content-Type"))
	isPage, isScript := strings.Contains(kind, "html"), strings.Contains(kind, "javascript") || strings.HasSuffix(at, ".js") || strings.HasSuffix(at, ".map")
	if !isPage && !isScript && !strings.Contains(kind, "json") {
		return nil
	}
	if isScript && round > 0 {
		return nil // the same for everybody: the first round read it
	}
	w.loaded = append(w.loaded, x)
	var next []string
	switch {
	case isPage:
		for _, m := range loads.FindAllSubmatch(x.Body, 200) {
			next = append(next, string(m[1]))
		}
	case isScript:
		for _, m := range imports.FindAllSubmatch(x.Body, 200) {
			next = append(next, string(m[1])+string(m[2]))
		}
		if m := mapped.FindSubmatch(x.Body); m != nil {
			next = append(next, string(m[1]))
		}
	}
	for _, link := range next {
		to := w.own(at, link)
		if to == "" {
			continue
		}
		switch ext := path.Ext(to); {
		case ext == ".js" || ext == ".mjs" || ext == ".map" || ext == ".json":
			if w.scripts++; w.scripts > mostScripts {
				continue
			}
		case isPage && ext == "" && w.pages < mostPages:
			w.pages++
		default:
			continue
		}
		if err := w.read(ctx, as, to, round); err != nil {
			return err
		}
	}
	return nil
}

// own is the path of a link on the target's own host, "" for another's.
func (w *crawl) own(at, link string) string {
	base := w.t.Target.Base.JoinPath(at)
	u, err := base.Parse(link)
	if err != nil || u.Host != w.t.Target.Base.Host || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	p := (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
	return strings.TrimPrefix(p, strings.TrimSuffix(w.t.Target.Base.Path, "/"))
}

// pathOf is the path of a reply's address, without its query.
func pathOf(x *lr.Exchange) string {
	u, err := url.Parse(x.URL)
	if err != nil || u.Path == "" {
		return "/"
	}
	return u.Path
}
