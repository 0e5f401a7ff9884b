package edge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Servers asks every authoritative server of a zone.
type Servers interface {
	// Ask returns what each server says stands at the key, by its name. A server
	// that cannot be asked has an error.
	Ask(ctx context.Context, k Key) (map[string]Seen, error)
}

// Seen is what one server said.
type Seen struct {
	Data []string // sorted, as Data writes them
	Err  error
}

// ErrLame is a server that is named and does not have the zone: it cannot show a
// change, whatever is done.
var ErrLame = errors.New("it does not have the zone")

// ErrNotSeen is a change that a server does not show in time.
var ErrNotSeen = errors.New("not every authoritative server has it")

// between is how long to wait before servers are asked again: a secondary is told
// at once (RFC 1996), an edge takes seconds.
const between = 2 * time.Second

// verify waits until every server shows the sets as they were written.
func (a *Applier) verify(ctx context.Context, changes []Change) error {
	if a.Servers == nil {
		return nil
	}
	patience := a.Patience
	if patience <= 0 {
		patience = 2 * time.Minute
	}
	told := ""
	for left := int(patience / between); ; left-- {
		var lacking []string
		for _, c := range changes {
			if c.Key.Kind != Records || proxied(c.After) {
				continue
			}
			seen, err := a.Servers.Ask(ctx, c.Key)
			if err != nil {
				return fmt.Errorf("ask the authoritative servers for %s: %w", c.Key, err)
			}
			lame := 0
			for server, s := range seen {
				switch {
				case errors.Is(s.Err, ErrLame):
					if lame++; lame == len(seen) {
						return fmt.Errorf("%s: no name server has the zone", c.Key)
					}
				case s.Err != nil:
					lacking = append(lacking, fmt.Sprintf("%s at %s (%v)", c.Key, server, s.Err))
				case !slices.Equal(s.Data, datas(c.After)):
					lacking = append(lacking, fmt.Sprintf("%s at %s", c.Key, server))
				}
			}
		}
		if len(lacking) == 0 {
			return nil
		}
		slices.Sort(lacking)
		if left <= 0 {
			return fmt.Errorf("%w: %s; nothing that it replaces was deleted", ErrNotSeen, strings.Join(lacking, ", "))
		}
		if lacking[0] != told {
			told = lacking[0]
			a.say("waiting for %s", told)
		}
		if err := a.pause(ctx, between); err != nil {
			return err
		}
	}
}

func (a *Applier) pause(ctx context.Context, d time.Duration) error {
	if a.Pause != nil {
		return a.Pause(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// proxied sets are answered with the edge's addresses.
func proxied(vs []Value) bool {
	return slices.ContainsFunc(vs, func(v Value) bool { return v.Proxied })
}

func datas(vs []Value) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.Data
	}
	slices.Sort(out)
	return out
}
