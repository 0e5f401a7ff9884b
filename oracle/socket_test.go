package oracle_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// TestRefusals: frames that refuse a message for its pace are told from others.
func TestRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		x    *lr.Exchange
		want int
	}{
		"none at all":         {nil, 0},
		"no WebSocket":        {&lr.Exchange{Status: 429, Body: []byte(`{"status":429}`)}, 0},
		"nothing said":        {&lr.Exchange{Status: 101}, 0},
		"a status":            {&lr.Exchange{Status: 101, Body: []byte(`{"type":"error","status":429,"title":"Too Many Requests"}`)}, 1},
		"a code in an error":  {&lr.Exchange{Status: 101, Body: []byte(`{"type":"error","error":{"code":"rate_limit_exceeded"}}`)}, 1},
		"an error by name":    {&lr.Exchange{Status: 101, Body: []byte(`{"error":"too_many_requests"}`)}, 1},
		"two among others":    {&lr.Exchange{Status: 101, Body: []byte("{\"type\":\"message\"}\nhello\n{\"code\":429}\n{\"status\":\"429\"}\n[429]")}, 2},
		"another error":       {&lr.Exchange{Status: 101, Body: []byte(`{"type":"error","status":403}`)}, 0},
		"a text that says it": {&lr.Exchange{Status: 101, Body: []byte(`{"type":"message","content":"429 rate_limit"}`)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := oracle.Refusals(tt.x); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// TestUnhurried: who was hushed is asked once more, and not at once.
func TestUnhurried(t *testing.T) {
	refused, taken := &lr.Exchange{Status: 101, Body: []byte(`{"status":429}`)}, &lr.Exchange{Status: 101}
	broken := errors.New("broken")
	hushed := func(x *lr.Exchange) bool { return oracle.Refusals(x) > 0 }
	for name, tt := range map[string]struct {
		answers []*lr.Exchange
		err     error
		asked   int
	}{
		"taken":            {[]*lr.Exchange{taken}, nil, 1},
		"refused, taken":   {[]*lr.Exchange{refused, taken}, nil, 2},
		"refused for good": {[]*lr.Exchange{refused, refused, taken}, nil, 2},
		"broken":           {[]*lr.Exchange{nil}, broken, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, began := 0, time.Now()
				x, err := oracle.Unhurried(t.Context(), hushed, func() (*lr.Exchange, error) {
					asked++
					return tt.answers[asked-1], tt.err
				})
				if !errors.Is(err, tt.err) || asked != tt.asked || x != tt.answers[asked-1] {
					t.Errorf("got %v, %v after %d", x, err, asked)
				}
				if waited := time.Since(began) > 0; waited != (asked > 1) {
					t.Errorf("asked %d times within %s", asked, time.Since(began))
				}
			})
		})
	}
}
