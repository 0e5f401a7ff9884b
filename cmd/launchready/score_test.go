package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/plan"
)

// TestCommandsOfTheScore: every command that the self-check gives is one that
// this version takes, verb and flags alike.
func TestCommandsOfTheScore(t *testing.T) {
	p := &program{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: time.Now}
	root := p.root()
	given := 0
	for _, a := range plan.Assess(nil, existing(root)).Answers {
		for _, u := range a.Use {
			if u.Command == "" {
				continue
			}
			given++
			c, rest, err := root.Find(strings.Fields(u.Command)[1:])
			if err == nil {
				err = c.ParseFlags(rest)
			}
			if err != nil || c == root || c.Flags().NArg() > 0 {
				t.Errorf("%s: %q is no command: %v", a.ID, u.Command, err)
			}
		}
	}
	if given == 0 {
		t.Error("no command was given")
	}
}

// TestTypedAnswersEnd: an interrupt ends the questions while nobody types.
func TestTypedAnswersEnd(t *testing.T) {
	in, typing := io.Pipe()
	defer typing.Close()
	p := &program{in: in, err: io.Discard, environ: []string{"TERM=dumb"}}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if answers, err := p.askAll(ctx); !errors.Is(err, context.Canceled) || answers != nil {
		t.Errorf("got %v, %v", answers, err)
	}
}
