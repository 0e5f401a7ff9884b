// Package drill tries out what must work when something goes wrong, and keeps
// the record of it. A drill runs the owner's own commands and measures minutes.
package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	lr "github.com/launchready/launchready"
)

// File is the name of the record of the last roll-back that was tried out.
const File = "rehearsal.json"

// Schema names the record's form.
const Schema = "launchready.rehearsal/v1"

// record is a rehearsal as it is kept.
type record struct {
	Schema  string    `json:"schema"`
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"` // from the roll-back's command to the first healthy answer
	Healthy bool      `json:"healthy"`
	Kept    bool      `json:"data_kept"`
	Note    string    `json:"note,omitempty"`
}

// most is how much of a record is read.
const most = 64 << 10

// Read gets the record from a file. Without one there is none, and no error.
func Read(file string) (*lr.Rehearsal, error) {
	f, err := os.Open(file) //nolint:gosec // a fixed name in the folder of the configuration
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil //nolint:nilnil // none is a right answer
	case err != nil:
		return nil, fmt.Errorf("read the record of the roll-back: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	var r record
	if err := json.NewDecoder(io.LimitReader(f, most)).Decode(&r); err != nil {
		return nil, fmt.Errorf("read the record of the roll-back in %s: %w", file, err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("read the record of the roll-back in %s: its schema is %.40q, this program reads %s", file, r.Schema, Schema)
	}
	return &lr.Rehearsal{At: r.At, Took: time.Duration(r.Seconds * float64(time.Second)), Healthy: r.Healthy, Kept: r.Kept, Note: r.Note}, nil
}

// Encode is the record as it is kept.
func Encode(r lr.Rehearsal) ([]byte, error) {
	b, err := json.MarshalIndent(record{Schema, r.At.UTC().Truncate(time.Second), r.Took.Seconds(), r.Healthy, r.Kept, r.Note}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the record of the roll-back: %w", err)
	}
	return append(b, '\n'), nil
}

// Rollback is a release and the roll-back of it.
type Rollback struct {
	// Release and Back run the owner's commands.
	Release, Back func(ctx context.Context) error
	// Healthy asks once whether the product answers.
	Healthy func(ctx context.Context) error
	// Write leaves something in the product and returns how to look for it.
	Write func(ctx context.Context) (read func(ctx context.Context) error, err error)
	// Patience is how long the product may take to answer after a command.
	Patience time.Duration
	// Pause waits between two questions.
	Pause func(ctx context.Context, d time.Duration) error
	Now   func() time.Time
	Say   func(format string, args ...any)
}

// ErrNotReady says that a drill was not begun: what it needs did not hold before.
var ErrNotReady = errors.New("the drill was not begun")

const step = 500 * time.Millisecond

// Run releases, writes something, rolls back, and tells how long it took until
// the product answered and whether what was written is still there. An error
// means that the drill came to no result; a roll-back that fails is a result.
func (d Rollback) Run(ctx context.Context) (lr.Rehearsal, error) {
	if err := d.Healthy(ctx); err != nil {
		return lr.Rehearsal{}, fmt.Errorf("%w: the product does not answer: %w", ErrNotReady, err)
	}
	d.Say("release")
	if err := d.Release(ctx); err != nil {
		return lr.Rehearsal{}, fmt.Errorf("release: %w", err)
	}
	if _, err := d.wait(ctx); err != nil {
		return lr.Rehearsal{}, fmt.Errorf("after the release the product does not answer: %w", err)
	}
	d.Say("write something that must outlive the roll-back")
	read, err := d.Write(ctx)
	if err != nil {
		return lr.Rehearsal{}, fmt.Errorf("write something to look for afterwards: %w", err)
	}
	d.Say("roll back")
	out := lr.Rehearsal{At: d.Now()}
	if err := d.Back(ctx); err != nil {
		if ctx.Err() != nil {
			return lr.Rehearsal{}, ctx.Err()
		}
		out.Took, out.Note = d.Now().Sub(out.At), fmt.Sprintf("the roll-back's command failed: %v", err)
		return out, nil
	}
	if _, err := d.wait(ctx); err != nil {
		if ctx.Err() != nil {
			return lr.Rehearsal{}, ctx.Err()
		}
		out.Took, out.Note = d.Now().Sub(out.At), fmt.Sprintf("the product did not answer afterwards: %v", err)
		return out, nil
	}
	out.Took, out.Healthy = d.Now().Sub(out.At), true
	switch err := read(ctx); {
	case ctx.Err() != nil:
		return lr.Rehearsal{}, ctx.Err()
	case err != nil:
		out.Note = fmt.Sprintf("what was written before is not there: %v", err)
	default:
		out.Kept = true
	}
	return out, nil
}

// wait asks until the product answers or patience ends.
func (d Rollback) wait(ctx context.Context) (time.Duration, error) {
	begun := d.Now()
	for {
		err := d.Healthy(ctx)
		waited := d.Now().Sub(begun)
		if err == nil || ctx.Err() != nil || waited >= d.Patience {
			return waited, err
		}
		if err := d.Pause(ctx, step); err != nil {
			return waited, err
		}
	}
}
