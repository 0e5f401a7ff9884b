package demo

import (
	"fmt"
	"strings"
	"testing"
)

func (w *world) graph(c caller, query string, variables map[string]any) *answer {
	w.t.Helper()
	return w.do(c, "POST", "/graphql", map[string]any{"query": query, "variables": variables})
}

// chatOf makes a chat of the user's and returns its id and canary title.
func (w *world) chatOf(email string) (id, title string) {
	w.t.Helper()
	title = "Canary " + w.s.randomText(8)
	return w.do(w.as(email), "POST", "/v1/chats", map[string]any{"title": title}).want(201).str("id"), title
}

var graphFlaws = map[string]symptom{
	"auth/graphql-credential": func(w *world) bool {
		_, title := w.chatOf("member@acme.test")
		w.graph(anon, `{ members { email } }`, nil).lacks("@acme.test")
		w.graph(anon, `{ me { email } }`, nil).lacks("@acme.test")
		return strings.Contains(w.graph(anon, `{ chats { id title } }`, nil).Body, title)
	},
	"auth/graphql-introspection": func(w *world) bool {
		_, title := w.chatOf("member@acme.test")
		const ask = `{ __schema { types { name fields { name } } } }`
		w.graph(w.as("member@acme.test"), ask, nil).want(200).has("createdAt")
		w.alone(func() { w.graph(anon, `{ chats { title } }`, nil).lacks(title) })
		return strings.Contains(w.graph(anon, ask, nil).Body, "createdAt")
	},
	"auth/graphql-batching": func(w *world) bool {
		c := w.as("member@acme.test")
		var batch []map[string]any
		var aliases strings.Builder
		for i := range 50 {
			batch = append(batch, map[string]any{"query": "{ me { id } }"})
			fmt.Fprintf(&aliases, "a%d: me { id } ", i)
		}
		many := strings.Count(w.do(c, "POST", "/graphql", batch).Body, c.ID)
		aliased := strings.Count(w.graph(c, "{ "+aliases.String()+"}", nil).Body, c.ID)
		if (many == 50) != (aliased == 50) {
			w.t.Errorf("%d answers to a batch of 50, %d to 50 aliases", many, aliased)
		}
		return many == 50
	},
	"isolation/graphql-object": func(w *world) bool {
		id, title := w.chatOf("member@acme.test")
		const ask = `query($id: ID!) { chat(id: $id) { id title } }`
		w.graph(w.as("viewer@acme.test"), ask, map[string]any{"id": id}).want(200).has(title)
		w.graph(anon, ask, map[string]any{"id": id}).lacks(title)
		b := w.as("member@globex.test")
		w.graph(b, `{ chats { title } }`, nil).want(200).lacks(title)
		return strings.Contains(w.graph(b, ask, map[string]any{"id": id}).want(200).Body, title)
	},
}

func TestGraphQL(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	id, title := w.chatOf("member@acme.test")
	w.graph(c, `{ me { id email } members { email } chats(limit: 1) { id title messages { content } } }`, nil).
		want(200).has(c.ID).has("viewer@acme.test").has(title).lacks("globex").lacks("errors")
	w.do(c, "POST", "/graphql", []map[string]any{{"query": "{ me { id } }"}, {"query": "{ members { id } }"}}).want(200).has(c.ID)
	w.do(anon, "POST", "/graphql", map[string]any{"query": "{ me { id } }"}).want(401).lacks(c.ID)
	w.graph(w.as("member@globex.test"), `{ members { email } }`, nil).want(200).has("globex").lacks("acme")
	w.graph(c, `{ chat(id: "chat_none") { id } }`, nil).want(200).has(`"chat":null`)
	w.graph(w.as("member@globex.test"), `{ chat(id: "`+id+`") { id } }`, nil).want(200).has(`"chat":null`)
	for name, body := range map[string]string{"no JSON": "{", "no query": "{}", "a broken batch": "[{]"} {
		t.Run(name, func(t *testing.T) { w.do(c, "POST", "/graphql", strings.NewReader(body)).want(400) })
	}
}
