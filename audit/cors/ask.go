package cors

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

// ask sends what a browser would for a script on a page of the origin: the read
// itself with the user's cookies, or the preflight of a change. "" asks as a
// page of the target. Each question goes out once in a run.
func (c *class) ask(ctx context.Context, t *lr.Trial, page string) (*lr.Exchange, error) {
	if c.writes {
		return c.preflight(ctx, t, page, c.probe.Route.Method)
	}
	return lr.Recall(ctx, t.Memo, "cors ask\x00"+c.String()+"\x00"+page, func(ctx context.Context) (*lr.Exchange, error) {
		s, err := signedIn(ctx, t)
		if err != nil {
			return nil, err
		}
		r, err := request(ctx, t, c.probe)
		if err != nil {
			return nil, err
		}
		if s != nil {
			cookies := s.from(page, r.Path, t.Target.Base)
			if len(cookies) == 0 || page == "" {
				cookies = s.all() // to see the policy; what a browser sends is judged apart
			}
			r.Credential = &lr.Credential{Cookie: cookies}
		}
		r.Note = "read by a page of the target"
		if page != "" {
			r.Note = "read by a page of " + page
			dress(r, page, t.Target.Base)
		}
		x, err := t.HTTP.Do(ctx, c.probe.Victim, r)
		return short(x), err
	})
}

// preflight asks whether a page of the origin may send the method with header
// fields of its own. All that checks want to know is in one question.
func (c *class) preflight(ctx context.Context, t *lr.Trial, page, method string) (*lr.Exchange, error) {
	return lr.Recall(ctx, t.Memo, "cors preflight\x00"+c.String()+"\x00"+page+"\x00"+method, func(ctx context.Context) (*lr.Exchange, error) {
		r, err := t.Stage.Request(ctx, c.probe.Route, c.probe.Object, c.probe.Victim)
		if err != nil {
			return nil, err
		}
		// A preflight has no credential and no body (Fetch, 4.8, step 1).
		r.Method, r.Body, r.Header, r.Credential = "OPTIONS", nil, nil, &lr.Credential{}
		r.Note = "preflight of a page of " + page
		dress(r, page, t.Target.Base)
		r.SetHeader("Access-Control-Request-Method", method)
		r.SetHeader("Access-Control-Request-Headers", strings.Join(askedFields, ","))
		r.SetHeader("Access-Control-Request-Private-Network", "true")
		x, err := t.HTTP.Do(ctx, nil, r)
		return short(x), err
	})
}

// madeUpField is a header field that no application knows; the preflight asks
// for it beside one that every API takes, in the form of Fetch, 4.8, step 5.
const madeUpField = "x-launchready-made-up"

var askedFields = []string{"content-type", madeUpField}

// madeUpMethod is a token that no application has for a method.
const madeUpMethod = "LAUNCHREADY"

// dress puts the fields on that a browser sends from a page (Fetch Metadata).
func dress(r *lr.Request, page string, base *url.URL) {
	r.SetHeader("Origin", page)
	r.SetHeader("Sec-Fetch-Mode", "cors")
	r.SetHeader("Sec-Fetch-Dest", "empty")
	site := "cross-site"
	if page == base.Scheme+"://"+base.Host {
		site = "same-origin"
	} else if sameSite(page, base) {
		site = "same-site"
	}
	r.SetHeader("Sec-Fetch-Site", site)
}

// short is the exchange as it may be kept to the end of the run.
func short(x *lr.Exchange) *lr.Exchange {
	if x == nil || len(x.Body) <= keptBytes {
		return x
	}
	y := *x
	y.Body, y.Truncated = append([]byte(nil), x.Body[:keptBytes]...), true
	return &y
}

// busy reports an answer that says nothing about the policy.
func busy(x *lr.Exchange) bool {
	switch x.Status {
	case 429, 502, 503, 504:
		return true
	}
	return false
}

// unasked leaves a class open whose question could not be asked.
func unasked(ctx context.Context, t *lr.Trial, c *class, x *lr.Exchange, err error) error {
	switch {
	case err != nil && ended(ctx, err) != nil:
		return err
	case err != nil:
		t.Unknown(c.String(), "%v", err)
	default:
		t.Unknown(c.String(), "answered %d: the target was busy, and said nothing of its policy", x.Status)
	}
	return nil
}

// address is where a browser asks for the path.
func address(base *url.URL, path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	return base.Scheme + "://" + base.Host + strings.TrimSuffix(base.EscapedPath(), "/") + path
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
