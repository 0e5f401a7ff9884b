package plan

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// mostAnswers bounds a file of answers.
const mostAnswers = 64 << 10

// answerOf reads a word as people write it.
func answerOf(s string) (Answer, bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "y":
		return Yes, true
	case "no", "n":
		return No, true
	case "unknown", "?", "u", "do not know", "don't know":
		return NotKnown, true
	}
	return NotKnown, false
}

// ReadAnswer reads one answer as it is typed: yes, no or unknown, or its letter.
func ReadAnswer(s string) (Answer, error) {
	a, ok := answerOf(s)
	if !ok {
		return NotKnown, fmt.Errorf("%q is no answer: yes, no or unknown", clip(strings.TrimSpace(s)))
	}
	return a, nil
}

// ListedAnswers reads yes,no,unknown,… in the order of the questions.
func ListedAnswers(s string) (map[string]Answer, error) {
	words := strings.Split(s, ",")
	if len(words) != len(questions) {
		return nil, fmt.Errorf("%d answers for %d questions", len(words), len(questions))
	}
	out := map[string]Answer{}
	for i, w := range words {
		a, err := ReadAnswer(w)
		if err != nil {
			return nil, fmt.Errorf("answer %d, to %s: %w", i+1, questions[i].ID, err)
		}
		out[questions[i].ID] = a
	}
	return out, nil
}

// ParseAnswers reads a file of answers: QUESTION: ANSWER, one a line, with # for
// comments. Every question must stand in it once: one that was forgotten is a
// mistake, one that nobody can answer is unknown.
func ParseAnswers(text []byte) (map[string]Answer, error) {
	if len(text) > mostAnswers {
		return nil, fmt.Errorf("more than %d bytes: these are no answers", mostAnswers)
	}
	out := map[string]Answer{}
	var errs []error
	sc := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	sc.Buffer(nil, mostAnswers+1)
	for n := 1; sc.Scan(); n++ {
		line, _, _ := strings.Cut(sc.Text(), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := parseAnswer(line, out); err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", n, err))
		}
		if len(errs) == len(questions) { // it is another kind of file
			return nil, errors.Join(errs...)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	var missing []string
	for _, q := range questions {
		if _, there := out[q.ID]; !there {
			missing = append(missing, q.ID)
		}
	}
	if len(missing) > 0 && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("no answer to %s: write unknown where nobody knows", strings.Join(missing, ", ")))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return out, nil
}

func parseAnswer(line string, out map[string]Answer) error {
	at := strings.IndexAny(line, ":=")
	if at < 0 {
		return fmt.Errorf("%q: write QUESTION: yes, no or unknown", clip(line))
	}
	id := strings.TrimSpace(line[:at])
	if !slices.ContainsFunc(questions[:], func(q Question) bool { return q.ID == id }) {
		return fmt.Errorf("there is no question %q", clip(id))
	}
	if _, twice := out[id]; twice {
		return fmt.Errorf("%s is answered twice", id)
	}
	a, err := ReadAnswer(line[at+1:])
	if err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	out[id] = a
	return nil
}

// clip bounds what a message repeats.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
