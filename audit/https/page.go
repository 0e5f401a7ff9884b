package https

import (
	"bytes"
	"context"
	"net/url"
	"strings"

	"golang.org/x/net/html"

	lr "github.com/launchready/launchready"
)

// page is an answer that a browser shows, at a name of the domain.
type page struct {
	subject string
	x       *lr.Exchange
}

// pages are those that anybody gets at the root of each name, and those that a user
// gets of the API's routes.
func pages(ctx context.Context, t *lr.Trial) ([]page, error) {
	return lr.Recall(ctx, t.Memo, "https pages", func(ctx context.Context) ([]page, error) {
		all, err := places(ctx, t)
		if err != nil {
			return nil, err
		}
		var out []page
		seen := map[string]bool{}
		for _, p := range all {
			x := p.page.last()
			if x == nil || x.Status != 200 || !markup(x) || seen[x.URL] {
				continue
			}
			u, err := url.Parse(x.URL)
			if err != nil {
				continue
			}
			seen[x.URL] = true
			out = append(out, page{u.Hostname() + u.Path, x})
		}
		more, err := gates(ctx, t)
		if err != nil {
			return nil, err
		}
		for _, f := range more {
			for _, v := range f.views {
				if markup(v.x) {
					out = append(out, page{v.subject(f), v.x})
				}
			}
		}
		return out, nil
	})
}

// eachPage judges each page: "" is right, else what is wrong.
func eachPage(right string, judge func(t *lr.Trial, p page) (lr.Severity, string)) func(context.Context, *lr.Trial) error {
	return func(ctx context.Context, t *lr.Trial) error {
		all, err := pages(ctx, t)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			t.NotApplicable("no name of the domain shows a page")
			return nil
		}
		for _, p := range all {
			severity, wrong := judge(t, p)
			if wrong == "" {
				t.Pass(lr.Seen(p.x), p.subject, "%s", right)
				continue
			}
			t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: p.subject, Message: wrong, Evidence: lr.Seen(p.x), Severity: severity})
		}
		return nil
	}
}

// policies are the directives of the Content-Security-Policy of a page, each with
// its sources; of two policies the stricter counts, which is where one is set.
func policies(x *lr.Exchange) map[string][]string {
	out := map[string][]string{}
	for _, line := range x.Header.Values("Content-Security-Policy") {
		for policy := range strings.SplitSeq(line, ",") {
			for d := range strings.SplitSeq(policy, ";") {
				words := strings.Fields(strings.ToLower(d))
				if len(words) == 0 {
					continue
				}
				if old, has := out[words[0]]; !has || len(words)-1 < len(old) {
					out[words[0]] = words[1:]
				}
			}
		}
	}
	return out
}

// element is what a page loads or sends to.
type element struct {
	name, attribute string
	to              *url.URL
	integrity       bool
}

// elements lists what a page loads: scripts, styles, frames, pictures, and where
// its forms go. Links that a reader follows are none.
func elements(x *lr.Exchange) []element {
	base, err := url.Parse(x.URL)
	if err != nil {
		return nil
	}
	var out []element
	z := html.NewTokenizer(bytes.NewReader(x.Body))
	z.SetMaxBuf(maxPage)
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return out
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		tok := z.Token()
		attributes := map[string]string{}
		for _, a := range tok.Attr {
			attributes[strings.ToLower(a.Key)] = a.Val
		}
		name := strings.ToLower(tok.Data)
		at := "src"
		switch name {
		case "script", "iframe", "img", "audio", "video", "source", "embed":
		case "link":
			if rel := strings.ToLower(attributes["rel"]); !strings.Contains(rel, "stylesheet") && !strings.Contains(rel, "preload") && !strings.Contains(rel, "icon") {
				continue
			}
			at = "href"
		case "object":
			at = "data"
		case "form":
			at = "action"
		default:
			continue
		}
		if attributes[at] == "" {
			continue
		}
		if to, err := base.Parse(strings.TrimSpace(attributes[at])); err == nil {
			out = append(out, element{name, at, to, attributes["integrity"] != ""})
		}
	}
}
