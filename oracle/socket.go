package oracle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// breath is how long a user whose messages were refused is left alone: a limiter that
// counts by the minute takes some again.
const breath = 10 * time.Second

// Refusals counts the frames of a WebSocket by which the target refuses a message since
// they come too fast: 429 by its status or code, or words of the usual names for that.
func Refusals(x *lr.Exchange) int {
	n := 0
	if x == nil || x.Status != 101 {
		return 0
	}
	for line := range bytes.SplitSeq(x.Body, []byte{'\n'}) {
		var v map[string]any
		if json.Unmarshal(line, &v) != nil {
			continue
		}
		if inner, ok := v["error"].(map[string]any); hurried(v) || ok && hurried(inner) {
			n++
		}
	}
	return n
}

func hurried(v map[string]any) bool {
	for _, name := range [...]string{"status", "code", "type", "error"} {
		switch s := strings.ToLower(fmt.Sprint(v[name])); {
		case s == "429", strings.HasPrefix(s, "rate_limit"), strings.HasPrefix(s, "ratelimit"), strings.HasPrefix(s, "too_many_"):
			return true
		}
	}
	return false
}

// Unhurried dials, and once more after a breath where hushed tells that the answer says
// nothing but that messages came too fast: those of another check were the user's too.
func Unhurried(ctx context.Context, hushed func(*lr.Exchange) bool, dial func() (*lr.Exchange, error)) (*lr.Exchange, error) {
	x, err := dial()
	if err != nil || !hushed(x) {
		return x, err
	}
	timer := time.NewTimer(breath)
	defer timer.Stop()
	select {
	case <-timer.C:
		return dial()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
