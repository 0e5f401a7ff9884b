package secrets

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan"
)

// engine is the run's scanner: its fingerprints are the same in all checks, and
// where there is a place to keep their key, in all runs.
func engine(ctx context.Context, t *lr.Trial) (*secretscan.Scanner, error) {
	return lr.Recall(ctx, t.Memo, "secretscan", func(ctx context.Context) (*secretscan.Scanner, error) {
		o := secretscan.Options{Now: t.Now()}
		if at := t.Target.Material.Cache; at != "" {
			key, err := secretscan.KeyFile(filepath.Join(at, "fingerprints.key"))
			if err != nil {
				logger(t).Warn("nothing is kept for a next scan", "err", err)
			}
			o.Key = key
		}
		if t.Target.AskKey != nil {
			held, err := held(ctx, t)
			if err != nil {
				return nil, err
			}
			o.Reveal = held.keep
		}
		return secretscan.New(o)
	})
}

func logger(t *lr.Trial) *slog.Logger {
	if t.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return t.Log
}

// workTree searches the work tree, once in a run.
func workTree(ctx context.Context, t *lr.Trial) (secretscan.Result, error) {
	return lr.Recall(ctx, t.Memo, "secretscan/tree", func(ctx context.Context) (secretscan.Result, error) {
		s, err := engine(ctx, t)
		if err != nil {
			return secretscan.Result{}, err
		}
		return s.Tree(ctx, t.Target.Material.Repository)
	})
}

// mostTold bounds how many findings one check reports one by one.
const mostTold = 50

// mostPlaces bounds how many of the others are named in one line each.
const mostPlaces = 200

// tell reports what a scan came to. A secret that stands in several places is one
// finding, at its first. subject names what was searched, for a pass.
func tell(ctx context.Context, t *lr.Trial, res secretscan.Result, subject, what string) {
	first := map[string]secretscan.Finding{}
	places := map[string][]string{}
	var order []string
	spared := map[secretscan.Verdict]int{}
	for _, f := range res.Findings {
		if f.Verdict != secretscan.Secret {
			spared[f.Verdict]++
			continue
		}
		if _, had := first[f.Fingerprint]; !had {
			first[f.Fingerprint] = f
			order = append(order, f.Fingerprint)
		}
		places[f.Fingerprint] = append(places[f.Fingerprint], f.Place.String())
	}
	keys := askKeys(ctx, t, order, first)
	sort.SliceStable(order, func(i, j int) bool { return keys[order[i]].rank() < keys[order[j]].rank() })
	for i, print := range order {
		if i == mostTold {
			e := lr.Evidence{Records: []string{fmt.Sprintf("%d different secrets; the others begin at", len(order))}}
			for _, p := range order[i:min(len(order), i+mostPlaces)] {
				e.Records = append(e.Records, kind(first[p])+": "+first[p].Place.String())
			}
			if n := len(order) - i - mostPlaces; n > 0 {
				e.Records = append(e.Records, fmt.Sprintf("and %d more", n))
			}
			t.Fail(e, application, "%d more secrets were found in %s", len(order)-mostTold, what)
			break
		}
		f, k := first[print], keys[print]
		t.Report(lr.Outcome{
			Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: subjectOf(f), Severity: k.severity(), Fix: rotation(f.Provider),
			Message:  fmt.Sprintf("%s stands in %s: %s%s", kind(f), what, f.Reason, k.words(f.Provider)),
			Evidence: lr.Evidence{Records: append(shown(f, places[print]), k.record(f.Provider)...)},
		})
	}
	partial := res.Coverage.Partial()
	for _, why := range partial {
		t.Unknown(subject, "not all of it was read: %s", why)
	}
	if len(order) == 0 && len(partial) == 0 {
		earlier := ""
		if res.Coverage.Known > 0 {
			earlier = fmt.Sprintf(", %d objects in earlier runs", res.Coverage.Known)
		}
		t.Pass(lr.Evidence{}, subject, "%d files with %s were read%s, and hold no secret%s", res.Coverage.Files, size(res.Coverage.Bytes), earlier, sparing(spared))
	}
}

// subjectOf is where a secret stands, without a line, which changes by itself.
func subjectOf(f secretscan.Finding) string {
	s := f.Place.Path
	if f.Name != "" {
		s += " (" + f.Name + ")"
	}
	return s
}

// kind is what a secret is, in words.
func kind(f secretscan.Finding) string {
	if f.Provider != "" {
		return "a secret of " + f.Provider + " (" + f.Rule + ")"
	}
	if f.Rule == "secret" { // known by its name alone
		return "a secret"
	}
	return "a secret (" + f.Rule + ")"
}

// shown are the lines of evidence: what may be shown, and the places.
func shown(f secretscan.Finding, places []string) []string {
	const most = 10
	out := []string{f.Rule + ": " + f.Masked}
	for i, p := range places {
		if i == most {
			return append(out, fmt.Sprintf("and %d more places", len(places)-most))
		}
		out = append(out, p)
	}
	return out
}

func size(n int64) string {
	switch {
	case n < 10<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 10<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// sparing says what looked like a secret and is none.
func sparing(n map[secretscan.Verdict]int) string {
	var out []string
	for v, k := range n {
		if v == secretscan.Public || v == secretscan.Test || v == secretscan.Placeholder || v == secretscan.Expired {
			out = append(out, fmt.Sprintf("%d %s", k, v))
		}
	}
	if len(out) == 0 {
		return ""
	}
	sort.Strings(out)
	return "; not counted: " + strings.Join(out, ", ")
}
