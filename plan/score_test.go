package plan_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

// all answers every question alike, but for the ones that are named.
func all(a plan.Answer, but map[string]plan.Answer) map[string]plan.Answer {
	out := map[string]plan.Answer{}
	for _, q := range plan.Questions() {
		out[q.ID] = a
	}
	for id, b := range but {
		out[id] = b
	}
	return out
}

func TestAssess(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]plan.Answer
		risk    int
		grade   string
		capped  string
		first   string
		flags   int
		unclear int
	}{
		{"all yes", all(plan.Yes, nil), 0, "A", "", "", 0, 0},
		{"all no", all(plan.No, nil), 100, "F", "", "auth", 5, 0},
		{"all unknown", all(plan.NotKnown, nil), 80, "F", "", "auth", 0, 5},
		{"nothing answered is nothing known", nil, 80, "F", "", "auth", 0, 5},
		{"one critical no", all(plan.Yes, map[string]plan.Answer{"tenant-filter": plan.No}), 9, "F", "no to tenant-filter", "tenant-filter", 0, 0},
		{"one critical unknown", all(plan.Yes, map[string]plan.Answer{"model-tools": plan.NotKnown}), 7, "D", "model-tools is not known", "model-tools", 0, 1},
		{"a critical no beside a critical unknown", all(plan.Yes, map[string]plan.Answer{"auth": plan.NotKnown, "model-data": plan.No}), 16, "F", "no to model-data", "model-data", 1, 0},
		{"one mild no", all(plan.Yes, map[string]plan.Answer{"latency": plan.No}), 2, "A", "", "latency", 0, 0},
		{"what costs money", all(plan.Yes, map[string]plan.Answer{"mail": plan.No, "https": plan.No}), 13, "B", "", "mail", 0, 0},
		{"critical first, then by points", all(plan.Yes, map[string]plan.Answer{"latency": plan.No, "limits": plan.No, "secrets": plan.NotKnown}), 15, "D", "secrets is not known", "secrets", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := plan.Assess(c.answers, nil)
			first := ""
			if len(s.First) > 0 {
				first = s.First[0]
			}
			if s.Risk != c.risk || s.Grade != c.grade || !strings.HasPrefix(s.Capped, c.capped) || c.capped == "" && s.Capped != "" || first != c.first || len(s.RedFlags) != c.flags || len(s.Unclear) != c.unclear {
				t.Errorf("got risk %d, grade %s, capped %q, first %q, %d red flags, %d unclear", s.Risk, s.Grade, s.Capped, first, len(s.RedFlags), len(s.Unclear))
			}
			if len(s.Answers) != len(plan.Questions()) || len(s.Method) == 0 || !strings.Contains(s.Method[0], "proves nothing") {
				t.Error("the score does not say all of itself")
			}
		})
	}
}

// TestAssessIsMonotone: a worse answer never lowers the risk nor lifts the grade.
func TestAssessIsMonotone(t *testing.T) {
	ladder := []plan.Answer{plan.Yes, plan.NotKnown, plan.No}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		answers := map[string]plan.Answer{}
		step := map[string]int{}
		for _, q := range plan.Questions() {
			step[q.ID] = r.IntN(3)
			answers[q.ID] = ladder[step[q.ID]]
		}
		before := plan.Assess(answers, nil)
		for id, at := range step {
			if at == 2 {
				continue
			}
			answers[id] = ladder[at+1]
			after := plan.Assess(answers, nil)
			answers[id] = ladder[at]
			if after.Risk < before.Risk || after.Grade < before.Grade {
				t.Errorf("seed %d: %s worse, and risk %d %s becomes %d %s", seed, id, before.Risk, before.Grade, after.Risk, after.Grade)
			}
		}
	}
}

// TestUse: a verb that this version has is given as a command, another one is not.
func TestUse(t *testing.T) {
	has := func(verb, _, row string) bool { return verb == "audit" && row == "isolation" }
	s := plan.Assess(all(plan.Yes, map[string]plan.Answer{"tenant-filter": plan.No, "secrets": plan.NotKnown}), has)
	for _, a := range s.Answers {
		for _, u := range a.Use {
			want := ""
			if a.ID == "tenant-filter" && u.Verb == "audit" {
				want = "launchready audit --only isolation --mutate"
			}
			if u.Command != want || u.Does == "" {
				t.Errorf("%s: got %+v, want command %q", a.ID, u, want)
			}
		}
		if len(a.Use) > 0 != (a.Answer != plan.Yes) {
			t.Errorf("%s answered %s: got %d uses", a.ID, a.Answer, len(a.Use))
		}
	}
}

