package model

import (
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"
)

// stream sends the answer as server-sent events, cut at points that the seed
// and the answer decide: a consumer that looks for a value in each piece alone
// must miss it, as it does with a real provider.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, req *Request, ans Answer) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	rc := http.NewResponseController(w)
	chunk := func(c Choice, u *Usage) bool {
		out := Completion{ID: ans.ID, Object: "chat.completion.chunk", Created: created, Model: req.Model, Choices: []Choice{c}, Usage: u}
		if u != nil {
			out.Choices = []Choice{}
		}
		b, err := json.Marshal(out)
		if err != nil {
			return false
		}
		if s.opts.Pause > 0 {
			t := time.NewTimer(s.opts.Pause)
			defer t.Stop()
			select {
			case <-t.C:
			case <-r.Context().Done():
				return false
			}
		}
		if _, err := w.Write(append(append([]byte("data: "), b...), '\n', '\n')); err != nil {
			return false
		}
		return s.opts.Pause == 0 || rc.Flush() == nil
	}
	if !chunk(Choice{Delta: &Delta{Role: "assistant"}}, nil) {
		return
	}
	rnd := s.draw("split", ans.ID, ans.Text)
	parts := pieces(ans.Text, rnd)
	pace := s.writing(len(parts))
	for i, piece := range parts {
		if i > 0 && pace.pause > 0 && i%pace.every == 0 && rc.Flush() != nil || !pace.before(r.Context(), i) {
			return
		}
		s.traffic.wrote(piece)
		if !chunk(Choice{Delta: &Delta{Content: piece}}, nil) {
			return
		}
	}
	for i, c := range ans.Calls {
		head := ToolCall{Index: &i, ID: c.ID, Type: c.Type, Function: Call{Name: c.Function.Name}}
		if !chunk(Choice{Delta: &Delta{ToolCalls: []ToolCall{head}}}, nil) {
			return
		}
		for _, piece := range pieces(c.Function.Arguments, rnd) {
			part := ToolCall{Index: &i, Function: Call{Arguments: piece}}
			if !chunk(Choice{Delta: &Delta{ToolCalls: []ToolCall{part}}}, nil) {
				return
			}
		}
	}
	if !chunk(Choice{Delta: &Delta{}, FinishReason: &ans.Finish}, nil) {
		return
	}
	if req.StreamOptions != nil && req.StreamOptions.IncludeUsage && !chunk(Choice{}, usage(req, ans)) {
		return
	}
	_, _ = w.Write([]byte("data: [DONE]\n\n"))
}

// pieces cuts a text into parts of 1 to 24 bytes, never inside a character.
func pieces(text string, d *draw) []string {
	var out []string
	for len(text) > 0 {
		n := min(1+d.intn(24), len(text))
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n++
		}
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}
