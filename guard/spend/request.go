package spend

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
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

var (
	errTwice = errors.New("the body has a name twice")
	errMore  = errors.New("something follows the body's JSON")
)

// bounds are the names by which providers call the most tokens of a reply.
var bounds = [...]string{"max_tokens", "max_completion_tokens", "max_output_tokens"}

type span struct{ from, to int }

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
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil {
		return r, err
	}
	inner := int(d.InputOffset())
	members, at, exact := map[string]json.RawMessage{}, map[string]span{}, map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return r, err
		}
		name, _ := t.(string)
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return r, err
		}
		fold := strings.ToLower(strings.ToUpper(name)) // as readers do that ignore case
		if _, twice := members[fold]; twice {
			return r, errTwice
		}
		members[fold], exact[fold] = raw, fold == name
		to := int(d.InputOffset())
		at[fold] = span{to - len(raw), to}
	}
	if _, err := d.Token(); err != nil { // its end
		return r, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return r, errMore
	}
	if raw, ok := members["model"]; ok {
		r.vague = !exact["model"]
		if err := json.Unmarshal(raw, &r.model); err != nil || r.model == "" {
			return r, errors.New("the model is no name")
		}
		for _, n := range []string{"messages", "input", "prompt"} {
			_, has := members[n]
			r.provider = r.provider || has
		}
	}
	r.output = !r.provider || !strings.HasSuffix(path, "/embeddings")
	for _, n := range []string{"n", "best_of"} {
		v, ok, err := whole(members[n])
		if err != nil {
			return r, err
		}
		if ok && r.provider {
			r.choices = max(r.choices, v)
		}
	}
	var prompts []json.RawMessage
	each := int64(1)
	if json.Unmarshal(members["prompt"], &prompts) == nil && len(prompts) > 1 && r.provider {
		each = int64(len(prompts)) // a completion each
	}
	if r.choices > 1<<20/each {
		return r, errors.New("too many completions are asked for")
	}
	r.choices *= each
	var edits []span
	for _, n := range bounds {
		v, ok, err := whole(members[n])
		if err != nil {
			return r, err
		}
		if !ok {
			if _, null := members[n]; !null || !r.provider || !r.output || r.most > 0 {
				continue
			}
			v = most + 1 // no bound
		}
		if v > most {
			edits = append(edits, at[n])
			v = most
		}
		if exact[n] || !r.provider { // a provider reads no other spelling
			r.most = max(r.most, v)
		}
	}
	r.body, r.edited = clamp(body, edits, most), len(edits) > 0
	if r.most == 0 && r.provider && r.output {
		name := bounds[0]
		switch _, input := members["input"]; {
		case input:
			name = bounds[2]
		case strings.HasSuffix(path, "/chat/completions"):
			name = bounds[1]
		}
		r.body = insert(r.body, inner, `"`+name+`":`+strconv.FormatInt(most, 10)+`,`)
		r.edited = true
	}
	return r, nil
}

// whole reads a number of one or more; null is none.
func whole(raw json.RawMessage) (int64, bool, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return 0, false, nil
	}
	v, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || v < 1 {
		return 0, false, errors.New("a bound in the body is no whole number above 0")
	}
	return v, true, nil
}

// clamp puts the number in place of each span.
func clamp(body []byte, edits []span, most int64) []byte {
	if len(edits) == 0 {
		return body
	}
	if len(edits) > 1 { // in the order of the body
		for i := range edits {
			for j := i + 1; j < len(edits); j++ {
				if edits[j].from < edits[i].from {
					edits[i], edits[j] = edits[j], edits[i]
				}
			}
		}
	}
	var out []byte
	last := 0
	for _, e := range edits {
		out = append(out, body[last:e.from]...)
		out = strconv.AppendInt(out, most, 10)
		last = e.to
	}
	return append(out, body[last:]...)
}

func insert(body []byte, at int, text string) []byte {
	out := make([]byte, 0, len(body)+len(text))
	out = append(out, body[:at]...)
	out = append(out, text...)
	return append(out, body[at:]...)
}
