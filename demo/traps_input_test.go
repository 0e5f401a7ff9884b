package demo

import "strings"

// inputTraps are right behaviours that look like what hostile text does.
var inputTraps = map[string]func(w *world){
	"quote-in-search": func(w *world) {
		c := w.as("member@acme.test")
		id := w.aChat(c, "The customer's wish")
		w.do(c, "GET", "/v1/search?q=customer%27s", nil).want(200).has(id)
		w.do(c, "GET", "/v1/search?q=customer%27%7C%7C%27s", nil).want(200).lacks(id)
		w.do(c, "GET", "/v1/collections/handbook/documents?title=%27", nil).want(200).has(`"data":[]`)
	},
	"script-in-article": func(w *world) {
		c := w.as("member@acme.test")
		var id string
		list := w.do(c, "GET", "/v1/articles", nil).want(200).has(`\u003cscript src=`)
		for i := range 10 {
			if title, _ := list.get("data." + string(rune('0'+i)) + ".title").(string); strings.Contains(title, "widget") {
				id = list.str("data." + string(rune('0'+i)) + ".id")
			}
		}
		w.do(c, "GET", "/app/articles/"+id, nil, "Accept", "text/html").want(200).has("&lt;script src=").lacks("<script")
		w.do(c, "GET", "/app/articles/art_none", nil).want(404)
	},
	"stored-page": func(w *world) {
		c := w.as("member@acme.test")
		id := w.uploadAs(c, "page.html", "text/html", []byte("<script>1</script>")).want(201).str("id")
		got := w.do(c, "GET", "/v1/files/"+id+"/content", nil).want(200).has("<script>")
		if h := got.Header; !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
			w.t.Errorf("an uploaded page comes back with %v", h)
		}
		shown := w.do(c, "GET", "/v1/files/"+id+"/preview", nil).want(200)
		if ct := shown.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/plain") {
			w.t.Errorf("the preview of a page is %q", ct)
		}
	},
}
