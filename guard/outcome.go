package guard

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Outcome is how an exchange ended.
type Outcome struct {
	Status int    // 0: nothing was answered
	Denied string // the protection that refused; "" when none did
	Reason string // why, for the log only
	Began  time.Time
	Took   time.Duration

	Upstream time.Duration // of it, until the upstream's answer began or failed, retries too; 0: it was not asked
	Bytes    int64         // of the answer's body
	Aborted  bool          // the answer broke off
}

// Recorder is told of every exchange, once, when it is over. It must not block.
type Recorder interface {
	Begin()
	End(x *Exchange, o Outcome)
}

// Tracer follows exchanges from their beginning. What Start gives is the context of
// the exchange; trusted says that the connection is a trusted proxy's.
type Tracer interface {
	Start(ctx context.Context, r *http.Request, trusted bool) context.Context
}

// by is the protection of a reason as judge words it.
func by(reason string) string {
	if reason == "" {
		return ""
	}
	name, _, ok := strings.Cut(reason, ": ")
	if !ok || strings.Contains(name, " ") {
		return "route"
	}
	return name
}
