// Package audit puts the scorecard to a live target. A run tests its own oracle,
// signs the identities in, seeds objects, runs the checks from those that only
// read to those that destroy, removes what it created, and rolls the outcomes up
// into a report. The rows are folders of this package, one file a check.
//
// [Options] are made from a configuration by internal/assembly, for the command
// and for tests alike.
package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/stage"
)

// Cast is who the audit plays. A *signin.Cast is one.
type Cast interface {
	lr.Cast
	// Accounts are the declared identities in order.
	Accounts() []*lr.Account
}

// Client is what the audit sends with. A *probe.Client is one.
type Client interface {
	lr.Client
	Requests() int
	// Hold keeps requests of the budget back for the teardown; Release gives
	// them to it.
	Hold(requests int)
	Release()
	// Lost tells the last request that the target answered before it stopped
	// answering, and whether it stopped.
	Lost() (last string, ok bool)
}

// Options are what a run is made of. Target (with its base and declared routes),
// Client, Cast, Evidence and Rows are required.
type Options struct {
	Run     string // short id: letters and digits
	Tool    string // version of the program
	Target  *lr.Target
	Client  Client
	Cast    Cast
	Rows    []lr.Row
	Only    []string // row or check ids; empty: all
	FailOn  lr.Severity
	Waivers []lr.Waiver
	Seed    int64
	Owners  plan.Owners // who owns the work items of the plan
	Rates   *lr.Rates   // what an hour costs, when it is known

	Ledger   stage.Ledger
	Declared []stage.Declared
	// Preflight signs the identities in and proves that they are who they should
	// be. Its error is a set-up error: no finding is reported.
	Preflight func(context.Context) error
	// Members is told how to make members of a tenant, once the surface is known.
	Members func(MakeUser)
	// SignUps is told how to record the users that the cast signs up.
	SignUps func(SignUp)
	// Meet finds how the target's assistant is spoken to, once the surface is
	// known and signed in to. It is called when a check of the run needs one; its
	// error is why there is none. Nil: nobody looks for one.
	Meet func(ctx context.Context, client lr.Client, as *lr.Account, routes []*lr.Route) (lr.Assistant, error)
	// Ways is how many ways to an assistant are known before anybody looks; a plan
	// expects one to be met where there are any.
	Ways int
	// Spent tells what the run took of its money; nil where nobody counts.
	Spent func() lr.Spent
	// Listener hears what the target sends where it should not; nil where there
	// is none that it can reach, and Deaf says why.
	Listener lr.Listener
	Deaf     string
	Profile  lr.Profile
	// Brief leaves out what sends bursts and is no part of the scorecard, unless
	// Only names it: such checks wait longest.
	Brief bool
	// Utility asks the assistant ordinary questions as well, for the report.
	Utility bool
	// Browser proves what pages of other origins read; nil when there is none.
	Browser lr.Browser
	// Evidence masks and cuts an exchange for the report.
	Evidence func(lr.Evidence) []lr.EvidenceItem
	// Again are the flags, as a shell reads them, without which the command that
	// asks a finding again would ask another target; "" when it needs none.
	Again string
	// Surface warnings: what was repaired in the specification.
	Warnings []string
	// Description is where it was read; nil without one.
	Description *lr.DescriptionReport
	// Noticed tells further warnings that came up while the run was under way;
	// nil when there are none to tell.
	Noticed  func() []string
	Progress func(Event)
	// Outcome sees each outcome of a check as it comes, from many goroutines. A
	// report lists only what is wrong or open; this tells what passed as well.
	Outcome func(check string, o lr.Outcome)
	Log     *slog.Logger
	Now     func() time.Time
}

// SignUp records a sign-up that is about to be sent; what it returns, whether a
// user was made by it.
type SignUp func(ctx context.Context, login, request string) (after func(ctx context.Context, made bool) error, err error)

// MakeUser makes a user in a tenant with a role and a password, and returns its
// login name and id.
type MakeUser func(ctx context.Context, tenant, role string, password lr.Secret) (login, id string, err error)

// SetupError is a preflight that failed: the run says nothing about the target.
type SetupError struct{ Err error }

func (e *SetupError) Error() string { return e.Err.Error() }
func (e *SetupError) Unwrap() error { return e.Err }

// Event is a step of a run, for progress.
type Event struct {
	Phase    string // "preflight", "seed", "check", "teardown"
	Row      string
	Check    string
	Verdict  lr.Verdict // of the check that has just ended
	Findings int
	Done     int
	Total    int
	Requests int
}

// Run puts the selected checks to the target. The report is there whenever the
// error is not a SetupError: a run that was interrupted, lost its target or spent
// its budget reports what it knows and leaves the rest Unknown.
func Run(ctx context.Context, o Options) (*lr.Report, error) {
	r, err := execute(ctx, o)
	if err != nil {
		return nil, err
	}
	return r.report(ctx), nil
}

