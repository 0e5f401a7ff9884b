package signin

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	lr "github.com/launchready/launchready"
)

// form is the sign-in form of a page.
type form struct {
	action   string
	fields   url.Values // hidden and preset fields
	user     string     // names of the inputs
	password string
	csrf     string // a token in a meta element, as single pages carry it
}

// formRequest fetches the page and fills its form.
func (c *Cast) formRequest(ctx context.Context, s *session) (*lr.Request, error) {
	page := s.m.Page
	if page == "" {
		_, page, _ = splitRequest(s.m.Request)
	}
	x, err := c.o.HTTP.Private(ctx, s.account, &lr.Request{Method: http.MethodGet, Path: page, Note: "sign-in page",
		Header: http.Header{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.5"}}})
	if err != nil {
		return nil, err
	}
	if !x.OK() {
		return nil, c.refusal(x, "it should be the sign-in page")
	}
	f, ok := readForm(x.Body)
	if !ok && s.m.Request == "" {
		return nil, fmt.Errorf("%w: %s shows no form with a password field", errRefused, asked(x))
	}
	return s.fillForm(f, page, cookies(x.Header, c.o.Now()))
}

func (s *session) fillForm(f form, page string, cs map[string]string) (*lr.Request, error) {
	method, path := http.MethodPost, page
	if f.action != "" {
		base, err := url.Parse("http://target.invalid" + plain(page))
		if err != nil {
			return nil, fmt.Errorf("sign-in page %q: %w", page, err)
		}
		to, err := base.Parse(f.action)
		if err != nil {
			return nil, fmt.Errorf("sign-in form: its action is no URL: %w", err)
		}
		path = to.String()
		if to.Host == base.Host {
			path = to.RequestURI()
		}
	}
	if s.m.Request != "" {
		method, path, _ = splitRequest(s.m.Request)
	}
	v := s.vars(lr.Secret{}, lr.Secret{})
	fields := f.fields
	if fields == nil {
		fields = url.Values{}
	}
	if f.user != "" {
		fields.Set(f.user, s.id.User)
	}
	if f.password != "" {
		fields.Set(f.password, s.id.Password.Reveal())
	}
	for name, val := range s.m.Form {
		filled, err := v.fill(val, nil)
		if err != nil {
			return nil, err
		}
		fields.Set(name, filled)
	}
	r := &lr.Request{Method: method, Path: path, Header: http.Header{"Accept": {"text/html,application/json;q=0.9,*/*;q=0.5"}}}
	setForm(r, fields)
	if f.csrf != "" {
		r.SetHeader("X-CSRF-Token", f.csrf)
	}
	if len(cs) > 0 {
		cred := lr.Credential{Cookie: map[string]lr.Secret{}}
		for k, val := range cs {
			cred.Cookie[k] = lr.NewSecret(val)
		}
		r.Credential = &cred
	}
	for k, val := range s.m.Header {
		filled, err := v.fill(val, nil)
		if err != nil {
			return nil, err
		}
		r.SetHeader(k, filled)
	}
	return r, nil
}

// readForm finds the form that has a password field.
func readForm(page []byte) (form, bool) {
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return form{}, false
	}
	var out form
	found := false
	csrf := ""
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.DataAtom {
		case atom.Meta:
			if name := attr(n, "name"); name == "csrf-token" || name == "_csrf" {
				csrf = attr(n, "content")
			}
		case atom.Form:
			if f := inputs(n); f.password != "" && !found {
				out, found = f, true
			}
		}
	}
	out.csrf = csrf
	return out, found
}

func inputs(n *html.Node) form {
	f := form{action: attr(n, "action"), fields: url.Values{}}
	for d := range n.Descendants() {
		if d.Type != html.ElementNode || d.DataAtom != atom.Input {
			continue
		}
		name := attr(d, "name")
		if name == "" {
			continue
		}
		switch kind := strings.ToLower(attr(d, "type")); kind {
		case "password":
			if f.password == "" {
				f.password = name
			}
		case "", "text", "email", "tel":
			if f.user == "" {
				f.user = name
			}
		case "hidden":
			f.fields.Add(name, attr(d, "value"))
		}
	}
	return f
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if strings.EqualFold(a.Key, name) {
			return a.Val
		}
	}
	return ""
}

// askedAgain reports a page with a sign-in form where a session was hoped for.
func askedAgain(body []byte) bool {
	if !bytes.Contains(bytes.ToLower(body), []byte("<form")) {
		return false
	}
	_, ok := readForm(body)
	return ok
}

// backToPage reports a redirect to the page of the form.
func backToPage(x *lr.Exchange, page string) bool {
	to, err := url.Parse(x.Header.Get("Location"))
	return err == nil && page != "" && strings.TrimSuffix(to.Path, "/") == strings.TrimSuffix(plain(page), "/")
}
