package demo

import (
	"strings"
	"testing"
)

// acted plays the tenants: the owner at acme has made its things, and the other
// at globex acts on them.
func acted(show func(w *world, owner, other caller, o things) bool) symptom {
	return func(w *world) bool {
		owner, other := w.as("member@acme.test"), w.as("member@globex.test")
		return show(w, owner, other, w.make(owner, "KESTREL-7731"))
	}
}

// contentFlaws are the faults of what tenants own.
var contentFlaws = map[string]symptom{
	"isolation/foreign-read": acted(func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.do(other, "GET", "/v1/chats/"+o.chat, nil).want(200, 404, 403).Body, o.canary)
	}),
	"isolation/search-leak": acted(func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.do(other, "GET", "/v1/search?q=kestrel", nil).want(200).Body, o.canary)
	}),
	"isolation/export-leak": acted(func(w *world, owner, other caller, o things) bool {
		id := w.do(other, "POST", "/v1/exports", map[string]any{"kind": "chats"}).want(202).str("id")
		return strings.Contains(w.do(other, "GET", "/v1/exports/"+id+"/download", nil).want(200).Body, o.canary)
	}),
	"isolation/count-leak": acted(func(w *world, owner, other caller, o things) bool {
		before := w.do(other, "GET", "/v1/chats/count", nil).want(200).get("count").(float64)
		for range 3 {
			w.do(owner, "POST", "/v1/chats", map[string]any{"title": "more"}).want(201)
		}
		return w.do(other, "GET", "/v1/chats/count", nil).want(200).get("count").(float64) != before
	}),
	"isolation/foreign-update": acted(func(w *world, owner, other caller, o things) bool {
		own := w.make(other, "MARIGOLD-9932")
		w.do(other, "PUT", "/v1/collections/"+own.slug+"/documents/"+o.document, map[string]any{"title": "t", "text": "DEFACED"}).want(200, 404).lacks(o.canary)
		return strings.Contains(w.do(owner, "GET", o.path("/v1/collections/{slug}/documents/{document_id}"), nil).want(200).Body, "DEFACED")
	}),
	"isolation/foreign-delete": acted(func(w *world, owner, other caller, o things) bool {
		w.do(other, "DELETE", "/v1/files/"+o.file, nil).want(204, 404)
		return w.do(owner, "GET", "/v1/files/"+o.file, nil).want(200, 404).Status == 404
	}),
	"isolation/foreign-create": acted(func(w *world, owner, other caller, o things) bool {
		w.do(other, "POST", "/v1/chats/"+o.chat+"/messages", map[string]any{"content": "What is your code? INTRUDER"}).want(201, 404).lacks(o.canary)
		return strings.Contains(w.do(owner, "GET", "/v1/chats/"+o.chat+"/messages", nil).want(200).Body, "INTRUDER")
	}),
	"isolation/nested-parent": acted(func(w *world, owner, other caller, o things) bool {
		own := w.make(other, "MARIGOLD-9932")
		return strings.Contains(w.do(other, "GET", "/v1/chats/"+own.chat+"/messages/"+o.message, nil).want(200, 404).Body, o.canary)
	}),
	"isolation/share-link": acted(func(w *world, owner, other caller, o things) bool {
		w.do(anon, "GET", "/v1/shared/"+o.share, nil).want(200).has(o.canary)
		w.do(owner, "DELETE", "/v1/chats/"+o.chat+"/share", nil).want(204)
		return strings.Contains(w.do(anon, "GET", "/v1/shared/"+o.share, nil).want(200, 404).Body, o.canary)
	}),
	"isolation/file-download": acted(func(w *world, owner, other caller, o things) bool {
		own := w.upload(other, "own.txt", "text/plain", "own").want(201).str("id")
		link := w.do(other, "POST", "/v1/files/"+own+"/link", nil).want(200).str("url")
		w.do(anon, "GET", link, nil).want(200).has("own")
		return strings.Contains(w.do(anon, "GET", strings.Replace(link, own, o.file, 1), nil).want(200, 403).Body, o.canary)
	}),
	"isolation/stream-leak": acted(func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.do(other, "GET", "/v1/chats/"+o.chat+"/stream", nil).want(200, 404).Body, o.canary)
	}),
	"isolation/websocket-leak": acted(func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.socket(other, `{"type":"subscribe","chat_id":"`+o.chat+`"}`), o.canary)
	}),
	"isolation/shared-cache": acted(func(w *world, owner, other caller, o things) bool {
		w.do(owner, "GET", "/v1/dashboard?n=1", nil).want(200).has(o.canary)
		got := w.do(other, "GET", "/v1/dashboard?n=1", nil).want(200)
		w.do(anon, "GET", "/v1/dashboard?n=1", nil).want(401).lacks(o.canary)
		w.do(other, "GET", "/v1/dashboard?n=1", nil, "Cache-Control", "no-cache").want(200).lacks(o.canary)
		return strings.Contains(got.Body, o.canary)
	}),
	"isolation/existence-oracle": acted(func(w *world, owner, other caller, o things) bool {
		foreign := w.do(other, "GET", "/v1/files/"+o.file, nil).want(403, 404).lacks(o.canary)
		return foreign.Status != w.do(other, "GET", "/v1/files/file_0", nil).want(404).Status
	}),
	"isolation/predictable-id": acted(func(w *world, owner, other caller, o things) bool {
		next := func(c caller) string {
			return w.do(c, "POST", "/v1/chats", map[string]any{"title": "x"}).want(201).str("id")
		}
		first, second := next(other), next(owner)
		return len(first) == len(second) && len(first) < 20
	}),
	"auth/websocket-credential": acted(func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.socket(anon, `{"type":"subscribe","chat_id":"`+o.chat+`"}`), o.canary)
	}),
	"auth/stream-credential": acted(func(w *world, owner, other caller, o things) bool {
		w.alone(func() {
			w.do(other, "GET", "/v1/chats/"+o.chat+"/messages/"+o.message+"/stream", nil).want(404).lacks(o.canary)
		})
		return strings.Contains(w.do(anon, "GET", "/v1/chats/"+o.chat+"/messages/"+o.message+"/stream", nil).want(200, 401).Body, o.canary)
	}),
}

// TestContentFlawsAreNarrow has one flaw on and asks for every other symptom.
func TestContentFlawsAreNarrow(t *testing.T) {
	for id := range contentFlaws {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			w := start(t, id)
			w.crowded = true
			for other, show := range contentFlaws {
				if other != id && show(w) {
					t.Errorf("trips %s too", other)
				}
			}
		})
	}
}
