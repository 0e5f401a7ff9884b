package spend

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/launchready/launchready/guard/model/span"
)

// request is what a body says about its cost.
type request struct {
	model    string
	vague    bool  // it is called so in another case, which not every reader takes
	provider bool  // the body is a provider's own, so that the model's bound can be said in it
	choices  int64 // completions that are asked for
	most     int64 // tokens of a reply; 0: not said
	output   bool  // there is a reply that is paid by its length
	body     []byte
	edited   bool
}

var errTwice = errors.New("the body has a name twice")

// bounds are the names by which providers call the most tokens of a reply.
var bounds = [...]string{"max_tokens", "max_completion_tokens", "max_output_tokens"}

// read looks at a JSON object's own members. Whatever is no object is no
// provider's. A bound above most is lowered in the body, and a missing one is
// added, byte for byte: nothing else changes.
func read(body []byte, path string, most int64) (request, error) {
	r := request{choices: 1, output: true, body: body}
	text := body
	for _, mark := range [...]string{"\xef\xbb\xbf", "\xfe\xff", "\xff\xfe"} {
		text = bytes.TrimPrefix(text, []byte(mark))
	}
	if text = bytes.TrimLeft(text, " \t\r\n\x00"); len(text) == 0 || text[0] != '{' {
		return r, nil
	} // an object in another encoding, which some readers take, is one that cannot be read here
	var d span.Document
	if err := d.Read(body); err != nil {
		return r, err
	}
	members := map[string]span.Node{} // by their names as readers take them that ignore case
	for m := d.First(d.Root()); m != span.None; m = d.Next(m) {
		fold := strings.ToLower(strings.ToUpper(d.Key(m)))
		if _, twice := members[fold]; twice {
			return r, errTwice
		}
		members[fold] = m
	}
	member := func(name string) (m span.Node, exact bool) {
		m, ok := members[name]
		if !ok {
			return span.None, false
		}
		return m, d.Key(m) == name
	}
	if m, exact := member("model"); m != span.None {
		r.vague, r.model = !exact, d.Text(m)
		if r.model == "" {
			return r, errors.New("the model is no name")
		}
		for _, n := range []string{"messages", "input", "prompt"} {
			_, has := members[n]
			r.provider = r.provider || has
		}
	}
	r.output = !r.provider || !strings.HasSuffix(path, "/embeddings")
	for _, n := range []string{"n", "best_of"} {
		m, _ := member(n)
		v, ok, err := whole(d.Raw(m))
		if err != nil {
			return r, err
		}
		if ok && r.provider {
			r.choices = max(r.choices, v)
		}
	}
	each := int64(1)
	if m, _ := member("prompt"); d.Kind(m) == span.Array && r.provider {
		each = max(1, int64(d.Len(m))) // a completion each
	}
	if r.choices > 1<<20/each {
		return r, errors.New("too many completions are asked for")
	}
	r.choices *= each
	bound := strconv.AppendInt(nil, most, 10)
	for _, n := range bounds {
		m, exact := member(n)
		v, ok, err := whole(d.Raw(m))
		if err != nil {
			return r, err
		}
		if !ok {
			if m == span.None || !r.provider || !r.output || r.most > 0 {
				continue
			}
			v = most + 1 // null is no bound
		}
		if v > most {
			d.Set(m, bound)
			v = most
		}
		if exact || !r.provider { // a provider reads no other spelling
			r.most = max(r.most, v)
		}
	}
	if r.most == 0 && r.provider && r.output {
		name := bounds[0]
		switch _, input := members["input"]; {
		case input:
			name = bounds[2]
		case strings.HasSuffix(path, "/chat/completions"):
			name = bounds[1]
		}
		d.Put(d.Root(), name, bound)
	}
	r.body, r.edited = d.Output(), d.Edited()
	return r, nil
}

// whole reads a number of one or more; null is none.
func whole(raw []byte) (int64, bool, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return 0, false, nil
	}
	v, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || v < 1 {
		return 0, false, errors.New("a bound in the body is no whole number above 0")
	}
	return v, true, nil
}
