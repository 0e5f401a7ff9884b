package tail

import (
	"context"
	"fmt"
	"time"
)

// step is the time between two looks.
const step = 100 * time.Millisecond

// Await shows each line that comes into the files, with the file's name, until
// see reports that it has seen enough or patience ends. grown tells whether
// anything came at all.
func Await(ctx context.Context, files []*File, patience time.Duration, now func() time.Time, see func(name, line string) (enough bool)) (grown bool, err error) {
	deadline := now().Add(patience)
	for {
		for _, f := range files {
			lines, err := f.Lines()
			if err != nil {
				return grown, fmt.Errorf("read the log %s: %w", f.Name, err)
			}
			grown = grown || len(lines) > 0
			for _, line := range lines {
				if see(f.Name, line) {
					return grown, nil
				}
			}
		}
		if !now().Before(deadline) {
			return grown, nil
		}
		timer := time.NewTimer(step)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return grown, ctx.Err()
		}
	}
}
