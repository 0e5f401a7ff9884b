package demo

import "strings"

// askTraps are the traps in what the assistant answers.
var askTraps = map[string]func(w *world){
	"cached-answer": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		k := w.doors(a, b)
		first := w.ask(a, plainly).want(200).has(k.code)
		again := w.ask(a, plainly).want(200).has(k.code)
		if first.Header.Get("X-Cache") != "MISS" || again.Header.Get("X-Cache") != "HIT" || first.Body != again.Body {
			w.t.Errorf("got %q and then %q, want a miss and a hit", first.Header.Get("X-Cache"), again.Header.Get("X-Cache"))
		}
		if got := w.ask(b, plainly).want(200).lacks(k.code); got.Header.Get("X-Cache") != "MISS" {
			w.t.Errorf("the other tenant got %q, want a miss", got.Header.Get("X-Cache"))
		}
		w.ask(b, plainly).want(200).lacks(k.code)
		w.do(a, "DELETE", "/v1/files/"+k.file, nil).want(204)
		w.ask(a, plainly).want(200).lacks(k.code)
	},
	"shared-answer": func(w *world) {
		for _, user := range []string{"member@acme.test", "member@globex.test"} {
			got := w.ask(w.as(user), "How long does a share link let anyone read?").want(200).has("until you revoke it")
			if id := got.str("citations.0.document_id"); !strings.HasPrefix(id, "art_") {
				w.t.Errorf("got a citation of %s, want the article of the help centre", id)
			}
		}
	},
	"same-document-title": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		const q = "How are refunds approved by the refund policy?"
		x, y := w.ask(a, q).want(200).has("Refund policy"), w.ask(b, q).want(200).has("Refund policy")
		if x.str("citations.0.title") != y.str("citations.0.title") || x.str("citations.0.document_id") == y.str("citations.0.document_id") {
			w.t.Errorf("got %s and %s, want one title and two documents", x.Body, y.Body)
		}
	},
	"ignored-metadata": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		k := w.doors(a, b)
		w.do(b, "POST", "/v1/chat/completions", map[string]any{"messages": []map[string]any{{"role": "user", "content": plainly}},
			"metadata": map[string]any{"tenant_id": a.TenantID}}).want(200).lacks(k.code)
	},
}