// execute is the run without its report.
func execute(ctx context.Context, o Options) (*run, error) {
	r, err := begin(ctx, o)
	if err != nil {
		return nil, err
	}
	r.checks(ctx)
	r.teardown(ctx)
	r.sweep()
	return r, nil
}

// begin signs in and seeds.
func begin(ctx context.Context, o Options) (*run, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.FailOn == 0 {
		o.FailOn = lr.High
	}
	if o.Progress == nil {
		o.Progress = func(Event) {}
	}
	if o.Outcome == nil {
		o.Outcome = func(string, lr.Outcome) {}
	}
	if err := oracle.SelfTest(); err != nil {
		return nil, fmt.Errorf("the oracle is broken, so nothing it says can be reported: %w", err)
	}
	rows, partial, err := Select(o.Rows, o.Only)
	if err != nil {
		return nil, &SetupError{err}
	}
	r := &run{Options: o, rows: rows, partial: partial, started: o.Now()}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// run is one run under way.
type run struct {
	Options
	rows    []lr.Row
	partial bool
	started time.Time
	mint    *oracle.Mint
	stage   *stage.Stage
	watched lr.Client // ledgers what checks create
	seen    *seen     // keeps what checks were answered
	memo    lr.Memo

	mu      sync.Mutex         // held for the fields below, which rows that run abreast share, and while Outcome is told
	results map[string]*result // by check id
	ears    map[string]*ear    // by check id, where there is a listener
	halt    string             // why the rest could not be asked
	orphans []string

	assistant lr.Assistant // nil: none answers, and mute says why
	mute      string
	expected  bool        // a plan: one will be met
	sought    bool        // somebody looked for one
	useful    *lr.Utility // what ordinary questions came to; nil where none was asked
}

// prepare signs in, looks around and seeds.
func (r *run) prepare(ctx context.Context) error {
	r.Progress(Event{Phase: "preflight"})
	if err := alive(ctx, r.Client); err != nil {
		return &SetupError{err}
	}
	if r.Preflight != nil {
		if err := r.Preflight(ctx); err != nil {
			return &SetupError{err}
		}
	}
	if err := ctx.Err(); err != nil {
		return &SetupError{fmt.Errorf("stopped before anything was asked: %w", err)}
	}
	r.Target.Accounts = r.Cast.Accounts()
	r.mint = oracle.NewMint(r.Run, nil)
	r.observe(ctx)
	r.seen = newSeen(r.Client)
	r.stage = stage.New(stage.Options{
		OnMade: func(n int) { r.Client.Hold(2*n + 20) }, // a deletion and a look each
		Target: r.Target, HTTP: r.seen, Mint: r.mint, Ledger: r.Ledger, Run: r.Run, Declared: r.Declared, Log: r.Log,
	})
	r.watched = r.stage.Watched(r.seen)
	if r.SignUps != nil {
		r.SignUps(r.stage.SigningUp)
	}
	if r.Members != nil {
		r.Members(r.stage.MakeUser)
	}
	r.Progress(Event{Phase: "seed", Requests: r.Client.Requests()})
	if err := r.stage.Seed(ctx); err != nil {
		r.stopped(ctx, err)
	}
	r.meet(ctx)
	return nil
}

// alive asks the base once: a dead host is a set-up error, not a finding.
func alive(ctx context.Context, c lr.Client) error {
	if _, err := c.Do(ctx, nil, &lr.Request{Method: "GET", Path: "/", Note: "preflight"}); err != nil {
		return fmt.Errorf("reach the target: %w", err)
	}
	return nil
}

// stopped notes why the run cannot go on. It reports whether err is such a reason.
func (r *run) stopped(ctx context.Context, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		r.halt = "the run was interrupted"
	case errors.Is(err, lr.ErrLost):
		r.halt = err.Error()
		if last, ok := r.Client.Lost(); ok {
			r.halt = fmt.Sprintf("the target stopped answering; the last request before that was %s", last)
		}
	case errors.Is(err, lr.ErrBudget):
		r.halt = err.Error() + ": raise budget in the configuration to ask the rest"
	default:
		return false
	}
	return true
}

// halted says why the rest cannot be asked, "" while it can.
func (r *run) halted() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.halt
}

// teardown removes the run's objects, also after an interrupt: it has its own
// deadline.
func (r *run) teardown(ctx context.Context) {
	r.Progress(Event{Phase: "teardown", Requests: r.Client.Requests()})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute+time.Duration(r.stage.Made())*100*time.Millisecond)
	defer cancel()
	r.Client.Release()
	orphans, err := r.stage.Teardown(ctx, r.Run)
	r.orphans = orphans
	if err != nil {
		r.orphans = append(r.orphans, fmt.Sprintf("teardown stopped early (%v); finish it with: launchready audit cleanup --run %s", err, r.Run))
	}
}
