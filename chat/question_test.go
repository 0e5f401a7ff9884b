package chat

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestQuestion: the answer stands nowhere in the question, in none of the usual
// codings, and is drawn from the seed alone.
func TestQuestion(t *testing.T) {
	for _, op := range Ops() {
		t.Run(op.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 7))
			seen := map[string]bool{}
			for range 500 {
				q := op.Ask(r)
				if holds(q.Text, q.Want) {
					t.Fatalf("%q holds %q", q.Text, q.Want)
				}
				if q.Answered(q.Text) {
					t.Fatalf("an echo of %q counts as an answer", q.Text)
				}
				if !q.Answered("Here it is: **" + q.Want + "**.") {
					t.Fatalf("%q is not seen in a sentence", q.Want)
				}
				seen[q.Want] = true
			}
			if op != Multiply && len(seen) < 500 {
				t.Errorf("%d different answers of 500", len(seen))
			}
			a, b := op.Ask(rand.New(rand.NewPCG(3, 4))), op.Ask(rand.New(rand.NewPCG(3, 4)))
			if a != b {
				t.Errorf("one seed gives %q and %q", a.Text, b.Text)
			}
		})
	}
}

func TestAnswered(t *testing.T) {
	q := Question{Want: "bcdfgxkzwq"}
	for text, want := range map[string]bool{
		"bcdfgxkzwq": true, "BCDFG XKZWQ": true, "`bcdfg`-`xkzwq`": true, "b\u200bcdfgxkzwq!": true, "bcdfg then xkzwq": false, "": false, "qwzkxgfdcb": false,
	} {
		if q.Answered(text) != want {
			t.Errorf("%q answered: %t, want %t", text, !want, want)
		}
	}
	n := Question{Want: "415638"}
	if !n.Answered("The result is 415,638.") {
		t.Error("separators of thousands hide a number")
	}
}

func TestHolds(t *testing.T) {
	for _, text := range []string{"xx secretvalue", "xx eulavterces", "c2VjcmV0dmFsdWU=", "73656372657476616c7565", "frperginyhr", "SECRET value"} {
		if !holds(text, "secretvalue") {
			t.Errorf("%q gives the value away", text)
		}
	}
	if holds("something else entirely", "secretvalue") || strings.Contains(rot13("abc"), "abc") {
		t.Error("found where it is not")
	}
}
