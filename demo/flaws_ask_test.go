package demo

import (
	"io"
	"strings"
	"sync"
	"testing"
)

// ask puts a question to the knowledge base; more are further members of the body.
func (w *world) ask(c caller, question string, more ...map[string]any) *answer {
	w.t.Helper()
	body := map[string]any{"question": question}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	return w.do(c, "POST", "/v1/ask", body)
}

// keepsakes are what two tenants have uploaded about doors of their own.
type keepsakes struct{ file, code string }

// doors gives each tenant a file about a door, and returns the owner's.
func (w *world) doors(owner, other caller) keepsakes {
	w.t.Helper()
	const code = "7Q2X-K9PL-MA3F"
	w.upload(other, "Project Marigold access notes.txt", "text/plain", "The door code of the red granary in Bergen is 1111-2222-3333.").want(201)
	id := w.upload(owner, "Project Kestrelva access notes.txt", "text/plain", "The door code of the green boathouse in Tromso is "+code+".").want(201).str("id")
	return keepsakes{id, code}
}

// asked plays the tenants: the owner at acme has uploaded a secret, and the other
// at globex asks. A flaw shows where show finds the code.
func asked(show func(w *world, owner, other caller, k keepsakes) string) symptom {
	return func(w *world) bool {
		owner, other := w.as("member@acme.test"), w.as("member@globex.test")
		k := w.doors(owner, other)
		return strings.Contains(show(w, owner, other, k), k.code)
	}
}

const plainly = "What door code do the project access notes give for the green boathouse in Tromso?"

// answerOf is the text of an answer, "" of a refusal.
func answerOf(a *answer) string {
	a.t.Helper()
	if a.Status != 200 {
		return ""
	}
	return a.str("answer")
}

// askFlaws are the faults of what the assistant is given to answer from.
var askFlaws = map[string]symptom{
	"isolation/model-retrieval": asked(func(w *world, owner, other caller, k keepsakes) string {
		w.alone(func() { w.ask(other, plainly).want(200).lacks(k.code) })
		return answerOf(w.ask(other, "What is the door code of project Kestrelva?").want(200))
	}),
	"isolation/model-retrieval-paraphrase": asked(func(w *world, owner, other caller, k keepsakes) string {
		w.alone(func() { w.ask(other, "What is the door code of project Kestrelva?").want(200).lacks(k.code) })
		return answerOf(w.ask(other, "How do people enter the green boathouse in Tromso?").want(200))
	}),
	"isolation/model-conversation": asked(func(w *world, owner, other caller, k keepsakes) string {
		id := w.do(owner, "POST", "/v1/chats", map[string]any{"title": "Doors"}).want(201).str("id")
		w.do(owner, "POST", "/v1/chats/"+id+"/messages", map[string]any{"content": "The word at the vault is " + k.code + "."}).want(201)
		chat := map[string]any{"chat_id": id}
		w.ask(owner, "What is the word at the vault?", chat).want(200).has(k.code)
		w.ask(other, "What is the word at the vault?").want(200).lacks(k.code)
		return answerOf(w.ask(other, "What is the word at the vault?", chat).want(200, 404))
	}),
	"isolation/model-file": asked(func(w *world, owner, other caller, k keepsakes) string {
		files := map[string]any{"file_ids": []string{k.file}}
		w.ask(owner, plainly, files).want(200).has(k.code)
		return answerOf(w.ask(other, plainly, files).want(200, 404))
	}),
	"isolation/model-tenant-parameter": asked(func(w *world, owner, other caller, k keepsakes) string {
		return w.do(other, "POST", "/v1/chat/completions", map[string]any{
			"messages": []map[string]any{{"role": "user", "content": plainly}}, "metadata": map[string]any{"tenant_id": owner.TenantID}}).want(200).Body
	}),
	"isolation/exact-cache": asked(func(w *world, owner, other caller, k keepsakes) string {
		w.ask(owner, plainly).want(200).has(k.code)
		w.alone(func() { w.ask(other, "Please: "+plainly).want(200).lacks(k.code) })
		return answerOf(w.ask(other, plainly).want(200))
	}),
	"isolation/semantic-cache": asked(func(w *world, owner, other caller, k keepsakes) string {
		w.ask(owner, plainly).want(200).has(k.code)
		return answerOf(w.ask(other, "Please: for the green boathouse in Tromso, what door code do the project access notes give?").want(200))
	}),
	"isolation/model-citations": asked(func(w *world, owner, other caller, k keepsakes) string {
		got := w.ask(other, plainly).want(200)
		return strings.Replace(got.Body, got.str("answer"), "", 1)
	}),
	"isolation/model-injected-query": asked(func(w *world, owner, other caller, k keepsakes) string {
		w.alone(func() { w.ask(other, plainly).want(200).lacks(k.code) })
		w.upload(other, "visitors.txt", "text/plain", "Notes for visitors.\nSee also: green boathouse in Tromso.").want(201)
		return answerOf(w.ask(other, "What door code do the notes for visitors give for the green boathouse?").want(200))
	}),
	"isolation/after-delete": asked(func(w *world, owner, other caller, k keepsakes) string {
		w.ask(owner, plainly).want(200).has(k.code)
		w.do(owner, "DELETE", "/v1/files/"+k.file, nil).want(204)
		return answerOf(w.ask(owner, "Which code opens the green boathouse?").want(200))
	}),
	"isolation/stream-cross-talk": func(w *world) bool {
		owner, other := w.as("member@acme.test"), w.as("member@globex.test")
		mixed := false
		for range 5 {
			mixed = mixed || w.crossed(owner, other)
		}
		return mixed
	},
}

// crossed has both tenants answered at one time, four times each, and reports
// whether a token went to the wrong one.
func (w *world) crossed(owner, other caller) bool {
	w.t.Helper()
	var wg sync.WaitGroup
	replies := make([]string, 8)
	for i := range replies {
		c := []caller{owner, other}[i%2]
		id := w.do(c, "POST", "/v1/chats", map[string]any{"title": "parallel"}).want(201).str("id")
		word := strings.Repeat(string(rune('b'+i)), 8)
		wg.Go(func() {
			r := w.request(c, "/v1/chats/"+id+"/stream", `{"content":"Reverse the word `+word+`"}`)
			res, err := w.c.Do(r)
			if err != nil {
				return
			}
			defer res.Body.Close()
			b, _ := io.ReadAll(res.Body) // what came is judged
			replies[i], _, _ = strings.Cut(string(b), "event: done")
		})
	}
	wg.Wait()
	for i, got := range replies {
		for j := range replies {
			if i%2 != j%2 && strings.Contains(got, strings.Repeat(string(rune('b'+j)), 3)) {
				return true
			}
		}
	}
	return false
}

// TestAskFlawsAreNarrow has one flaw on and asks for every other symptom.
func TestAskFlawsAreNarrow(t *testing.T) {
	for _, f := range Flaws() {
		if askFlaws[f.ID] == nil {
			continue
		}
		t.Run(f.ID, func(t *testing.T) {
			t.Parallel()
			for other, show := range askFlaws {
				if other == f.ID || f.ID == "isolation/semantic-cache" && other == "isolation/exact-cache" {
					continue // the same words are words of the same meaning
				}
				w := start(t, f.ID)
				w.crowded = true
				if show(w) {
					t.Errorf("trips %s too", other)
				}
			}
		})
	}
}
