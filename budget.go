package launchready

import "time"

// Budget bounds a run. Each bound is a hard stop; 0 means none.
type Budget struct {
	Requests int
	Rate     float64 // requests a second
	Wall     time.Duration
	USD      float64
	Tokens   int
}

// Spent is what a run took of its money: requests that reached the target's
// model, and what they cost as far as the replies told it.
type Spent struct {
	Calls   int     // requests that reached the model, or may have
	Guessed int     // of them counted at the worst: their replies told no usage
	Tokens  int     // of prompts and replies
	USD     float64 // never less than what was spent, as far as the price tells the worst
}
