// Package surface learns what operations a target offers: from an OpenAPI
// description (2.0, 3.0, 3.1), a Postman collection (2.0, 2.1), a recording of a
// session (HAR), a plain list of "METHOD /path" lines, and from what the running
// target tells by itself. It then infers which route
// makes the objects whose keys another route needs.
//
// Descriptions lie and are broken more often than not, so the reader works on
// decoded maps and repairs what it can with a warning. It refuses only what
// holds no route at all.
package surface

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface/har"
	"github.com/launchready/launchready/surface/postman"
)

// DefaultMaxBytes bounds a description and everything that it refers to.
const DefaultMaxBytes = 64 << 20

// ErrNoRoutes says that the input was understood and names no operation.
var ErrNoRoutes = errors.New("surface: no routes")

// Source says where a description is and what may be fetched to read it.
type Source struct {
	// Location is a file path or an http(s) URL.
	Location string
	// Fetch gets a URL; nil means that only files can be read. It is asked for
	// Location itself and for references to other documents, and only for hosts
	// in Hosts, the host of Location and the host of Base.
	Fetch func(ctx context.Context, url string) ([]byte, error)
	// Hosts names further hosts, "host" or "host:port", that references may lead to.
	Hosts []string
	// Base is the target's base URL. Server paths of the description are joined
	// into the routes' paths as far as Base does not hold them already.
	Base *url.URL
	// MaxBytes bounds the sum of all documents; 0 means DefaultMaxBytes.
	MaxBytes int64
}

// Surface is what a description tells of a target.
type Surface struct {
	Routes   []*lr.Route
	Title    string
	Format   string   // "OpenAPI 3.1.0", "Swagger 2.0", "Postman 2.1 collection", "HAR 1.2", "route list"
	Location string   // where it was read; "" where the reader did not say
	BasePath string   // what was joined in front of the paths; "" when nothing was
	Servers  []string // as the description names them
	// Schemes are the security schemes by the name that the description gives them.
	Schemes  map[string]Scheme
	Warnings []string // what was repaired or left out, in plain words
}

// Scheme is a declared way to carry a credential.
type Scheme struct {
	Type     string // "http", "apiKey", "oauth2", "openIdConnect"; Swagger's "basic" is told as http
	Scheme   string // "bearer", "basic" where Type is http
	In       string // "header", "query", "cookie" where Type is apiKey
	Name     string // of the header, parameter or cookie where Type is apiKey
	Format   string // bearerFormat
	TokenURL string // of the first OAuth 2 flow that has one
	Flows    []string
	Missing  bool // used by an operation and declared nowhere
}

// way is how the scheme carries a credential, in the words of lr.Route.Takes.
func (s Scheme) way() string {
	switch {
	case s.Type == "apiKey" && s.In != "" && s.Name != "":
		return s.In + " " + s.Name
	case s.Type == "http" && s.Scheme != "":
		return s.Scheme
	case s.Type == "oauth2" || s.Type == "openIdConnect":
		return "bearer" // RFC 6750, 2.1
	}
	return "unknown"
}

// Load reads the description at the source, whatever its format, and links its
// routes.
func Load(ctx context.Context, src Source) (*Surface, error) {
	// A recording may be larger than memory, so it is told by its beginning.
	if f, err := openRecording(src.Location); err != nil {
		return nil, fmt.Errorf("read %s: %w", src.Location, err)
	} else if f != nil {
		defer f.Close()
		return Recording(ctx, f, src)
	}
	l := newLoader(ctx, src)
	data, err := l.read(src.Location)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", src.Location, err)
	}
	return load(l, data)
}

// OpenAPI reads a description from memory. References to other documents are
// resolved against src.Location.
func OpenAPI(ctx context.Context, data []byte, src Source) (*Surface, error) {
	l := newLoader(ctx, src)
	l.left -= int64(len(data))
	return loadOpenAPI(l, data)
}

func load(l *loader, data []byte) (*Surface, error) {
	switch what := detect(data); what {
	case "openapi":
		return loadOpenAPI(l, data)
	case "har":
		return Recording(l.ctx, bytes.NewReader(data), l.src)
	case "postman":
		return loadCollection(l, data)
	case "routes":
		return RouteList(data, l.src)
	case "":
		return nil, fmt.Errorf("%s: neither an OpenAPI description, a Postman collection, a HAR recording nor a list of \"METHOD /path\" lines", l.src.Location)
	default:
		return nil, fmt.Errorf("%s: this is %s, not an OpenAPI description or a list of routes", l.src.Location, what)
	}
}

// loadCollection reads what looks like something of Postman's, with the
// environment beside it.
func loadCollection(l *loader, data []byte) (*Surface, error) {
	root, err := postman.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", l.src.Location, err)
	}
	if postman.Kind(root) == "" {
		return loadOpenAPI(l, data)
	}
	var env *postman.Environment
	near := environmentNear(l.src.Location)
	if near != "" && postman.Kind(root) == "collection" {
		text, err := l.read(near)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", near, err)
		}
		if env, err = postman.ParseEnvironment(text); err != nil {
			return nil, fmt.Errorf("%s: %w", near, err)
		}
	}
	return Collection(root, env, l.src)
}

// detect tells a format by content: file names lie.
func detect(data []byte) string {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, bom))
	if len(data) == 0 {
		return "empty"
	}
	if data[0] == '<' {
		return "a web page"
	}
	if data[0] == '{' || data[0] == '[' {
		switch head := data[:min(len(data), 1<<20)]; {
		case har.Looks(head):
			return "har"
		case !bytes.Contains(head, []byte(`"openapi"`)) && !bytes.Contains(head, []byte(`"swagger"`)) &&
			(bytes.Contains(head, []byte("postman")) || bytes.Contains(head, []byte(`"item"`)) || bytes.Contains(head, []byte(`"requests"`))):
			return "postman"
		}
		return "openapi"
	}
	sample := string(data[:min(len(data), 1<<20)])
	routes := 0
	for line := range strings.Lines(sample) {
		t := strings.TrimSpace(line)
		switch {
		case t == "" || strings.HasPrefix(t, "#"):
			continue
		case !strings.HasPrefix(line, " ") && specKey(t):
			return "openapi"
		case looksLikeRoute(t):
			routes++
		}
		if routes > 3 {
			break
		}
	}
	if routes > 0 {
		return "routes"
	}
	if strings.Contains(sample, ":") {
		return "openapi" // broken YAML is reported with its line
	}
	return ""
}

// specKey reports a line that begins a member of a description's root.
func specKey(line string) bool {
	for _, k := range []string{"openapi", "swagger", "paths", "info"} {
		rest := strings.TrimLeft(line, `"'`)
		if rest, ok := strings.CutPrefix(rest, k); ok && strings.HasPrefix(strings.TrimLeft(rest, `"' `), ":") {
			return true
		}
	}
	return false
}
