package model

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

// uploads is the delivery of a text within a file that the user gives to the
// assistant and then asks about.
func uploads(t *lr.Trial, name string, write func(s scene, words string) lr.File) delivery {
	return delivery{name: name, ask: func(ctx context.Context, s scene, words string) (*lr.Answer, error) {
		as := user(t)
		id, xs, err := t.Assistant.Put(ctx, as, write(s, words))
		if err != nil {
			return &lr.Answer{Exchanges: xs}, fmt.Errorf("give the assistant a file: %w", err)
		}
		return say(ctx, t, t.Assistant, as, lr.Message{Text: s.ask(), Files: []string{id}, Note: "a question about the file"})
	}}
}

// file puts an experiment with uploaded files to an assistant that takes some.
func file(ctx context.Context, t *lr.Trial, bad string, ds ...delivery) error {
	if !t.Assistant.Skills().Uploads {
		t.NotApplicable("the assistant takes no files, as far as its description tells: describe it under chat.upload where it does")
		return nil
	}
	return experiment{subject: whereOf(t), bad: bad, deliveries: ds}.put(ctx, t)
}

// named is the usual name of a scene's file.
func (s scene) named(extension string) string { return s.topic.thing + "-" + s.ref + extension }
