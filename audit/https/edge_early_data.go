package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var edgeEarlyData = &lr.Check{
	ID:       "https/edge-early-data",
	Title:    "The edge takes no requests in TLS early data",
	Why:      "What comes in the first flight of TLS 1.3 can be sent again by whoever recorded it (RFC 8446 section 8): a message is posted twice, a payment made twice, unless the origin refuses such requests itself.",
	Fix:      "Speed > Settings > Protocol Optimization > 0-RTT Connection Resumption: off, or refuse the header Early-Data: 1 with 425 on everything that changes something (RFC 8470).",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfcEarly},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, "settings")
		if v == nil {
			return err
		}
		on(t, v, "0rtt", "off", "early data is not taken", "requests in early data are taken, which can be replayed")
		return nil
	},
}
