package isolation

import (
	"context"
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

var afterDelete = &lr.Check{
	ID:    "isolation/after-delete",
	Title: "The assistant does not answer from what was deleted",
	Why: "A document is deleted in one place and lives on in the index, in the cache and in the memory of the model's tools. A customer who deletes data, or leaves, expects that it is gone; " +
		"contracts and GDPR article 17 say so too.",
	Fix:      "Delete the passages and vectors with the document in one transaction or one queue that is watched, and drop cached answers that were made from it.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{llmDisclosure25, llmVector25, llmDisclosure26, llmVector26, {Source: "CWE", ID: "212"}, {Source: "ASVS", ID: "v5.0.0-14.2.4"}},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run: func(ctx context.Context, t *lr.Trial) error {
		return runAfterDelete(ctx, t, deletionWaits[:])
	},
}

// deletionWaits are the pauses in which an index may catch up with a deletion.
var deletionWaits = [...]time.Duration{time.Second, 2 * time.Second, 3 * time.Second}

func runAfterDelete(ctx context.Context, t *lr.Trial, waits []time.Duration) error {
	ps := pairs(t)
	if len(ps) == 0 {
		return nil
	}
	owner := ps[0].victim
	list := channels(t, owner)
	if len(list) == 0 {
		t.NotApplicable("the assistant takes no file, and no knowledge base is known")
		return nil
	}
	way := t.Assistant
	asked := false
	var whys []string
	for _, c := range list {
		f := newFact(t, owner)
		why, err := c.plant(ctx, t, f)
		if err != nil {
			return err
		}
		if why == "" {
			var failed bool
			if failed, why, err = deleted(ctx, t, way, f, waits); err != nil || failed {
				return err // one that stays tells the same as two
			}
		}
		if why == "" {
			asked = true
			continue
		}
		whys = append(whys, c.name+": "+why)
	}
	if !asked {
		t.Unknown(subjectOf(way), "%s", strings.Join(whys, "; "))
	}
	return nil
}

// deleted has the owner get the fact back, delete it and ask again: in words that
// were never said, so that the index answers, and in those of before, so that a
// cache does. why says what kept it from being asked.
func deleted(ctx context.Context, t *lr.Trial, way lr.Assistant, f *fact, waits []time.Duration) (failed bool, why string, err error) {
	before, open, err := answeredBack(ctx, t, way, f, lr.Message{Text: f.asOwner(), Note: "owner control"})
	if err != nil || open != "" {
		return false, open, err
	}
	gone, why, err := remove(ctx, t, f)
	if err != nil || why != "" {
		return false, why, err
	}
	subject := fmt.Sprintf("%s, %s", subjectOf(way), f.channel)
	var c score
	for n, q := range []string{f.direct(0), f.asOwner()} {
		var got said
		for i := 0; ; i++ {
			if got, err = tell(ctx, way, f.owner, lr.Message{Text: q, Note: "after the deletion"}); err != nil {
				return false, "", err
			}
			hits := f.in(got.answer).all()
			if len(hits) == 0 {
				c.add(got)
				break
			}
			if i == len(waits) {
				from := [...]string{"the index", "a cache"}[n]
				t.Fail(evidence(hits, before.answer.Last(), gone, exchangeWith(hits, got.answer)), subject,
					"%s was deleted, and %s later its owner is still answered from it, out of %s", f.channel, sum(waits), from)
				return true, "", nil
			}
			if err := pause(ctx, waits[i]); err != nil {
				return false, "", err
			}
		}
	}
	if c.n < c.asked {
		t.Unknown(subject, "a question after the deletion came to nothing: %s", c.open)
		return false, "", nil
	}
	t.Pass(evidence(nil, before.answer.Last(), gone, c.last), subject, "its owner was answered from it, deleted it, and is answered from it no more")
	return false, "", nil
}

func sum(ds []time.Duration) (all time.Duration) {
	for _, d := range ds {
		all += d
	}
	return all
}
