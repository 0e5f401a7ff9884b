package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	lr "github.com/launchready/launchready"
)

// ScoreSchema names the contract of Score; scripts depend on it.
const ScoreSchema = "launchready.score/v1"

// Answer is one of a self-assessment. The zero value is unknown: what nobody
// answered is not a yes.
type Answer uint8

const (
	NotKnown Answer = iota
	Yes
	No
)

var answerNames = [...]string{"unknown", "yes", "no"}

func (a Answer) String() string {
	if int(a) < len(answerNames) {
		return answerNames[a]
	}
	return "unknown"
}

// MarshalText writes the answer as its word.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the word that MarshalText writes.
func (a *Answer) UnmarshalText(b []byte) error {
	got, ok := answerOf(string(b))
	if !ok {
		return fmt.Errorf("answer %q: want yes, no or unknown", b)
	}
	*a = got
	return nil
}

// unknownShare is how much of a no an unknown is: who does not know whether the
// door is shut has mostly left it open.
const unknownShare = 0.8

func (a Answer) risk() float64 {
	switch a {
	case Yes:
		return 0
	case No:
		return 1
	}
	return unknownShare
}

// grades are the least risk, in percent, at which a grade is no longer given.
var grades = [...]struct {
	grade string
	below float64
}{{"A", 10}, {"B", 25}, {"C", 45}, {"D", 70}, {"F", 101}}

// Answered is a question with its answer.
type Answered struct {
	Question
	Answer Answer  `json:"answer"`
	Points float64 `json:"points"` // of risk
	Use    []Use   `json:"use"`    // what Launch Ready does about it; empty after yes
}

// Use is what a verb does about an answer.
type Use struct {
	Verb    string `json:"verb"`
	Does    string `json:"does"`
	Command string `json:"command,omitempty"` // "" where this version has no such verb, or row
}

// Score is a self-assessment's result.
type Score struct {
	Schema   string       `json:"schema"`
	Risk     int          `json:"risk"`  // in percent: 0 is least
	Grade    string       `json:"grade"` // A to F
	Capped   string       `json:"capped,omitempty"`
	Points   float64      `json:"points"`
	Most     float64      `json:"most"`
	Answers  []Answered   `json:"answers"`   // in the order of the questions
	First    []string     `json:"first"`     // ids of what to do, most urgent first
	RedFlags []lr.RedFlag `json:"red_flags"` // raised by no
	Unclear  []string     `json:"unclear"`   // ids of red flags that an unknown neither raises nor rules out
	Method   []string     `json:"method"`
}

// Available says whether a verb exists, with these arguments, and can be asked
// about a row.
type Available func(verb, args, row string) bool

// Assess scores the answers, by the questions' ids. A question without an answer
// is unknown.
func Assess(answers map[string]Answer, has Available) *Score {
	s := &Score{Schema: ScoreSchema, Answers: []Answered{}, First: []string{}, RedFlags: []lr.RedFlag{}, Unclear: []string{}, Method: ScoreMethod()}
	worst := "A" // the best grade that the answers allow
	for _, q := range questions {
		a := Answered{Question: q, Answer: answers[q.ID], Use: []Use{}}
		a.Points = float64(q.Weight) * a.Answer.risk()
		s.Points += a.Points
		s.Most += float64(q.Weight)
		if a.Answer != Yes {
			for _, v := range q.Verbs {
				u := Use{Verb: v.Name, Does: v.Does}
				if has != nil && has(v.Name, v.Args, q.Row) {
					u.Command = "launchready " + v.Name
					if v.Args != "" {
						u.Command += " " + v.Args
					}
				}
				a.Use = append(a.Use, u)
			}
			s.First = append(s.First, q.ID)
		}
		s.Answers = append(s.Answers, a)
		switch {
		case q.Critical && a.Answer == No && worst != "F":
			worst, s.Capped = "F", fmt.Sprintf("no to %s: a critical no is an F, whatever the rest", q.ID)
		case q.Critical && a.Answer == NotKnown && worst == "A":
			worst, s.Capped = "D", fmt.Sprintf("%s is not known: with a critical unknown, D is the best grade", q.ID)
		}
		if q.RedFlag != "" {
			switch a.Answer {
			case No:
				s.RedFlags = append(s.RedFlags, raise(q.RedFlag, []string{"you answered no: " + q.Text}))
			case NotKnown:
				s.Unclear = append(s.Unclear, q.RedFlag)
			}
		}
	}
	exact := 100 * s.Points / s.Most
	s.Risk = int(math.Round(exact))
	s.Points = math.Round(s.Points*10) / 10
	for _, g := range grades {
		if exact < g.below {
			s.Grade = g.grade
			break
		}
	}
	if s.Grade >= worst {
		s.Capped = "" // the points alone come to no better
	} else {
		s.Grade = worst
	}
	slices.SortStableFunc(s.First, func(x, y string) int { return s.of(x).before(s.of(y)) })
	return s
}

// of is the answer to a question.
func (s *Score) of(id string) *Answered {
	for i := range s.Answers {
		if s.Answers[i].ID == id {
			return &s.Answers[i]
		}
	}
	return &Answered{}
}

// Todo are the answers that ask for something, most urgent first.
func (s *Score) Todo() []Answered {
	out := make([]Answered, 0, len(s.First))
	for _, id := range s.First {
		out = append(out, *s.of(id))
	}
	return out
}

// before orders what to do: what is critical, then by points.
func (a *Answered) before(b *Answered) int {
	critical := func(x *Answered) int {
		if x.Critical {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(critical(a), critical(b)), cmp.Compare(b.Points, a.Points))
}

// ScoreMethod tells how the score comes about, a sentence each.
func ScoreMethod() []string {
	return []string{
		"This is a self-assessment. Nothing was sent and nothing was tested: it proves nothing to a buyer, and no answer of it counts in an audit.",
		fmt.Sprintf("Each question weighs by impact: %d where strangers reach customer data, %d where money or the sale is lost, %d for harm under a condition, %d for trust.", data, money, harm, trust),
		fmt.Sprintf("No counts whole, yes nothing, unknown %g of a no: what nobody looked at is mostly open. The risk is the share of all points, in percent.", unknownShare),
		fmt.Sprintf("Grades by risk: A below %g, B below %g, C below %g, D below %g, else F. One critical no makes it an F, one critical unknown a D at best: nothing else makes up for it.", grades[0].below, grades[1].below, grades[2].below, grades[3].below),
	}
}
