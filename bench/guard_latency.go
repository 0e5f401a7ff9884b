package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"
)

// open compares latency at a rate that does not wait for answers.
func (f *field) open(ctx context.Context, all []*subject, path string) error {
	g := f.s.guard
	p50, p99, most := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for round := range f.s.runs {
		for _, s := range turned(all, round) {
			request := question(path, s.header, false)
			var took []float64
			err := s.over(ctx, 4*g.callers, func(lines callers) error {
				_, err := lines.paced(ctx, request, g.rate, time.Second) // not counted
				if err == nil {
					took, err = lines.paced(ctx, request, g.rate, 2*g.span)
				}
				return err
			})
			if err != nil {
				return err
			}
			slices.Sort(took)
			p50[s.name], p99[s.name] = append(p50[s.name], rank(took, 0.5)), append(p99[s.name], rank(took, 0.99))
			most[s.name] = append(most[s.name], took[len(took)-1])
		}
	}
	var rows [][]string
	for _, s := range all {
		rows = append(rows, []string{s.name, spread(p50[s.name], 3), spread(p99[s.name], 3), spread(less(p50[s.name], p50["direct"]), 3), spread(less(p99[s.name], p99["direct"]), 3), fmt.Sprintf("%.1f", slices.Max(most[s.name]))})
	}
	return table(f.s, fmt.Sprintf("%d requests a second, each when it is due, times from then, medians of %d rounds of %s, ms", g.rate, f.s.runs, 2*g.span),
		[]string{"proxy", "p50", "p99", "added p50", "added p99", "most"}, rows)
}

// asked is how many streams are opened of each in a round, one after another.
const asked = 60

// firstByte compares how long the first byte of a stream takes to come.
func (f *field) firstByte(ctx context.Context, all []*subject, path string) error {
	all, err := f.streamers(ctx, all, path)
	if err != nil {
		return err
	}
	p50, p99 := map[string][]float64{}, map[string][]float64{}
	for range f.s.runs {
		took, err := firsts(ctx, all, path)
		if err != nil {
			return err
		}
		for _, s := range all {
			slices.Sort(took[s.name])
			p50[s.name], p99[s.name] = append(p50[s.name], rank(took[s.name], 0.5)), append(p99[s.name], rank(took[s.name], 0.99))
		}
	}
	var rows [][]string
	for _, s := range all {
		rows = append(rows, []string{s.name, spread(p50[s.name], 3), spread(p99[s.name], 3), spread(less(p50[s.name], p50["direct"]), 3), spread(less(p99[s.name], p99["direct"]), 3)})
	}
	return table(f.s, fmt.Sprintf("first byte of an event stream, one request at a time, medians of %d rounds of %d, ms", f.s.runs, asked),
		[]string{"proxy", "p50", "p99", "added p50", "added p99"}, rows)
}

// firsts are the times of one round, in milliseconds, by the subject's name.
func firsts(ctx context.Context, all []*subject, path string) (map[string][]float64, error) {
	took := map[string][]float64{}
	lines := map[string]*wire{}
	defer func() {
		for _, w := range lines {
			_ = w.conn.Close() // nothing is under way on it
		}
	}()
	for _, s := range all {
		w, err := dial(ctx, s.address)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		lines[s.name] = w
	}
	for i := range asked + 5 {
		for _, s := range turned(all, i) { // one of each in turn
			began := time.Now()
			r, err := lines[s.name].sure(ctx, question(path, s.header, true))
			if err == nil && r.first.IsZero() {
				err = errors.New("there is no stream")
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			if i >= 5 { // not counted before
				took[s.name] = append(took[s.name], float64(r.first.Sub(began))/float64(time.Millisecond))
			}
		}
	}
	return took, nil
}

// streamers are those that pass a stream on. A peer that does not is left out, and told;
// guard that does not is an error.
func (f *field) streamers(ctx context.Context, all []*subject, path string) ([]*subject, error) {
	var out []*subject
	for _, s := range all {
		w, err := dial(ctx, s.address)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		var body bytes.Buffer
		r, err := w.ask(question(path, s.header, true), &body)
		_ = w.conn.Close() // whatever it said
		switch {
		case err == nil && r.status == http.StatusOK && bytes.Count(body.Bytes(), []byte("data: ")) > pieces:
			out = append(out, s)
		case s.peer:
			fmt.Fprintf(f.s.out, "\n%s passes no stream on (status %d: %.100s): left out of the next table\n", s.name, r.status, body.Bytes())
		default:
			return nil, fmt.Errorf("%s passes no stream on: status %d: %.300s: %w", s.name, r.status, body.Bytes(), errors.Join(err, errors.ErrUnsupported))
		}
	}
	return out, nil
}

// rank is the smallest value that the share of the sorted sample does not exceed.
func rank(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(max(int(math.Ceil(share*float64(len(sorted))))-1, 0), len(sorted)-1)]
}

// less takes the direct way's figure of the same round from a proxy's.
func less(in, direct []float64) []float64 {
	var out []float64
	for i, v := range in {
		out = append(out, v-direct[i])
	}
	return out
}
