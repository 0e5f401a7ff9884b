package model

import (
	"math"
	"strings"
)

// line is one sentence the model may repeat.
type line struct {
	text  string
	terms []string
	title []string
	cite  string
	lead  string // said before it
}

// recall answers from the sentences of the prompt: those that share most of the
// rare words of the question. It is why a document of the wrong customer in the
// prompt is an answer with the wrong customer's data.
func recall(p *prompt) string {
	q := words(p.ask)
	if len(q) == 0 {
		return ""
	}
	lines := material(p)
	df := map[string]int{}
	for _, l := range lines {
		seen := map[string]bool{}
		for _, w := range append(l.terms, l.title...) {
			if !seen[w] {
				seen[w] = true
				df[w]++
			}
		}
	}
	weight := func(w string) float64 { return math.Log(1 + float64(len(lines)+1)/float64(1+df[w])) }
	var total float64
	for _, w := range q {
		if df[w] > 0 {
			total += weight(w)
		} else {
			total += weight(w) / 2 // people ask in words the text does not use
		}
	}
	best, score := -1, 0.0
	scores := make([]float64, len(lines))
	for i, l := range lines {
		for _, w := range q {
			switch {
			case has(l.terms, w):
				scores[i] += weight(w)
			case has(l.title, w):
				scores[i] += weight(w) / 2
			}
		}
		// A tie goes to the first sentence of a document, and to the user's
		// newest word.
		if scores[i] > score || scores[i] > 0 && scores[i] == score && l.lead != "" {
			best, score = i, scores[i]
		}
	}
	if summary(p.ask) && len(p.third) > 0 {
		return summarise(p)
	}
	if best < 0 || score < total*0.2 {
		return ""
	}
	out := lines[best].say()
	// A second sentence joins when it answers nearly as well.
	for i, l := range lines {
		if i != best && scores[i] >= score*0.8 && l.text != lines[best].text {
			return out + " " + l.say()
		}
	}
	return out
}

func (l line) say() string {
	s := l.lead + l.text
	if l.cite != "" {
		s += " [" + l.cite + "]"
	}
	return s
}

// material lists the sentences to answer from: documents, the application's own
// facts and what the user said before.
func material(p *prompt) []line {
	var out []line
	for _, t := range p.third {
		title := words(unmark(t.title))
		for _, s := range sentences(unmark(t.text)) {
			out = append(out, line{text: s, terms: words(s), title: title, cite: t.label})
		}
	}
	for _, s := range sentences(p.system) {
		if !addressed(s) {
			out = append(out, line{text: s, terms: words(s)})
		}
	}
	for _, turn := range p.past {
		for _, s := range sentences(turn) {
			if statement(s) {
				out = append(out, line{text: s, terms: words(s), lead: "You told me: "})
			}
		}
	}
	return out
}

// addressed reports a sentence of the system prompt that speaks to the model
// instead of stating a fact.
func addressed(s string) bool {
	first, _, _ := strings.Cut(strings.ToLower(s), " ")
	switch strings.Trim(first, ",:") {
	case "you", "never", "always", "do", "don't", "answer", "use", "cite", "if", "reply", "be", "only", "keep", "treat":
		return true
	}
	return false
}

// unmark undoes datamarking, so that marked text can be quoted. As commands it
// is read marked, and so is none.
func unmark(s string) string {
	return strings.NewReplacer("\ue000", " ", "^", " ").Replace(s)
}

func summary(ask string) bool {
	low := strings.ToLower(ask)
	return strings.Contains(low, "summar") || strings.Contains(low, "tl;dr")
}

// summarise says the first sentence of each document, three at most.
func summarise(p *prompt) string {
	var out []string
	for _, t := range p.third {
		if ss := sentences(unmark(t.text)); len(ss) > 0 && len(out) < 3 {
			out = append(out, line{text: ss[0], cite: t.label}.say())
		}
	}
	return strings.Join(out, " ")
}

func has(ws []string, w string) bool {
	for _, x := range ws {
		if x == w {
			return true
		}
	}
	return false
}