// TestQuestions: every row of the scorecard is asked for, every question is
// whole, and each red flag is raised by one.
func TestQuestions(t *testing.T) {
	rows, ids, flags := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, q := range plan.Questions() {
		if ids[q.ID] {
			t.Errorf("%s is asked twice", q.ID)
		}
		ids[q.ID], rows[q.Row] = true, true
		if q.RedFlag != "" {
			flags[q.RedFlag] = true
		}
		if !strings.HasSuffix(q.Text, "?") || q.How == "" || q.Why == "" || q.Hand == "" || len(q.Verbs) == 0 || q.Weight <= 0 || strings.ContainsAny(q.ID, " :=,#") {
			t.Errorf("%+v is not whole", q)
		}
		if q.Critical != (q.Weight == 10) {
			t.Errorf("%s: weight %d, critical %v", q.ID, q.Weight, q.Critical)
		}
	}
	for _, row := range lr.RowIDs() {
		if !rows[row] {
			t.Errorf("nothing is asked of the row %s", row)
		}
	}
	for _, f := range plan.Flags() {
		if !flags[f.ID] {
			t.Errorf("no question raises the red flag %s", f.ID)
		}
	}
}

func TestAnswersComeBack(t *testing.T) {
	b, err := json.Marshal(plan.Assess(all(plan.No, map[string]plan.Answer{"auth": plan.Yes, "mail": plan.NotKnown}), nil))
	if err != nil {
		t.Fatal(err)
	}
	var back plan.Score
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if back.Answers[0].Answer != plan.Yes || back.Answers[1].Answer != plan.No || back.Schema != plan.ScoreSchema {
		t.Errorf("got %+v", back.Answers[:2])
	}
	if err := json.Unmarshal([]byte(`{"answers":[{"answer":"perhaps"}]}`), &back); err == nil {
		t.Error("an answer that is none is taken")
	}
	if got := plan.Answer(9).String(); got != "unknown" {
		t.Errorf("an answer out of range is %q", got)
	}
}

func TestListedAnswers(t *testing.T) {
	n := len(plan.Questions())
	list := func(words ...string) string { return strings.Join(words, ",") }
	for name, c := range map[string]struct{ in, want string }{
		"in order":     {list(slices.Repeat([]string{"yes"}, n)...), ""},
		"with letters": {list(append(slices.Repeat([]string{" N "}, n-1), "?")...), ""},
		"too few":      {"yes,no", "2 answers for 16 questions"},
		"too many":     {list(slices.Repeat([]string{"yes"}, n+1)...), "17 answers for 16 questions"},
		"no answer":    {list(append(slices.Repeat([]string{"yes"}, n-1), "maybe")...), `answer 16, to incident-owner: "maybe" is no answer`},
		"an empty one": {list(append([]string{""}, slices.Repeat([]string{"yes"}, n-1)...)...), `answer 1, to auth: "" is no answer`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := plan.ListedAnswers(c.in)
			if c.want == "" && (err != nil || len(got) != n) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, %v, want %q", got, err, c.want)
			}
		})
	}
}

// answered is a file of answers, all alike.
func answered(word string) string {
	var b strings.Builder
	for _, q := range plan.Questions() {
		b.WriteString(q.ID + ": " + word + "\n")
	}
	return b.String()
}

func TestParseAnswers(t *testing.T) {
	whole := answered("no")
	for name, c := range map[string]struct{ in, want string }{
		"whole":               {whole, ""},
		"comments and blanks": {"\ufeff# hello\n\n" + strings.ReplaceAll(whole, ": no", " = No   # really"), ""},
		"windows":             {strings.ReplaceAll(whole, "\n", "\r\n"), ""},
		"empty":               {"", "no answer to auth, auth-in-one-place"},
		"one forgotten":       {strings.Replace(whole, "mail: no\n", "", 1), "no answer to mail: write unknown where nobody knows"},
		"twice":               {whole + "mail: yes\n", "line 17: mail is answered twice"},
		"unknown question":    {"maill: no\n" + whole, `line 1: there is no question "maill"`},
		"no answer":           {strings.Replace(whole, "auth: no", "auth: perhaps", 1), `line 1: auth: "perhaps" is no answer: yes, no or unknown`},
		"no form":             {"hello\n" + whole, `line 1: "hello": write QUESTION: yes, no or unknown`},
		"another file":        {strings.Repeat("{}\n", 1000), "line 16:"},
		"too long":            {strings.Repeat("#", 1<<17), "more than 65536 bytes"},
		"long lines are cut":  {strings.Repeat("x", 5000), "xxx…"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := plan.ParseAnswers([]byte(c.in))
			switch {
			case c.want == "" && (err != nil || len(got) != len(plan.Questions()) || got["mail"] != plan.No):
				t.Errorf("got %v, %v", got, err)
			case c.want != "" && (err == nil || got != nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 4096):
				t.Errorf("got %v, %v, want %q", got, err, c.want)
			}
		})
	}
}

// FuzzParseAnswers: whatever comes in, it is answers to every question or an
// error of bounded length, and never both.
func FuzzParseAnswers(f *testing.F) {
	for _, s := range []string{"", answered("yes"), answered("?"), "auth: yes", "auth=no # x\nauth: no", "\xff\xfe: yes", ":", "# only"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := plan.ParseAnswers(in)
		if (err == nil) == (got == nil) {
			t.Fatalf("got %v and %v", got, err)
		}
		if err != nil {
			if len(err.Error()) > 8192 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		for _, q := range plan.Questions() {
			if _, there := got[q.ID]; !there {
				t.Errorf("no answer to %s, and no error", q.ID)
			}
		}
	})
}
