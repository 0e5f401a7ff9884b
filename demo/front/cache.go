package front

import (
	"bytes"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// cache keeps answers as a CDN does, by what their Cache-Control says: RFC 9111.
type cache struct {
	now   func() time.Time
	flaws func(string) bool
	mu    sync.Mutex
	kept  map[string]kept
}

type kept struct {
	header      http.Header
	status      int
	body        []byte
	stored, end time.Time
	vary        []string // "Accept-Language: de", as the request had it
}

// Bounds of what is kept.
const (
	maxKept = 2000
	maxBody = 1 << 20
)

func newCache(now func() time.Time, flaws func(string) bool) *cache {
	return &cache{now: now, flaws: flaws, kept: map[string]kept{}}
}

// everything is the rule of a developer who wanted the start page to be fast.
func (c *cache) everything(r *http.Request) bool {
	if c.flaws("https/cache-tenant") && r.URL.Path == "/v1/dashboard" {
		return true
	}
	return c.flaws("https/cache-deception") && static(r.URL.Path)
}

func static(p string) bool {
	switch path.Ext(p) {
	case ".css", ".js", ".png", ".jpg", ".svg", ".ico", ".woff2":
		return true
	}
	return false
}

func (c *cache) serve(w http.ResponseWriter, r *http.Request, origin http.Handler) {
	key := r.Host + r.URL.RequestURI()
	if r.Method == http.MethodGet {
		c.mu.Lock()
		k, ok := c.kept[key]
		c.mu.Unlock()
		if ok && c.now().Before(k.end) && matches(k.vary, r) {
			for name, v := range k.header {
				w.Header()[name] = v
			}
			w.Header().Set("Age", strconv.Itoa(int(c.now().Sub(k.stored)/time.Second)+1))
			w.Header().Set("X-Cache", "HIT")
			w.WriteHeader(k.status)
			_, _ = w.Write(k.body) // the reader may have gone
			return
		}
	}
	asked := r.Clone(r.Context())
	rec := &tee{ResponseWriter: w, status: http.StatusOK}
	origin.ServeHTTP(rec, r)
	if r.Method != http.MethodGet || rec.long {
		return
	}
	life := c.life(asked, rec)
	if life <= 0 {
		return
	}
	now, vary := c.now(), varied(w.Header(), asked)
	if c.everything(asked) {
		vary = nil // the rule looks at the address alone
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= maxKept {
		clear(c.kept)
	}
	c.kept[key] = kept{w.Header().Clone(), rec.status, rec.body.Bytes(), now, now.Add(life), vary}
}

// life is how long an answer may be kept, 0 for not at all.
func (c *cache) life(r *http.Request, rec *tee) time.Duration {
	d := directives(rec.Header().Get("Cache-Control"))
	_, private := d["private"]
	_, never := d["no-store"]
	_, stale := d["no-cache"]
	_, public := d["public"]
	shared, explicit := d["s-maxage"]
	if private || never || stale || rec.Header().Get("Vary") == "*" || rec.Header().Get("Set-Cookie") != "" {
		return 0
	}
	if c.everything(r) && rec.status == http.StatusOK {
		return time.Minute // whatever says nothing against it
	}
	if (r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "") && !public && !explicit {
		return 0 // RFC 9111 section 3.5
	}
	age := d["max-age"]
	if explicit {
		age = shared
	}
	n, err := strconv.Atoi(age)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

func directives(s string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(strings.ToLower(s), ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		out[name] = strings.Trim(v, `"`)
	}
	return out
}

func varied(h http.Header, r *http.Request) []string {
	var out []string
	for _, line := range h.Values("Vary") {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			out = append(out, name+": "+r.Header.Get(name))
		}
	}
	return out
}

func matches(vary []string, r *http.Request) bool {
	for _, v := range vary {
		name, value, _ := strings.Cut(v, ": ")
		if r.Header.Get(name) != value {
			return false
		}
	}
	return true
}

// tee sends an answer on and keeps a copy of what is short enough.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	long   bool
}

func (t *tee) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(p []byte) (int, error) {
	if t.body.Len()+len(p) > maxBody {
		t.long = true
	} else {
		t.body.Write(p)
	}
	return t.ResponseWriter.Write(p) //nolint:wrapcheck // it is the connection's own
}

// Unwrap lets http.ResponseController reach the connection.
func (t *tee) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// Flush sends what is written so far.
func (t *tee) Flush() { _ = http.NewResponseController(t.ResponseWriter).Flush() } // best effort
