package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/report"
)

// baseline reads the earlier report that a run is compared with, and refuses one
// of something else: said before anything is sent.
func (p *program) baseline(cfg *config.Config, f *auditFlags, changed func(string) bool) (*lr.Report, error) {
	if f.baseline == "" {
		if f.onlyNew {
			return nil, setup(errors.New("--fail-on-new needs --baseline: the report that tells what is not new"))
		}
		return nil, nil
	}
	old, err := p.readReport(f.baseline)
	if err != nil {
		return nil, setup(fmt.Errorf("--baseline: %w", err))
	}
	if old.Product != cfg.Product && old.Product != "" {
		return nil, setup(fmt.Errorf("--baseline %s is of another product: %q, not %q", f.baseline, old.Product, cfg.Product))
	}
	if !changed("target") {
		if err := ofTarget(old, cfg); err != nil {
			return nil, setup(fmt.Errorf("--baseline %s is %w", f.baseline, err))
		}
	}
	return old, nil
}

// ofTarget refuses a report of another target than the configuration's: what is
// right there says nothing about what was wrong here.
func ofTarget(rep *lr.Report, cfg *config.Config) error {
	u, err := url.Parse(rep.Target)
	if err == nil && strings.EqualFold(u.Host, cfg.Target.URL.Host) && strings.TrimRight(u.Path, "/") == strings.TrimRight(cfg.Target.URL.Path, "/") {
		return nil
	}
	return fmt.Errorf("of another target: %s, not %s; where it is the same product at another address, give that address by --target", report.Line(rep.Target), cfg.Target.URL)
}

// passes knows which subjects a run asked and found right, whoever asked.
type passes struct {
	mu    sync.Mutex
	right map[subject]bool
}

type subject struct{ check, place string }

func (s *passes) see(check string, o lr.Outcome) {
	if o.Verdict == lr.Skipped {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.right == nil {
		s.right = map[subject]bool{}
	}
	at := subject{check, strings.ToLower(o.Subject)}
	was, asked := s.right[at]
	s.right[at] = o.Verdict == lr.Passed && (was || !asked)
}

// whole reports whether the subject was asked, and passed each time.
func (s *passes) whole(check, place string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.right[subject{check, strings.ToLower(place)}]
}
