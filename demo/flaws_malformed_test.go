package demo

import (
	"bytes"
	"net/http"
	"strings"
)

// posted sends a body as it stands and returns the answer.
func (w *world) posted(path, body string, headers ...string) *answer {
	w.t.Helper()
	return w.do(w.as("member@acme.test"), "POST", path, strings.NewReader(body), headers...)
}

// taken sends the body of a ticket, and reports whether a ticket was made of it
// that shows the text.
func (w *world) taken(body, shows string) bool {
	w.t.Helper()
	got := w.posted("/v1/tickets", body).want(201, 400, 422)
	if got.Status != 201 {
		return false
	}
	kept := w.do(w.as("member@acme.test"), "GET", "/v1/tickets/"+got.str("id"), nil).want(200)
	return strings.Contains(kept.Body, shows)
}

// heavy is a JSON object with ten megabytes of space in it.
func heavy(members string) []byte {
	return append(append([]byte("{"), bytes.Repeat([]byte(" "), 10<<20)...), members+"}"...)
}

// weighed sends a heavy body and reports whether something was made of it.
func (w *world) weighed(path, members string, streamed bool) bool {
	w.t.Helper()
	c := w.as("member@acme.test")
	body := heavy(members)
	r, err := http.NewRequest("POST", w.s.URL+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if streamed {
		r.ContentLength = -1
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(c.header, c.value)
	res, err := w.c.Do(r)
	if err != nil {
		return false // the connection was cut
	}
	defer res.Body.Close()
	if res.StatusCode != 201 && res.StatusCode != 413 {
		w.t.Errorf("a heavy body is answered %d", res.StatusCode)
	}
	return res.StatusCode == 201
}

// malformedFlaws are the faults of what a description forbids, and of what no
// parser should take.
var malformedFlaws = map[string]symptom{
	"input/schema-type":     func(w *world) bool { return w.taken(`{"title":"T","tags":{"a":[1]}}`, `"tags":{"a":[1]}`) },
	"input/schema-bounds":   func(w *world) bool { return w.taken(`{"title":"T","priority":6}`, `"priority":6`) },
	"input/schema-enum":     func(w *world) bool { return w.taken(`{"title":"T","category":"whim"}`, `"category":"whim"`) },
	"input/schema-required": func(w *world) bool { return w.taken(`{"text":"T"}`, `"title":""`) },
	"input/schema-extra":    func(w *world) bool { return w.taken(`{"title":"T","colour":"red"}`, `"colour":"red"`) },
	"input/schema-format":   func(w *world) bool { return w.taken(`{"title":"T","contact":"nobody"}`, `"contact":"nobody"`) },
	"input/duplicate-keys": func(w *world) bool {
		long := strings.Repeat("x", 201)
		if w.taken(`{"title":"`+long+`","title":"T"}`, long) {
			w.t.Error("the first of two members is kept")
		}
		return w.taken(`{"title":"T","title":"`+long+`"}`, long)
	},
	"input/malformed-json": func(w *world) bool {
		w.posted("/v1/tickets", `{"title":"T"}}`).want(400)
		w.posted("/v1/crm/notes", `{"text":"N"`).want(400)
		return w.posted("/v1/crm/notes", `{"text":"N"}}`).want(201, 400).Status == 201
	},
	"input/content-type": func(w *world) bool {
		w.posted("/v1/tickets", `{"title":"T"}`, "Content-Type", "text/plain").want(415)
		return w.posted("/v1/prompts", `{"title":"T","text":"P"}`, "Content-Type", "text/plain").want(201, 415).Status == 201
	},
	"input/body-size": func(w *world) bool {
		w.alone(func() {
			if w.weighed("/v1/prompts", `"title":"T","text":"P"`, false) {
				w.t.Error("a prompt of ten megabytes is taken")
			}
		})
		return w.weighed("/v1/tickets", `"title":"T"`, false)
	},
	"input/streamed-size": func(w *world) bool {
		if w.weighed("/v1/prompts", `"title":"T","text":"P"`, false) {
			w.t.Error("a prompt of ten megabytes is taken with its length told")
		}
		return w.weighed("/v1/prompts", `"title":"T","text":"P"`, true)
	},
	"input/header-size": func(w *world) bool {
		r := w.request(w.as("member@acme.test"), "/v1/tickets", `{"title":"T"}`)
		r.Header.Set("X-Padding", strings.Repeat("a", 2<<20))
		res, err := w.c.Do(r)
		if err != nil {
			return false // the connection was cut
		}
		defer res.Body.Close()
		return res.StatusCode == 201
	},
	"input/prompt-size": func(w *world) bool {
		return w.do(w.as("member@acme.test"), "POST", "/v1/ask", map[string]any{"question": strings.Repeat("How long do refunds take? ", 100)}).want(200, 422).Status == 200
	},
	"input/deep-json": func(w *world) bool {
		got := w.posted("/v1/chats", `{"title":"T","metadata":{"a":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+`}}`).want(201, 422)
		return got.Status == 201 && strings.Contains(got.Body, strings.Repeat("[", 1000))
	},
	"input/huge-number": func(w *world) bool { return w.taken(`{"title":"T","priority":18446744073709551619}`, `"priority":3`) },
	"input/control-text": func(w *world) bool {
		w.posted("/v1/crm/notes", `{"text":"a\u0000b"}`).want(201, 400)
		return strings.Contains(w.do(w.as("member@acme.test"), "GET", "/v1/crm/notes", nil).want(200).Body, `a\x00b`)
	},
	"input/fuzz": func(w *world) bool {
		return w.posted("/v1/collections", `{"name":"   "}`).want(422, 500).Status == 500
	},
}

// malformedTraps are right behaviours that look like a missing validation.
var malformedTraps = map[string]func(w *world){
	"ignored-ticket-member": func(w *world) {
		id := w.posted("/v1/tickets", `{"title":"T","colour":"red"}`).want(201).lacks("colour").str("id")
		w.do(w.as("member@acme.test"), "GET", "/v1/tickets/"+id, nil).want(200).lacks("colour")
	},
	"number-as-text": func(w *world) {
		w.posted("/v1/tickets", `{"title":"T","priority":"4"}`).want(201).has(`"priority":4`)
		w.posted("/v1/tickets", `{"title":"T","priority":"high"}`).want(422)
		w.posted("/v1/tickets", `{"title":"T","priority":"6"}`).want(422)
	},
	"null-as-absent": func(w *world) {
		w.posted("/v1/tickets", `{"title":"T","category":null,"priority":null,"tags":null}`).want(201).has(`"category":"question"`).has(`"priority":3`).has(`"tags":[]`)
		w.posted("/v1/tickets", `{"title":null}`).want(422)
	},
	"text-without-width": func(w *world) {
		const text = "a\u200bb\u202ec"
		w.do(w.as("member@acme.test"), "POST", "/v1/crm/notes", map[string]any{"text": text}).want(201)
		w.posted("/v1/crm/notes", `{"text":"a\u0001\ud800b"}`).want(201)
		if got := w.do(w.as("member@acme.test"), "GET", "/v1/crm/notes", nil).want(200); got.str("data.1.text") != text || got.str("data.0.text") != "a\x01\ufffdb" {
			w.t.Errorf("the text comes back as %q", got.Body)
		}
	},
}
