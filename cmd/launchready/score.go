package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"charm.land/huh/v2"
	"github.com/spf13/cobra"

	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report/term"
)

var scoreFormats = []string{"term", "json"}

type scoreFlags struct {
	answers   string
	format    string
	questions bool
}

func (p *program) scoreVerb() *cobra.Command {
	f := &scoreFlags{}
	c := &cobra.Command{
		Use:   "score",
		Short: "Assess yourself, with nothing set up",
		Long: `Assess yourself, with nothing set up.

It asks a good dozen questions, the scorecard's rows, to be answered yes, no or unknown, and
gives a risk score with its method, what to do about each no and unknown, and when to
bring in a senior engineer. Nothing is sent anywhere, and it proves nothing: the audit does.

On a terminal it asks one by one. For scripts, --questions prints a file to fill in, and
--answers takes it, or the answers in order: yes,no,unknown,…

Exit codes: 0 when every question is answered, whatever the score; 2 when an answer is
missing or none; 130 when it was interrupted.`,
		Example: `  launchready score
  launchready score --questions > answers.txt
  launchready score --answers answers.txt --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.questions {
				return p.printQuestions()
			}
			return p.score(c.Context(), c.Root(), f, c.Flags().Changed("answers"))
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.answers, "answers", "", "file of answers, - for stdin, or yes,no,unknown,… in the order of --questions")
	fl.StringVar(&f.format, "format", "term", "form of the result: "+strings.Join(scoreFormats, ", "))
	fl.BoolVar(&f.questions, "questions", false, "print the questions as a file of answers to fill in")
	complete(c, "format", scoreFormats...)
	return c
}

func (p *program) score(ctx context.Context, root *cobra.Command, f *scoreFlags, given bool) error {
	if err := oneOf("format", f.format, scoreFormats); err != nil {
		return err
	}
	answers, err := p.answers(ctx, f, given)
	if err != nil {
		return err
	}
	s := plan.Assess(answers, existing(root))
	if f.format == "json" {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			return fmt.Errorf("write the score: %w", err)
		}
		return nil
	}
	return term.Score(p.out, s, p.look(p.out))
}

// existing tells which verbs this version has, and which rows its audit asks.
func existing(root *cobra.Command) plan.Available {
	return func(verb, args, row string) bool {
		c, rest, err := root.Find(append([]string{verb}, strings.Fields(args)...))
		has := err == nil && c != root && (len(rest) == 0 || strings.HasPrefix(rest[0], "-"))
		return has && (verb != "audit" || slices.Contains(rowIDs(), row))
	}
}

func (p *program) answers(ctx context.Context, f *scoreFlags, given bool) (map[string]plan.Answer, error) {
	switch {
	case !given && p.interactive():
		return p.askAll(ctx)
	case !given:
		return nil, setup(errors.New("nobody is there to be asked: launchready score --questions > answers.txt, fill it in, then launchready score --answers answers.txt"))
	}
	if strings.Contains(f.answers, ",") {
		answers, err := plan.ListedAnswers(f.answers)
		if err != nil {
			return nil, setup(fmt.Errorf("--answers: %w; --questions prints them in order", err))
		}
		return answers, nil
	}
	text, err := p.answersFile(f.answers)
	if err != nil {
		return nil, setup(fmt.Errorf("--answers: %w", err))
	}
	answers, err := plan.ParseAnswers(text)
	if err != nil {
		return nil, setup(fmt.Errorf("--answers %s: %w", f.answers, err))
	}
	return answers, nil
}

// answersFile reads a little more than the parser takes: it says what is too much.
func (p *program) answersFile(name string) ([]byte, error) {
	const most = 1 << 20
	if name == "" {
		return nil, errors.New("name a file, - for stdin, or yes,no,unknown,… in the order of --questions")
	}
	if name == "-" {
		return io.ReadAll(io.LimitReader(p.in, most))
	}
	f, err := os.Open(p.path(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// printQuestions is a file of answers, none of them given yet.
func (p *program) printQuestions() error {
	w := &lines{}
	w.add("# launchready score --answers FILE. Write yes, no or unknown behind each name.")
	for _, q := range plan.Questions() {
		w.add("\n# %s\n# To find out: %s\n%s: unknown", q.Text, q.How, q.ID)
	}
	return w.to(p.out)
}

// askAll asks one question after the other: as a choice, or line by line on a
// terminal that can do no more.
func (p *program) askAll(ctx context.Context) (map[string]plan.Answer, error) {
	if v, _ := p.env("TERM"); v == "" || v == "dumb" {
		return p.typeAll(ctx)
	}
	questions := plan.Questions()
	given := make([]plan.Answer, len(questions))
	var pages []*huh.Group
	for i, q := range questions {
		pages = append(pages, huh.NewGroup(huh.NewSelect[plan.Answer]().Title(numbered(i, q)).Description(q.How).Value(&given[i]).
			Options(huh.NewOption("yes", plan.Yes), huh.NewOption("no", plan.No), huh.NewOption("do not know", plan.NotKnown))))
	}
	if err := p.askPages(ctx, pages...); err != nil {
		return nil, err
	}
	answers := map[string]plan.Answer{}
	for i, q := range questions {
		answers[q.ID] = given[i]
	}
	return answers, nil
}

func numbered(i int, q plan.Question) string {
	return fmt.Sprintf("%d of %d  %s", i+1, len(plan.Questions()), q.Text)
}

// typeAll asks line by line.
func (p *program) typeAll(ctx context.Context) (map[string]plan.Answer, error) {
	ask := p.typed(ctx)
	answers := map[string]plan.Answer{}
	for i, q := range plan.Questions() {
		a, err := ask(ctx, numbered(i, q), q.How)
		if err != nil {
			return nil, err
		}
		answers[q.ID] = a
	}
	return answers, nil
}

// typed asks by lines. The reading goes on beside the program, so that an
// interrupt ends the questions and not only the next one.
func (p *program) typed(ctx context.Context) func(context.Context, string, string) (plan.Answer, error) {
	typed := make(chan string)
	go func() {
		defer close(typed)
		sc := bufio.NewScanner(p.in)
		for sc.Scan() {
			select {
			case typed <- sc.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return func(ctx context.Context, title, how string) (plan.Answer, error) {
		fmt.Fprintf(p.err, "%s\n  %s\n", title, how)
		for {
			fmt.Fprint(p.err, "yes, no or unknown: ")
			select {
			case <-ctx.Done():
				return plan.NotKnown, ctx.Err()
			case line, more := <-typed:
				if !more {
					return plan.NotKnown, setup(errors.New("stopped: not every question is answered"))
				}
				a, err := plan.ReadAnswer(line)
				if err == nil {
					return a, nil
				}
				fmt.Fprintf(p.err, "%v\n", err)
			}
		}
	}
}
