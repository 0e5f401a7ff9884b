package input

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// drop is a route that takes files, with its own form around them.
type drop struct {
	door
	field string // that holds the file
	rest  []part // what else the form has
	gets  []*lr.Route
}

type part struct{ name, value string }

// dropsOf lists the routes that take files and whose files the run takes away.
func dropsOf(ctx context.Context, t *lr.Trial) []*drop {
	var out []*drop
	for _, rt := range t.Target.Routes {
		if !rt.Declared || rt.Method != "POST" && rt.Method != "PUT" || risky(rt) || len(out) == 4 {
			continue
		}
		if rt.Kind != lr.Upload && (rt.Kind != lr.Create || rt.Body == nil || !strings.Contains(rt.Body.Type, "multipart")) {
			continue
		}
		d := &drop{door: door{route: rt, as: oracle.Caller(t, rt)}}
		if d.as == nil || !removable(t, rt) && !t.Target.Mutate {
			continue
		}
		// The path of an upload names what it goes into, never the file.
		d.object = objectOf(t, &lr.Route{Method: rt.Method, Path: rt.Path, Kind: lr.Create, Resource: rt.Resource, Keys: rt.Keys}, d.as)
		var err error
		if d.base, err = t.Stage.Request(ctx, rt, d.object, d.as); err != nil || !d.form() {
			continue
		}
		for _, g := range t.Target.Routes {
			if names := g.PathParams(); g.Method == "GET" && len(names) > 0 && len(d.gets) < 5 && g.Kind != lr.Stream && g.Kind != lr.WebSocket && g.Keys[names[len(names)-1]].Resource == rt.Resource {
				d.gets = append(d.gets, g)
			}
		}
		out = append(out, d)
	}
	return out
}

// form reads the form that the stage would send.
func (d *drop) form() bool {
	_, params, err := mime.ParseMediaType(http.Header(d.base.Header).Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return false
	}
	rd := multipart.NewReader(bytes.NewReader(d.base.Body), params["boundary"])
	for {
		p, err := rd.NextPart()
		if errors.Is(err, io.EOF) {
			return d.field != ""
		}
		if err != nil {
			return false
		}
		b, err := io.ReadAll(io.LimitReader(p, 1<<20))
		switch {
		case err != nil:
			return false
		case p.FileName() != "" && d.field == "":
			d.field = p.FormName()
		case p.FileName() == "":
			d.rest = append(d.rest, part{p.FormName(), string(b)})
		}
	}
}

// escaped is a name as a browser writes it into the form (RFC 7578, 4.2; HTML,
// multipart/form-data encoding).
var escaped = strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A")

// put uploads a file under exactly this name and type.
func (d *drop) put(ctx context.Context, t *lr.Trial, n *tries, f lr.File, note string) (*lr.Exchange, error) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for _, p := range d.rest {
		if err := w.WriteField(p.name, p.value); err != nil {
			return nil, fmt.Errorf("write the form of %s: %w", d.route, err)
		}
	}
	h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"; filename="%s"`, escaped.Replace(d.field), escaped.Replace(f.Name))}}
	if f.Type != "" {
		h.Set("Content-Type", f.Type)
	}
	body, err := w.CreatePart(h)
	if err == nil {
		_, err = body.Write(f.Data)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("write the form of %s: %w", d.route, err)
	}
	r := d.base.Clone()
	r.Body = buf.Bytes()
	r.SetHeader("Content-Type", w.FormDataContentType())
	return n.send(ctx, t, &d.door, r, note)
}

// served lists the replies in which the file comes back: by the routes that its
// key fills, by addresses in the answer, and by links that a POST makes for it.
func (d *drop) served(ctx context.Context, t *lr.Trial, x *lr.Exchange) ([]*lr.Exchange, error) {
	o := madeBy(&d.door, x)
	var out []*lr.Exchange
	get := func(as *lr.Account, r *lr.Request, note string) (*lr.Exchange, error) {
		r.Note = note
		y, err := t.HTTP.Do(ctx, as, r)
		if err != nil {
			return nil, ended(ctx, err)
		}
		out = append(out, y)
		return y, nil
	}
	links := addresses(x, t.Target.Base)
	if o != nil {
		for _, rt := range d.gets {
			r, err := t.Stage.Request(ctx, rt, o, d.as)
			if err != nil {
				continue
			}
			r.SetHeader("Accept", "text/html, image/*, */*")
			if y, err := get(d.as, r, "the file, as it comes back"); err != nil {
				return out, err
			} else if y != nil {
				links = append(links, addresses(y, t.Target.Base)...)
			}
		}
	}
	slices.Sort(links)
	links = slices.Compact(links)
	for _, link := range links[:min(len(links), 4)] {
		if _, err := get(nil, &lr.Request{Method: "GET", Path: link, Header: http.Header{"Accept": {"*/*"}}}, "the file, by the address in the answer"); err != nil {
			return out, err
		}
	}
	return out, nil
}

