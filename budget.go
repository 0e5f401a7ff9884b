package launchready

import "time"

// Budget bounds a run. Each bound is a hard stop; 0 means none.
type Budget struct {
	Requests int
	Rate     float64 // requests a second
	Wall     time.Duration
	USD      float64
}
