package probe

import (
	"context"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

type still struct{ t time.Time }

func (s *still) now() time.Time { return s.t }

func (s *still) sleep(_ context.Context, d time.Duration) error { s.t = s.t.Add(d); return nil }

func TestPaceLearns(t *testing.T) {
	ck := &still{time.Unix(1000, 0)}
	p := newPace(40, 4, ck.now, ck.sleep)
	want := func(l rate.Limit) {
		t.Helper()
		if got := p.limit(); got != l {
			t.Fatalf("rate: got %v, want %v", got, l)
		}
	}
	want(40)
	p.answered()
	want(40)
	p.refused()
	want(20)
	p.refused() // the same moment: one refusal
	want(20)
	ck.t = ck.t.Add(1100 * time.Millisecond)
	p.refused()
	want(10)
	p.answered() // too early
	want(10)
	ck.t = ck.t.Add(2 * time.Second)
	p.answered()
	want(15)
	for range 20 {
		ck.t = ck.t.Add(2 * time.Second)
		p.answered()
	}
	want(40)
	for range 20 {
		ck.t = ck.t.Add(2 * time.Second)
		p.refused()
	}
	want(slowest)
}

func TestPaceLearnsFromNoLimit(t *testing.T) {
	ck := &still{time.Unix(1000, 0)}
	p := newPace(0, 1000, ck.now, ck.sleep)
	for range 100 {
		if err := p.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.leave()
	}
	p.refused()
	if got := p.limit(); got != 50 {
		t.Fatalf("after 100 at once: got %v, want 50", got)
	}
	start := ck.t
	for range 51 {
		p.enter(t.Context())
		p.leave()
	}
	if took := ck.t.Sub(start); took < 900*time.Millisecond || took > 1100*time.Millisecond {
		t.Errorf("51 requests at 50/s took %v of the clock", took)
	}
	for range 40 {
		ck.t = ck.t.Add(2 * time.Second)
		p.answered()
	}
	if got := p.limit(); got != rate.Inf {
		t.Errorf("after calm: got %v, want no limit", got)
	}
}

func TestPaceSlots(t *testing.T) {
	ck := &still{time.Unix(1000, 0)}
	p := newPace(0, 2, ck.now, ck.sleep)
	for range 2 {
		if err := p.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.enter(ctx); err == nil {
		t.Error("a third entered two slots")
	}
	p.leave()
	if err := p.enter(t.Context()); err != nil {
		t.Error(err)
	}
}
