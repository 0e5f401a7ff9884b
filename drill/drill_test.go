package drill_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/drill"
)

// product is a product that can be released and rolled back, on a clock that
// moves when somebody waits.
type product struct {
	now       time.Time
	downUntil time.Time
	said      []string
	written   bool
	loses     bool
}

func (p *product) drill() drill.Rollback {
	return drill.Rollback{
		Release: func(context.Context) error { return nil },
		Back: func(context.Context) error {
			p.now = p.now.Add(20 * time.Second)
			p.downUntil = p.now.Add(40 * time.Second)
			p.written = p.written && !p.loses
			return nil
		},
		Healthy: func(context.Context) error {
			if p.now.Before(p.downUntil) {
				return errors.New("connection refused")
			}
			return nil
		},
		Write: func(context.Context) (func(context.Context) error, error) {
			p.written = true
			return func(context.Context) error {
				if !p.written {
					return errors.New("404")
				}
				return nil
			}, nil
		},
		Patience: 10 * time.Minute,
		Pause:    func(_ context.Context, d time.Duration) error { p.now = p.now.Add(d); return nil },
		Now:      func() time.Time { return p.now },
		Say:      func(f string, _ ...any) { p.said = append(p.said, f) },
	}
}

func TestRollback(t *testing.T) {
	noon := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	boom := errors.New("exit status 1")
	for _, tc := range []struct {
		name string
		with func(*product, *drill.Rollback)
		want lr.Rehearsal
		err  string
	}{
		{"all well", func(*product, *drill.Rollback) {}, lr.Rehearsal{At: noon, Took: time.Minute, Healthy: true, Kept: true}, ""},
		{"data is lost", func(p *product, _ *drill.Rollback) { p.loses = true },
			lr.Rehearsal{At: noon, Took: time.Minute, Healthy: true, Note: "what was written before is not there: 404"}, ""},
		{"the roll-back fails", func(_ *product, d *drill.Rollback) { d.Back = func(context.Context) error { return boom } },
			lr.Rehearsal{At: noon, Note: "the roll-back's command failed: exit status 1"}, ""},
		{"it never answers again", func(p *product, d *drill.Rollback) {
			d.Back = func(context.Context) error { p.downUntil = p.now.Add(time.Hour); return nil }
		}, lr.Rehearsal{At: noon, Took: 10 * time.Minute, Note: "the product did not answer afterwards: connection refused"}, ""},
		{"down before", func(p *product, _ *drill.Rollback) { p.downUntil = noon.Add(time.Hour) }, lr.Rehearsal{}, "the drill was not begun"},
		{"the release fails", func(_ *product, d *drill.Rollback) { d.Release = func(context.Context) error { return boom } }, lr.Rehearsal{}, "release: exit status 1"},
		{"nothing can be written", func(_ *product, d *drill.Rollback) {
			d.Write = func(context.Context) (func(context.Context) error, error) { return nil, boom }
		}, lr.Rehearsal{}, "write something to look for afterwards"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &product{now: noon}
			d := p.drill()
			tc.with(p, &d)
			got, err := d.Run(t.Context())
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("got error %v, want %q", err, tc.err)
			}
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestInterruptedDrillHasNoResult(t *testing.T) {
	p := &product{now: time.Unix(0, 0)}
	d := p.drill()
	ctx, cancel := context.WithCancel(t.Context())
	d.Back = func(context.Context) error { cancel(); return errors.New("killed") }
	if _, err := d.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

func TestRecord(t *testing.T) {
	file := filepath.Join(t.TempDir(), drill.File)
	if got, err := drill.Read(file); got != nil || err != nil {
		t.Errorf("without a record: got %v, %v", got, err)
	}
	want := lr.Rehearsal{At: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), Took: 90 * time.Second, Healthy: true, Kept: true, Note: "fine"}
	b, err := drill.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := drill.Read(file)
	if err != nil || *got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for name, text := range map[string]string{"cut off": string(b[:20]), "another schema": `{"schema": "launchready.rehearsal/v9"}`, "empty": ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := drill.Read(file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
	}
}
