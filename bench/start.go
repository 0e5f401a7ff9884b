package main

import (
	"context"
	"fmt"
	"time"
)

// measureStart takes the time of `launchready version`: what every verb pays.
func measureStart(ctx context.Context, s *settings) error {
	var walls, cpus []time.Duration
	var peaks []int64
	for range s.starts {
		c, err := spend(ctx, s.dir, 0, s.binary, "version")
		if err != nil {
			return err
		}
		walls, cpus, peaks = append(walls, c.wall), append(cpus, c.cpu), append(peaks, c.peak)
	}
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
	return table(s, fmt.Sprintf("launchready version, median of %d", s.starts),
		[]string{"wall ms", "CPU ms", "peak MB"},
		[][]string{{ms(median(walls)), ms(median(cpus)), megabytes(median(peaks))}})
}
