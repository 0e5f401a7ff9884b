package input

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// FuzzReplies reads whatever a target sends: nothing panics, and what is read off
// it stands in it.
func FuzzReplies(f *testing.F) {
	for _, seed := range []string{`{"data":[{"id":"x","url":"/f?a=1"}]}`, "a,b\n=1+1&w,x\n", `<b id="x7">`, "\xff\x00{[", `[[[[`, "\ufeffa;b\n\"", `{"url":"//other.test/x"}`} {
		f.Add(seed, "text/html; charset=utf-8")
	}
	base := &url.URL{Scheme: "http", Host: "app.test"}
	f.Fuzz(func(t *testing.T, body, media string) {
		x := &lr.Exchange{Status: 201, Header: http.Header{"Content-Type": {media}, "Content-Disposition": {media}, "Content-Security-Policy": {media}, "Location": {media}}, Body: []byte(body)}
		if cell, found := cellWith(x, "&w"); found && !strings.Contains(cell, "&w") {
			t.Errorf("the cell %q lacks the word", cell)
		}
		if element(x.Body, "x7") && !strings.Contains(body, "x7") {
			t.Error("an element from nowhere")
		}
		for _, link := range addresses(x, base) {
			if !strings.HasPrefix(link, "/") {
				t.Errorf("the link %q leads elsewhere", link)
			}
		}
		d := &door{route: &lr.Route{Method: "POST", Path: "/notes", Kind: lr.Create, Resource: "/notes"}}
		if o := madeBy(d, x); o != nil && (o.ID == "" || o.Keys["/notes"] != o.ID) {
			t.Errorf("an object without a key: %+v", o)
		}
		if n := entries(x.Body, "x7"); n > strings.Count(body, "x7")+strings.Count(body, `\u`) {
			t.Errorf("%d entries", n)
		}
		runsIn(x)
		content(x)
		readsFile(x)
	})
}
