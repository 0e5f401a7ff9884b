package limits

import (
	"time"

	lr "github.com/launchready/launchready"
)

// allowance is what a burst was let do, with the tokens of one of its questions
// where they are known beforehand.
func (b *tally) allowance(t *lr.Trial, of string, promptTokens int) *lr.Allowance {
	a := &lr.Allowance{Of: of, Sent: b.sent, Taken: b.taken, Refused: b.refused, Seconds: b.lasted().Seconds(), PromptTokens: promptTokens}
	if b.asked > 0 && promptTokens == 0 {
		a.PromptTokens, a.ReplyTokens, a.Told = b.in/b.asked, b.out/b.asked, true
	}
	if b.refusal != nil {
		if wait, told := toldToWait(b.refusal.Header, t.Now()); told {
			a.Wait = max(wait, time.Second).Seconds() // a time of 0 says at once, and that was refused
		}
	}
	return a
}

// lasted is how long it took from the first request to the last answer.
func (b *tally) lasted() time.Duration {
	if b.began.IsZero() {
		return 0
	}
	return b.ended.Sub(b.began)
}
