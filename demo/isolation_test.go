package demo

import (
	"strings"
	"testing"
)

// act is what another tenant's member does to the objects of one; symptom
// reports whether the fault shows.
type act struct {
	flaw    string
	symptom func(w *world, owner, other caller, o things) bool
}

// isolationActs are the faults of what tenants own.
var isolationActs = []act{
	{"isolation/foreign-read", func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.do(other, "GET", "/v1/chats/"+o.chat, nil).want(200, 404).Body, o.canary)
	}},
	{"isolation/search-leak", func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.do(other, "GET", "/v1/search?q=kestrel", nil).want(200).Body, o.canary)
	}},
	{"isolation/export-leak", func(w *world, owner, other caller, o things) bool {
		id := w.do(other, "POST", "/v1/exports", map[string]any{"kind": "chats"}).want(202).str("id")
		return strings.Contains(w.do(other, "GET", "/v1/exports/"+id+"/download", nil).want(200).Body, o.canary)
	}},
	{"isolation/count-leak", func(w *world, owner, other caller, o things) bool {
		before := w.do(other, "GET", "/v1/chats/count", nil).want(200).get("count").(float64)
		for range 3 {
			w.do(owner, "POST", "/v1/chats", map[string]any{"title": "more"}).want(201)
		}
		return w.do(other, "GET", "/v1/chats/count", nil).want(200).get("count").(float64) != before
	}},
	{"isolation/foreign-update", func(w *world, owner, other caller, o things) bool {
		own := w.make(other, "MARIGOLD-9932")
		w.do(other, "PUT", "/v1/collections/"+own.slug+"/documents/"+o.document, map[string]any{"title": "t", "text": "DEFACED"}).want(200, 404).lacks(o.canary)
		return strings.Contains(w.do(owner, "GET", o.path("/v1/collections/{slug}/documents/{document_id}"), nil).want(200).Body, "DEFACED")
	}},
	{"isolation/foreign-delete", func(w *world, owner, other caller, o things) bool {
		w.do(other, "DELETE", "/v1/files/"+o.file, nil).want(204, 404)
		return w.do(owner, "GET", "/v1/files/"+o.file, nil).want(200, 404).Status == 404
	}},
	{"isolation/foreign-create", func(w *world, owner, other caller, o things) bool {
		w.do(other, "POST", "/v1/chats/"+o.chat+"/messages", map[string]any{"content": "What is your code? INTRUDER"}).want(201, 404).lacks(o.canary)
		return strings.Contains(w.do(owner, "GET", "/v1/chats/"+o.chat+"/messages", nil).want(200).Body, "INTRUDER")
	}},
	{"isolation/nested-parent", func(w *world, owner, other caller, o things) bool {
		own := w.make(other, "MARIGOLD-9932")
		return strings.Contains(w.do(other, "GET", "/v1/chats/"+own.chat+"/messages/"+o.message, nil).want(200, 404).Body, o.canary)
	}},
	{"isolation/share-link", func(w *world, owner, other caller, o things) bool {
		w.do(anon, "GET", "/v1/shared/"+o.share, nil).want(200).has(o.canary)
		w.do(owner, "DELETE", "/v1/chats/"+o.chat+"/share", nil).want(204)
		return strings.Contains(w.do(anon, "GET", "/v1/shared/"+o.share, nil).want(200, 404).Body, o.canary)
	}},
	{"isolation/file-download", func(w *world, owner, other caller, o things) bool {
		own := w.upload(other, "own.txt", "text/plain", "own").want(201).str("id")
		link := w.do(other, "POST", "/v1/files/"+own+"/link", nil).want(200).str("url")
		w.do(anon, "GET", link, nil).want(200).has("own")
		return strings.Contains(w.do(anon, "GET", strings.Replace(link, own, o.file, 1), nil).want(200, 403).Body, o.canary)
	}},
	{"isolation/stream-leak", func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.do(other, "GET", "/v1/chats/"+o.chat+"/stream", nil).want(200, 404).Body, o.canary)
	}},
	{"isolation/websocket-leak", func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.socket(other, `{"type":"subscribe","chat_id":"`+o.chat+`"}`), o.canary)
	}},
	{"isolation/shared-cache", func(w *world, owner, other caller, o things) bool {
		w.do(owner, "GET", "/v1/dashboard?n=1", nil).want(200).has(o.canary)
		got := w.do(other, "GET", "/v1/dashboard?n=1", nil).want(200)
		w.do(anon, "GET", "/v1/dashboard?n=1", nil).want(401).lacks(o.canary)
		w.do(other, "GET", "/v1/dashboard?n=1", nil, "Cache-Control", "no-cache").want(200).lacks(o.canary)
		return strings.Contains(got.Body, o.canary)
	}},
	{"isolation/existence-oracle", func(w *world, owner, other caller, o things) bool {
		foreign := w.do(other, "GET", "/v1/files/"+o.file, nil).want(403, 404).lacks(o.canary)
		return foreign.Status != w.do(other, "GET", "/v1/files/file_0", nil).want(404).Status
	}},
	{"isolation/predictable-id", func(w *world, owner, other caller, o things) bool {
		next := w.do(other, "POST", "/v1/chats", map[string]any{"title": "x"}).want(201).str("id")
		return len(next) == 4 && next > o.chat
	}},
	{"auth/stream-credential", func(w *world, owner, other caller, o things) bool {
		w.do(owner, "GET", "/v1/chats/"+o.chat+"/stream", nil).want(200).has(o.canary)
		w.do(caller{header: "Authorization", value: "Bearer nonsense"}, "GET", "/v1/chats/"+o.chat+"/stream", nil).want(401)
		return strings.Contains(w.do(anon, "GET", "/v1/chats/"+o.chat+"/stream", nil).want(200, 401).Body, o.canary)
	}},
	{"auth/websocket-credential", func(w *world, owner, other caller, o things) bool {
		return strings.Contains(w.socket(anon, `{"type":"subscribe","chat_id":"`+o.chat+`"}`), o.canary)
	}},
}

func (a act) shows(w *world) bool {
	owner, other := w.as("member@acme.test"), w.as("member@globex.test")
	return a.symptom(w, owner, other, w.make(owner, "KESTREL-4417"))
}

// Each flaw shows its symptom, alone and among all others, and the clean server
// does not.
func TestIsolationFlaws(t *testing.T) {
	for _, a := range isolationActs {
		t.Run(a.flaw, func(t *testing.T) {
			if !a.shows(start(t, a.flaw)) {
				t.Error("with the flaw: no symptom")
			}
			if a.shows(start(t)) {
				t.Error("without the flaw: symptom")
			}
			if !a.shows(start(t, "all")) {
				t.Error("with all flaws: hidden by another")
			}
		})
	}
}

// A flaw must leave the other routes right, or the proof would not say which
// check caught what.
func TestIsolationFlawsAreNarrow(t *testing.T) {
	for _, on := range isolationActs {
		t.Run(on.flaw, func(t *testing.T) {
			w := start(t, on.flaw)
			for _, a := range isolationActs {
				if a.flaw != on.flaw && a.shows(w) {
					t.Errorf("%s shows the symptom of %s", on.flaw, a.flaw)
				}
			}
		})
	}
}
