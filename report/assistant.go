package report

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// Talked tells, a sentence each, how the assistant was spoken to, what it took and
// how useful it is. Nothing where nobody asked it.
func Talked(r *lr.Report) []string {
	a := r.Assistant
	if a == nil {
		return nil
	}
	var out []string
	switch {
	case a.Reason != "":
		out = append(out, "None was found: "+strings.TrimSuffix(a.Reason, ".")+".")
	case a.Subject != "":
		text := a.Subject
		switch a.Preset {
		case "":
		case "auto":
			text += ", its shape found by asking"
		case "custom":
			text += ", as the configuration describes it"
		default:
			text += ", spoken to as " + a.Preset
		}
		if skills := skillsOf(a); len(skills) > 0 {
			text += "; it " + strings.Join(skills, ", ")
		}
		if n := len(a.Twins); n > 0 {
			text += "; " + Count(n, "other way") + " to it: " + strings.Join(a.Twins, ", ")
		}
		out = append(out, text+".")
	}
	if a.Calls > 0 {
		text := fmt.Sprintf("%s reached the model: %d tokens, $%.4f", Count(a.Calls, "request"), a.Tokens, r.SpentUSD)
		if a.Guessed > 0 {
			text += fmt.Sprintf("; %d of them counted at the worst, because their replies told no usage", a.Guessed)
		}
		out = append(out, text+".")
	}
	if u := a.Utility; u != nil && u.Asked > 0 {
		out = append(out, fmt.Sprintf("Utility: %d of %s answered, %d refused, %d without an answer. No verdict rests on it.", u.Answered, Count(u.Asked, "ordinary question"), u.Refused, u.Failed))
	}
	return out
}

func skillsOf(a *lr.AssistantReport) []string {
	var out []string
	for _, s := range []struct {
		has  bool
		word string
	}{{len(a.Computes) > 0, "computes"}, {a.Remembers, "remembers"}, {a.Uploads, "takes files"}, {a.Streams, "streams"}} {
		if s.has {
			out = append(out, s.word)
		}
	}
	return out
}