// addresses lists the paths on the target's own host that a JSON reply names.
func addresses(x *lr.Exchange, base *url.URL) []string {
	var v any
	if json.Unmarshal(x.Body, &v) != nil {
		return nil
	}
	var out []string
	var walk func(string, any, int)
	walk = func(name string, v any, depth int) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				if depth < 4 {
					walk(k, e, depth+1)
				}
			}
		case string:
			u, err := url.Parse(v)
			if err != nil || !urlName(name) || len(v) > 2000 || !strings.HasPrefix(u.Path, "/") || u.Host != "" && u.Host != base.Host || risky(&lr.Route{Method: "GET", Path: u.Path}) {
				return // elsewhere, or a deed
			}
			out = append(out, u.RequestURI())
		}
	}
	walk("", v, 0)
	return out
}

// bytesOf returns the reply that gives the file's own bytes back, nil when none.
func bytesOf(xs []*lr.Exchange, data []byte) *lr.Exchange {
	for _, x := range xs {
		if x.OK() && bytes.Contains(x.Body, data) {
			return x
		}
	}
	return nil
}

// eachDrop asks every route that takes files. The plain file comes first: where
// it is refused, the refusal of another says nothing.
func eachDrop(ctx context.Context, t *lr.Trial, ask func(context.Context, *drop, *tries) (*hit, string, error)) error {
	drops := dropsOf(ctx, t)
	if len(drops) == 0 {
		t.NotApplicable("no route takes files")
		return nil
	}
	for _, d := range drops {
		n := &tries{}
		x, err := d.put(ctx, t, n, plainFile(t), "a plain file")
		if over := ended(ctx, err); over != nil {
			return over
		}
		if err != nil || !x.OK() {
			t.Unknown(d.String(), "it takes no plain text file from us, so a refusal of others says nothing")
			continue
		}
		h, say, err := ask(ctx, d, n)
		switch {
		case ended(ctx, err) != nil:
			return err
		case h != nil:
			h.report(t, d.String())
		case err != nil:
			t.Unknown(d.String(), "%s", err)
		case n.busy > 0:
			t.Unknown(d.String(), "%s", errBusy)
		case say == "":
			t.NotApplicable("%s takes files of every kind, and what comes back is judged by input/upload-inline and input/upload-script", d)
		default:
			t.Pass(lr.Seen(n.last), d.String(), "%s", say)
		}
	}
	return nil
}

func plainFile(t *lr.Trial) lr.File {
	w := word(t)
	return lr.File{Name: "launchready-" + w[:10] + ".txt", Type: "text/plain", Data: []byte("Launch Ready test file " + w + "\n")}
}

// runsIn says how a browser runs the reply, or "" when it does not: as a page or
// a picture with scripts, shown and not saved, on the application's own origin.
func runsIn(x *lr.Exchange) string {
	if !x.OK() || attached(x) || holdsScripts(x) {
		return ""
	}
	media, _, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	switch {
	case err != nil || media == "":
		// Without a type a browser looks at the first bytes, unless it is told not to (WHATWG MIME Sniffing, 7).
		if strings.EqualFold(x.Header.Get("X-Content-Type-Options"), "nosniff") || !strings.HasPrefix(http.DetectContentType(x.Body), "text/html") {
			return ""
		}
		return "without a type, so that a browser guesses HTML"
	case media == "text/html", media == "application/xhtml+xml", media == "image/svg+xml", media == "text/xml", media == "application/xml":
		return "as " + media
	}
	return ""
}

// gravityOf is less where a page must send a header with the request: an address
// that is followed does not.
func gravityOf(x *lr.Exchange, as *lr.Account) lr.Severity {
	if x.As == "anonymous" || as == nil || len(as.Credential.Cookie) > 0 {
		return lr.High
	}
	return lr.Medium
}
