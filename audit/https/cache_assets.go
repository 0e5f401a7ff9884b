package https

import (
	"fmt"
	"strconv"

	lr "github.com/launchready/launchready"
)

var cacheAssets = &lr.Check{
	ID:       "https/cache-assets",
	Title:    "Pages are asked for again, and only what never changes is kept for long",
	Why:      "A page that browsers keep for a year shows yesterday's product after a release, with yesterday's fixes missing, and nobody can take it back.",
	Fix:      "Send pages with `Cache-Control: no-cache`, or some minutes; give files a hash in their name and `max-age=31536000, immutable`.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refCache, {Source: "RFC", ID: "9111 section 5.2.2"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachPage("is asked for again within a day", judgeCacheAssets),
}

func judgeCacheAssets(_ *lr.Trial, p page) (lr.Severity, string) {
	d := directives(p.x)
	if _, never := d["no-store"]; never {
		return 0, ""
	}
	if _, ask := d["no-cache"]; ask {
		return 0, ""
	}
	if n, err := strconv.Atoi(d["max-age"]); err == nil && n > 86400 {
		return 0, fmt.Sprintf("is a page that browsers keep for %d days without asking", n/86400)
	}
	return 0, ""
}
