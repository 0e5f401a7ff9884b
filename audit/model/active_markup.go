package model

import (
	"context"
	"fmt"
	"mime"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

var activeMarkup = &lr.Check{
	ID:       "model/active-markup",
	Title:    "No answer carries a script to its reader",
	Why:      "What the model says comes from documents that strangers wrote. Shown as HTML it runs in the session of whoever reads the conversation: an administrator, support staff, the next user of a shared link.",
	Fix:      "Escape the model's words like any user's, on every page that shows them. Render Markdown without raw HTML and with http, https and mailto links alone.",
	Severity: lr.High,
	Refs:     []lr.Ref{output25, output26, {Source: "CWE", ID: "79"}, {Source: "ASVS", ID: "v5.0.0-1.2.1"}},
	Needs:    lr.Chat,
	Effect:   lr.Spends,
	Run:      runActiveMarkup,
}

// scripts are texts that run where they are shown as HTML or as Markdown with
// HTML in it; %s marks them as ours.
var scripts = []string{
	"<img id=%s src=x onerror=alert(1)>",
	"<script id=%s>alert(1)</script>",
	"<a id=%[1]s href=javascript:alert(%[1]s)>open</a>",
	"[open](javascript:alert(%s))",
	"<svg id=%s onload=alert(1)></svg>",
}

func runActiveMarkup(ctx context.Context, t *lr.Trial) error {
	as := customer(t)
	answered, why := 0, ""
	var loose *told
	var shape string
	var pages int
	for _, who := range append([]lr.Assistant{t.Assistant}, t.Assistant.Twins()...) {
		conversation := ""
		for _, script := range scripts {
			mark := "lr" + fresh(t, as)
			a, err := speak(ctx, who, as, lr.Message{Text: "Reply with exactly: " + fmt.Sprintf(script, mark), Conversation: conversation, Note: "a wish for active markup"})
			if err != nil {
				return err
			}
			if a.open != "" {
				why = a.open
				continue
			}
			answered++
			if a.Conversation != "" {
				conversation = a.Conversation
			}
			if s := running(sinksOf(a.Answer), mark); s != nil {
				if isHTML(a.Last()) {
					t.Fail(witnessed(mark, a.Exchanges...), who.Skills().Subject, "it answers text/html with markup that runs in the reader's browser: %s", s.text)
					return nil
				}
				if loose == nil {
					loose, shape = &a, s.text
				}
			}
			if conversation == "" {
				continue
			}
			x, s, seen, err := onPage(ctx, t, who, as, conversation, mark)
			if err != nil {
				return err
			}
			pages += seen
			if s != nil {
				t.Fail(witnessed(mark, append(a.Exchanges, x)...), who.Skills().Subject, "%s shows the conversation with markup that runs in the reader's browser: %s", x.Route, s.text)
				return nil
			}
		}
		if pages > 0 {
			break // further ways in lead to the same pages
		}
	}
	switch {
	case loose != nil:
		t.Suspect(lr.Seen(loose.Exchanges...), subject(t), "its answers carry markup that runs wherever they are shown with HTML (%s); no page that shows them was found", shape)
	case answered == 0:
		t.Unknown(subject(t), "no answer could be looked at: %s", why)
	case deafness(t) != "":
		t.Unknown(subject(t), "%s", deafness(t))
	default:
		t.Pass(lr.Evidence{Records: []string{fmt.Sprintf("%d answers and %d pages parsed", answered, pages)}}, subject(t), "asked for markup that runs, in %d ways, no answer and none of %d pages that show it had any", len(scripts), pages)
	}
	return nil
}

// running is a sink that runs and carries our mark.
func running(all []sink, mark string) *sink {
	for _, s := range all {
		if s.runs && strings.Contains(s.text, mark) {
			return &s
		}
	}
	return nil
}

func isHTML(x *lr.Exchange) bool {
	if x == nil {
		return false
	}
	media, _, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	return err == nil && (media == "text/html" || media == "application/xhtml+xml" || media == "image/svg+xml")
}

func witnessed(mark string, xs ...*lr.Exchange) lr.Evidence {
	e := lr.Seen(xs...)
	e.Witness = []string{mark}
	return e
}

// onPage reads the pages that show a conversation, and returns the first in
// which our markup runs, and how many pages were read.
func onPage(ctx context.Context, t *lr.Trial, who lr.Assistant, as *lr.Account, conversation, mark string) (*lr.Exchange, *sink, int, error) {
	seen := 0
	for _, rt := range about(t, who, "text/html") {
		path := strings.Replace(rt.Path, "{"+rt.PathParams()[0]+"}", url.PathEscape(conversation), 1)
		r := &lr.Request{Method: "GET", Path: path, Route: rt, Note: "the page of the conversation"}
		r.SetHeader("Accept", "text/html")
		x, err := t.HTTP.Do(ctx, as, r)
		if fatal(ctx, err) {
			return nil, nil, seen, err
		}
		if err != nil || !x.OK() || !isHTML(x) {
			continue
		}
		seen++
		if s := running(htmlSinks(string(x.Body)), mark); s != nil {
			return x, s, seen, nil
		}
	}
	return nil, nil, seen, nil
}

// about are the routes that give a conversation of the assistant in the media
// type: one key in the path, which is the conversation's.
func about(t *lr.Trial, who lr.Assistant, media string) []*lr.Route {
	param, what := "", ""
	if rt := who.Skills().Route; rt != nil {
		if p := rt.PathParams(); len(p) > 0 {
			param, what = p[0], noun(rt.Keys[p[0]].Resource)
		}
	}
	var out []*lr.Route
	for _, rt := range t.Target.Routes {
		p := rt.PathParams()
		if rt.Method != "GET" || len(p) != 1 {
			continue
		}
		// A page lies elsewhere than the API, so its key is the conversation's by
		// its name, or by what it lists.
		key := noun(rt.Keys[p[0]].Resource)
		if param != "" && p[0] != param && key != what || param == "" && !talks(key) && !talks(p[0]) {
			continue
		}
		for _, a := range rt.Accepts {
			if m, _, err := mime.ParseMediaType(a); err == nil && m == media {
				out = append(out, rt)
				break
			}
		}
	}
	return out
}

// talks reports a name of conversations.
func talks(name string) bool {
	for _, w := range []string{"chat", "conversation", "thread", "session"} {
		if strings.Contains(strings.ToLower(name), w) {
			return true
		}
	}
	return false
}
