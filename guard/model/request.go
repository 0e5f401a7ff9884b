package model

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/launchready/launchready/guard/kill"
	"github.com/launchready/launchready/guard/model/screen"
	"github.com/launchready/launchready/guard/model/span"
)

// exchange is one request and what is known of it.
type exchange struct {
	o       *Options
	id      string
	p       protocol
	who     Caller
	model   string
	stream  bool
	limit   int64 // of tokens of a completion
	bytes   int   // of the prompt
	offered map[string]bool
	said    said
	rules   *screen.Rules // of the completion, for this caller
	results map[string]string

	references int                     // images and files that the provider fetches
	told       bool                    // guard asked for the usage of the stream
	cut        context.CancelCauseFunc // ends it before its time
}

// request judges what the application sends and writes what the provider gets.
func (x *exchange) request(body []byte) ([]byte, *Denial) {
	bad := func(message string) *Denial {
		return deny(http.StatusBadRequest, "invalid_request", message)
	}
	d := &span.Document{}
	if !utf8.Valid(body) {
		return nil, bad("The body is not UTF-8.")
	}
	if err := d.Read(body); err != nil || d.Kind(d.Root()) != span.Object {
		return nil, bad("The body is not one JSON object without repeated names.")
	}
	root := d.Root()
	x.bytes = len(body)
	x.model = d.Text(d.Get(root, "model"))
	if !x.o.speaks(x.model) {
		return nil, deny(http.StatusForbidden, "model_not_allowed", "The model is not one that the policy allows.")
	}
	for c := d.First(root); c != span.None; c = d.Next(c) {
		if n := folded(d.Key(c)); n != "" {
			return nil, bad(n + " is written in another case, which providers read in different ways.")
		}
		if k := d.Kind(c); k == span.Null || k == span.False {
			continue
		}
		if why, ok := unseen[d.Key(c)]; ok {
			return nil, bad(d.Key(c) + " is not passed on by guard: " + why + ".")
		}
	}
	if x.rules.Active() && x.logprobs(d) {
		return nil, bad("Log probabilities repeat the text in pieces that are not looked through: leave them out.")
	}
	for m := d.First(d.Get(root, "modalities")); m != span.None; m = d.Next(m) {
		if !d.Is(m, "text") {
			return nil, bad("Only text is looked through: leave the other modalities out.")
		}
	}
	x.stream = d.Kind(d.Get(root, "stream")) == span.True
	if denied := x.elsewhere(d); denied != nil {
		return nil, denied
	}
	if denied := x.clamp(d); denied != nil {
		return nil, denied
	}
	if denied := x.tools(d); denied != nil {
		return nil, denied
	}
	if denied := x.canaries(d, root); denied != nil {
		return nil, denied
	}
	if x.o.Meter != nil {
		for _, name := range x.p.texts() {
			x.references += references(d, d.Get(root, name), "")
		}
		if x.o.Tell {
			x.tell(d)
		}
	}
	x.results = map[string]string{}
	for _, name := range x.p.texts() {
		x.text(d, d.Get(root, name), trusted, "", false)
	}
	x.text(d, d.Get(root, "tools"), neutral, "", false) // the model reads what they are for
	return d.Output(), nil
}

// speaks reports a model of the list: its name, or the beginning of it before "*".
func (o *Options) speaks(model string) bool {
	return slices.ContainsFunc(o.Models, func(m string) bool {
		head, open := strings.CutSuffix(m, "*")
		return model == m || open && model != "" && strings.HasPrefix(model, head)
	})
}

func (x *exchange) logprobs(d *span.Document) bool {
	for _, name := range []string{"logprobs", "top_logprobs"} { // compatible providers take a number for either
		if k := d.Kind(d.Get(0, name)); k != 0 && k != span.Null && k != span.False {
			return true
		}
	}
	for c := d.First(d.Get(0, "include")); c != span.None; c = d.Next(c) {
		if strings.Contains(d.Text(c), "logprobs") {
			return true
		}
	}
	return false
}

// clamp bounds what one request may cost.
func (x *exchange) clamp(d *span.Document) *Denial {
	if x.p == embeddings {
		return nil
	}
	for _, name := range []string{"n", "best_of"} {
		n := d.Get(0, name)
		if d.Kind(n) == 0 || d.Kind(n) == span.Null {
			continue
		}
		if i, ok := d.Int(n); !ok || i < 1 {
			return deny(http.StatusBadRequest, "invalid_request", name+" is no whole number above 0.")
		} else if i > 1 {
			d.Set(n, []byte("1"))
		}
	}
	if x.o.MaxTokens <= 0 {
		return nil
	}
	most := []byte(strconv.FormatInt(x.o.MaxTokens, 10))
	names, set := x.p.limits(), false
	for _, name := range spellings {
		n := d.Get(0, name)
		if d.Kind(n) == 0 || d.Kind(n) == span.Null {
			continue
		}
		i, ok := d.Int(n)
		switch {
		case !ok || i < 1:
			return deny(http.StatusBadRequest, "invalid_request", name+" is no whole number above 0.")
		case i > x.o.MaxTokens:
			d.Set(n, most)
		}
		if slices.Contains(names, name) {
			set, x.limit = true, max(x.limit, min(i, x.o.MaxTokens)) // of two, a provider may read either
		}
	}
	if !set {
		x.limit = x.o.MaxTokens
		name := names[len(names)-1]
		if f := x.o.Providers[x.p.provider()].TokensField; f != "" && x.p == chat {
			name = f
		}
		d.Put(0, name, most)
	}
	// Thinking is within the bound of Anthropic's max_tokens, and must be below it.
	if n := d.Get(0, "thinking", "budget_tokens"); d.Kind(n) == span.Number {
		if i, ok := d.Int(n); !ok || i >= x.limit {
			return deny(http.StatusBadRequest, "invalid_request", "thinking.budget_tokens must be below max_tokens, which the policy bounds.")
		}
	}
	return nil
}

