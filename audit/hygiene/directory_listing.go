package hygiene

import (
	"context"
	"path"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

func directoryListing() *lr.Check {
	return &lr.Check{
		ID:    "hygiene/directory-listing",
		Title: "No folder lists its files",
		Why:   "A listing shows what nobody was meant to find: old builds, uploads of customers, dumps. It makes a secret of a name worth nothing.",
		Fix: "Switch the listing off (`autoindex off` in nginx, `Options -Indexes` in Apache; in Go wrap the file system so that a folder without `index.html` is not found). " +
			"Take the permission to list away from anonymous readers of a bucket.",
		Guard:    "block_paths",
		Severity: lr.Medium,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "548"}, {Source: "ASVS", ID: "v5.0.0-13.4.3"}},
		Needs:    lr.Routes,
		Run:      runDirectoryListing,
	}
}

func runDirectoryListing(ctx context.Context, t *lr.Trial) error {
	paths := []string{"/", "/assets/", "/static/", "/public/", "/uploads/", "/files/", "/media/", "/images/", "/js/", "/css/", "/dist/", "/build/", "/backup/", "/logs/", "/tmp/", "/storage/"}
	if x, err := get(ctx, t, "/", "what the page links to"); err == nil {
		for _, link := range links(x) {
			if dir := path.Dir(link) + "/"; dir != "//" && !slices.Contains(paths, dir) && len(paths) < 28 {
				paths = append(paths, dir)
			}
		}
	} else if err := ended(ctx, err); err != nil {
		return err
	}
	return look(ctx, t, paths, func(_ string, x *lr.Exchange) proof {
		body := string(x.Body[:min(len(x.Body), most)])
		name, hit := match(listingSigns, newText(body))
		if name == "" {
			return proof{}
		}
		return proof{what: "a list of the files in a folder, by " + name, witness: hit}
	})
}

// links lists the paths of the scripts, styles and pictures of a page that are
// on its own host.
func links(x *lr.Exchange) []string {
	if !x.OK() || !isHTML(x.Body) {
		return nil
	}
	var out []string
	body := string(x.Body[:min(len(x.Body), 256<<10)])
	for _, attr := range []string{"src=", "href="} {
		for rest := body; ; {
			_, after, ok := strings.Cut(rest, attr)
			if !ok || len(out) >= 60 {
				break
			}
			rest = after
			v := strings.TrimLeft(after[:min(len(after), 300)], `"'`)
			if i := strings.IndexAny(v, "\"'> \n"); i >= 0 {
				v = v[:i]
			}
			v, _, _ = strings.Cut(v, "?")
			v, _, _ = strings.Cut(v, "#")
			if strings.HasPrefix(v, "./") {
				v = v[1:]
			}
			if strings.HasPrefix(v, "/") && !strings.HasPrefix(v, "//") && path.Ext(v) != "" && !slices.Contains(out, v) {
				out = append(out, path.Clean(v))
			}
		}
	}
	return out
}

var listingSigns = []sign{
	newSign("nginx, Apache or lighttpd", `index of /`, `(?s)<title>Index of /[^<]*</title>.*(?:<a href="\.\./"|Parent Directory|\?C=N;O=D|<a href="[^"?/][^"]*")`),
	newSign("Go's file server", `<pre>`, `(?i)^\s*(?:<!doctype html>\s*)?(?:<meta [^>]+>\s*)?<pre>\s*(?:<a href="[^"]+">[^<]+</a>\s*){1,}`),
	newSign("Python's server", `directory listing for`, `<title>Directory listing for /`),
	newSign("Caddy", `meta-item`, `(?s)<span class="meta-item"><b>\d{1,9}</b> (?:director(?:y|ies)|files?)</span>`),
	newSign("IIS", `[to parent directory]`, `(?i)<A HREF="/[^"]*">\[To Parent Directory\]</A>`),
	newSign("a server of Node", `listing directory|index of /`, `<title>listing directory /|<h1>Index of /[^<]*</h1>`),
	newSign("Tomcat or Jetty", `directory listing for|directory: /`, `<title>Directory Listing For|<title>Directory: /`),
	newSign("a bucket", `<listbucketresult|<enumerationresults`, `<ListBucketResult[ >]|<EnumerationResults[ >]`),
}
