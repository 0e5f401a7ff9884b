package term_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report/term"
)

func score(t *testing.T, o term.Options, alike plan.Answer, but map[string]plan.Answer) string {
	t.Helper()
	answers := map[string]plan.Answer{}
	for _, q := range plan.Questions() {
		answers[q.ID] = alike
	}
	for id, a := range but {
		answers[id] = a
	}
	has := func(verb, _, row string) bool { return verb == "audit" && (row == "auth" || row == "isolation") }
	var b bytes.Buffer
	if err := term.Score(&b, plan.Assess(answers, has), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestScoreGolden(t *testing.T) {
	some := map[string]plan.Answer{"tenant-filter": plan.No, "secrets": plan.NotKnown, "mail": plan.No, "incident-owner": plan.No}
	golden(t, "score.txt", []byte(score(t, term.Options{}, plan.Yes, some)))
	golden(t, "score-color.txt", []byte(score(t, term.Options{Color: true, Width: 100}, plan.Yes, some)))
	golden(t, "score-yes.txt", []byte(score(t, term.Options{}, plan.Yes, nil)))
	golden(t, "score-unknown.txt", []byte(score(t, term.Options{Width: 50}, plan.NotKnown, nil)))
}

// TestScoreFits: nothing is wider than asked for but commands.
func TestScoreFits(t *testing.T) {
	for _, l := range strings.Split(score(t, term.Options{Width: 60}, plan.No, nil), "\n") {
		if len([]rune(l)) > 60 && !strings.Contains(l, "launchready ") {
			t.Errorf("%d wide: %s", len([]rune(l)), l)
		}
	}
}

func TestScoreWriteError(t *testing.T) {
	if err := term.Score(broken{}, plan.Assess(nil, nil), term.Options{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