// tools takes out of the request what this tenant and role may not use, before the
// model knows of it.
func (x *exchange) tools(d *span.Document) *Denial {
	x.offered = map[string]bool{}
	refused := deny(http.StatusForbidden, "tool_not_allowed", "The tool that the request asks for is not one that the policy allows here.")
	if k := d.Kind(d.Get(0, "web_search_options")); k == span.Object {
		if t := x.o.tools["web_search"]; t == nil || !t.allowed(&x.who) || x.o.Kill.Off(kill.Tool, "web_search") {
			return refused.because("web_search_options")
		}
	}
	list := d.Get(0, "tools")
	switch d.Kind(list) {
	case 0, span.Null:
		return nil
	case span.Array:
	case span.False, span.True, span.Number, span.String, span.Object:
		return deny(http.StatusBadRequest, "invalid_request", "tools is no list.")
	}
	var gone []string
	for c := d.First(list); c != span.None; c = d.Next(c) {
		name := x.p.toolName(d, c)
		if t := x.o.tools[name]; name == "" || t == nil || !t.allowed(&x.who) || x.o.Kill.Off(kill.Tool, name) {
			gone = append(gone, name)
			continue
		}
		x.offered[name] = true
	}
	if len(gone) == 0 {
		return nil
	}
	for _, name := range gone {
		x.o.Log.Warn("tool removed", "id", x.id, "key", x.who.Key, "tenant", x.who.Tenant, "tool", name)
	}
	choice := d.Get(0, "tool_choice")
	if names := chosen(d, choice); slices.ContainsFunc(names, func(n string) bool { return !x.offered[n] }) {
		return refused.because("tool_choice")
	}
	if len(x.offered) > 0 {
		d.Drop(list, func(c span.Node) bool { return !x.offered[x.p.toolName(d, c)] })
		return nil
	}
	d.Drop(0, func(c span.Node) bool {
		k := d.Key(c)
		return k == "tools" || k == "tool_choice" || k == "parallel_tool_calls"
	})
	return nil
}

// chosen are the tools that tool_choice names.
func chosen(d *span.Document, n span.Node) []string {
	var out []string
	for c := d.First(n); c != span.None; c = d.Next(c) {
		if d.Kind(n) == span.Object && d.Key(c) == "name" && d.Kind(c) == span.String {
			out = append(out, d.Text(c))
		}
		out = append(out, chosen(d, c)...)
	}
	return out
}

// tell asks for the usage of a stream of chat completions, which comes with no other.
func (x *exchange) tell(d *span.Document) {
	if x.p != chat || !x.stream {
		return
	}
	options := d.Get(0, "stream_options")
	switch d.Kind(options) {
	case span.Object:
		if d.Kind(d.Get(options, "include_usage")) == span.True {
			return
		}
		d.Put(options, "include_usage", []byte("true"))
	default:
		d.Put(0, "stream_options", []byte(`{"include_usage":true}`))
	}
	x.told = true
}

// references counts what the provider fetches by an address or a number: what it is
// long is not to be seen here. Arguments of calls name things of the application.
func references(d *span.Document, n span.Node, key string) int {
	count := 0
	switch d.Kind(n) {
	case span.String:
		if (key == "url" || key == "image_url" || key == "file_url" || key == "file_id") && !bytes.HasPrefix(d.Bytes(n), []byte("data:")) {
			return 1
		}
	case span.Array, span.Object:
		call := d.Is(d.Get(n, "type"), "tool_use")
		for c := d.First(n); c != span.None; c = d.Next(c) {
			inner := key
			if d.Kind(n) == span.Object {
				inner = d.Key(c)
			}
			if !call || inner != "input" {
				count += references(d, c, inner)
			}
		}
	case span.Null, span.True, span.False, span.Number:
	}
	return count
}

// canaries looks in every text of the request for a value of another tenant: it got
// there by a search that does not keep tenants apart.
func (x *exchange) canaries(d *span.Document, n span.Node) *Denial {
	if x.o.needles == nil {
		return nil
	}
	if d.Kind(n) == span.String {
		return x.foreign(d.Bytes(n))
	}
	for c := d.First(n); c != span.None; c = d.Next(c) {
		if denied := x.foreign([]byte(d.Key(c))); denied != nil {
			return denied
		}
		if denied := x.canaries(d, c); denied != nil {
			return denied
		}
	}
	return nil
}

// foreign looks for them in one text.
func (x *exchange) foreign(text []byte) *Denial {
	found := -1
	x.o.needles.Find(text, func(v int) bool {
		if t := x.o.Canaries[v].Tenant; t != "" && t != x.who.Tenant {
			found = v
		}
		return found < 0
	})
	if found < 0 {
		return nil
	}
	c := x.o.Canaries[found]
	x.o.Log.Error("foreign canary in a prompt", "id", x.id, "key", x.who.Key, "tenant", x.who.Tenant, "user", x.who.Subject, "owner", c.Tenant, "canary", c.Name, "model", x.model)
	return deny(http.StatusForbidden, "foreign_content", "The request holds content that must not be in it. It was not sent, and an alert was raised.").because("canary " + c.Name + " of " + c.Tenant)
}
