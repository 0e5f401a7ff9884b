package model

import (
	"strings"
	"unicode/utf8"
)

// Answer is what the model says to a request.
type Answer struct {
	ID     string
	Text   string
	Calls  []ToolCall
	Finish string // stop, length, tool_calls or content_filter
}

// answer decides, in this order: the user's own command, a command hidden in
// third-party text, a refusal, a tool, small talk, and what the texts say.
func (s *Server) answer(req *Request) Answer {
	p := read(req.Messages)
	d := s.draw("answer", req.Model, p.recited, p.ask)
	a := Answer{ID: d.id("chatcmpl-"), Finish: "stop"}
	a.Text, a.Calls = s.decide(req, &p, d)
	if len(a.Calls) > 0 {
		a.Finish = "tool_calls"
	}
	if limit := req.MaxTokens * 4; req.MaxTokens > 0 && len(a.Text) > limit {
		for limit > 0 && !utf8.RuneStart(a.Text[limit]) {
			limit--
		}
		a.Text, a.Finish = a.Text[:limit], "length"
	}
	return a
}

func (s *Server) decide(req *Request, p *prompt, d *draw) (string, []ToolCall) {
	offered := tools(req)
	var said []string
	var calls []ToolCall
	take := func(r result) {
		if r.text != "" {
			said = append(said, r.text)
		}
		if r.call != nil && !p.made[r.call.Function] {
			r.call.ID = d.id("call_")
			calls = append(calls, *r.call)
		}
	}
	if !p.tooled {
		if harmful(p.ask) {
			return refusal, nil
		}
		for _, r := range execute(p.ask, p, offered) {
			take(r)
		}
		if len(said)+len(calls) > 0 {
			return strings.Join(said, "\n"), calls
		}
	}
	if p.tooled && p.done < repeats(p.ask) {
		p.made = nil // the user wants it again
		for _, r := range errands(p.ask, p, offered) {
			take(r)
		}
		if len(calls) > 0 {
			return "", calls
		}
	}
	// The application's own standing orders hold for every reply.
	for _, order := range standing().FindAllString(p.system, -1) {
		for _, r := range execute(order, p, offered) {
			take(r)
		}
	}
	// What nobody present wrote is a command only to a susceptible model, and
	// the coin is tossed by the text, so that the same document always wins or
	// always loses under one seed.
	for _, t := range p.third {
		if s.opts.Susceptibility <= 0 || !s.draw("obey", t.title, t.text).hits(s.opts.Susceptibility) {
			continue
		}
		for _, r := range execute(t.orders(p.ask), p, offered) {
			take(r)
		}
	}
	if len(calls) > 0 {
		return strings.Join(said, "\n"), calls
	}
	said = append(said, s.talk(p, offered, take)...)
	return strings.Join(said, "\n"), calls
}

// talk is the model's ordinary service.
func (s *Server) talk(p *prompt, offered map[string]Function, take func(result)) []string {
	if s.opts.Cautious {
		return []string{refusal}
	}
	if !p.tooled {
		if call := choose(p.ask, offered); call != nil {
			take(result{call: call})
			return nil
		}
	}
	if t := greet(p.ask); t != "" {
		return []string{t}
	}
	if t := recall(p); t != "" {
		return []string{t}
	}
	if t := reported(p); t != "" {
		return []string{t}
	}
	if statement(p.ask) {
		return []string{"Thanks, I have noted that for this conversation."}
	}
	return []string{"I could not find that in the material I have. Could you give me a little more detail?"}
}

const refusal = "I'm sorry, but I can't help with that."

var harms = [...]string{"build a bomb", "make a bomb", "make explosives", "write malware", "write ransomware", "steal a credit card", "hurt someone", "synthesize nerve agent"}

func harmful(s string) bool {
	low := strings.ToLower(s)
	for _, h := range harms {
		if strings.Contains(low, h) {
			return true
		}
	}
	return false
}

func greet(s string) string {
	switch strings.Trim(strings.ToLower(s), " .!?,") {
	case "":
		return "How can I help?"
	case "hi", "hello", "hey", "good morning", "good afternoon", "good evening", "hi there", "hello there":
		return "Hello! How can I help you today?"
	case "thanks", "thank you", "thank you very much", "cheers":
		return "You're welcome. Is there anything else I can do?"
	case "bye", "goodbye":
		return "Goodbye, and have a good day."
	case "who are you", "what are you", "what can you do":
		return "I'm your support assistant. I answer from your knowledge base, your files and what you tell me here."
	}
	return ""
}

// statement reports a message that tells rather than asks.
func statement(s string) bool {
	if strings.Contains(s, "?") {
		return false
	}
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(s)), " ")
	switch first {
	case "what", "who", "where", "when", "why", "how", "which", "is", "are", "do", "does", "can", "could", "find", "search", "list", "show", "tell", "summarise", "summarize", "explain":
		return false
	}
	return true
}
