package hygiene

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

func serverError(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/server-error",
		Title: "A malformed request is refused as the caller's mistake",
		Why: "A 500 for a wrong input means that nothing judged it before the code ran into it. Each one pages somebody at night, hides the real ones among them, " +
			"and shows an attacker where to go on.",
		Fix: "Judge body, path and query against the schema before the handler runs, and answer 400, 404, 415 or 422. " +
			"Where parsing fails deeper, let the error say whose mistake it was.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "20"}, {Source: "CWE", ID: "755"}, {Source: "ASVS", ID: "v5.0.0-16.5.3"}},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			got, err := c.of(ctx, t)
			if err != nil {
				return err
			}
			return runServerError(ctx, t, got)
		},
	}
}

// runServerError asks each malformed request that was answered 5xx once more. It
// counts where the route works when it is asked right, and where it does not
// answer the same to an object that merely does not exist: some applications
// know no "not found".
func runServerError(ctx context.Context, t *lr.Trial, got *provoked) error {
	bySubject := map[string][]*reply{}
	var subjects []string
	for _, r := range got.replies {
		if !r.malformed {
			continue
		}
		if bySubject[r.subject] == nil {
			subjects = append(subjects, r.subject)
		}
		bySubject[r.subject] = append(bySubject[r.subject], r)
	}
	if len(subjects) == 0 {
		t.Unknown(application, "no malformed request was answered")
		return nil
	}
	return oracle.Each(ctx, subjects, func(ctx context.Context, subject string) error {
		return broken(ctx, t, got, subject, bySubject[subject])
	})
}

func broken(ctx context.Context, t *lr.Trial, got *provoked, subject string, replies []*reply) error {
	var inputs []string
	var bad *reply
	busy, refused := 0, false
	for _, r := range replies {
		switch {
		case busyStatus(r.x.Status):
			busy++
		case r.x.Status >= 500:
			if inputs = append(inputs, r.input); bad == nil {
				bad = r
			}
		default:
			refused = true
		}
	}
	switch {
	case bad == nil && busy == len(replies):
		t.Unknown(subject, "answered %d each time: busy, or not there", replies[0].x.Status)
		return nil
	case bad == nil:
		t.Pass(lr.Seen(replies[0].x), subject, "%d malformed requests were refused or taken", len(replies)-busy)
		return nil
	case got.missing[subject]:
		t.Pass(lr.Seen(bad.x), subject, "answers 5xx to an object that does not exist as well: that is how it says not found")
		return nil
	case !got.works[subject] && !refused:
		t.Unknown(subject, "answered %d to %s, and no well-formed request is known to work", bad.x.Status, bad.input)
		return nil
	}
	x, err := t.HTTP.Do(ctx, bad.as, bad.request)
	if err != nil {
		if err := ended(ctx, err); err != nil {
			return err
		}
		t.Unknown(subject, "%s was not answered a second time: %v", bad.input, err)
		return nil
	}
	if x.Status < 500 || busyStatus(x.Status) {
		t.Unknown(subject, "answered %d to %s, and %d the second time", bad.x.Status, bad.input, x.Status)
		return nil
	}
	slices.Sort(inputs)
	e := lr.Seen(bad.x, x)
	e.Records = []string{fmt.Sprintf("%d, and %d again", bad.x.Status, x.Status)}
	t.Fail(e, subject, "answers %d to %s, twice", x.Status, strings.Join(slices.Compact(inputs), "; "))
	return nil
}

// busyStatus reports a 5xx or 429 that says nothing about the input: not
// implemented, busy, or a gateway without an application behind it.
func busyStatus(status int) bool {
	return status == 429 || status >= 501 && status <= 504 || status >= 520
}
