package spend_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/spend"
	"github.com/launchready/launchready/guard/state"
)

// tally sums up by what it is told.
type tally struct {
	mu  sync.Mutex
	sum map[string]float64
}

func (c *tally) add(n float64, what ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sum == nil {
		c.sum = map[string]float64{}
	}
	c.sum[strings.Join(what, " ")] += n
}

func (c *tally) Reserved(at, unit string, n float64) { c.add(n*unitOf(unit), "reserved", at, unit) }
func (c *tally) Settled(at, unit string, n float64)  { c.add(n*unitOf(unit), "settled", at, unit) }
func (c *tally) Refused(at, unit, budget string)     { c.add(1, "refused", at, unit, budget) }

// unitOf makes money of dollars again.
func unitOf(unit string) float64 {
	if unit == "dollars" {
		return float64(state.Dollar)
	}
	return 1
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, k := range slices.Sorted(maps.Keys(c.sum)) {
		out = append(out, fmt.Sprintf("%s %.0f", k, c.sum[k]))
	}
	return strings.Join(out, ", ")
}

// TestTally: what a request at the front is counted as, whatever becomes of it.
func TestTally(t *testing.T) {
	big := `{"model":"m-big-1","prompt":"a"}`
	for name, c := range map[string]struct {
		change     func(*spend.Options)
		path, user string
		body       string
		observe    bool
		again      bool
		want       string
	}{
		"told":              {nil, "/v1/json", "ann@x", "", false, false, "reserved front dollars 1000, settled front dollars 105"},
		"told nothing":      {nil, "/v1/silent", "ann@x", "", false, false, "reserved front dollars 1000, settled front dollars 1000"},
		"refused upstream":  {nil, "/v1/refused", "ann@x", "", false, false, "reserved front dollars 1000, settled front dollars 0"},
		"the second":        {nil, "/v1/silent", "ann@x", "", false, true, "refused front dollars user 1, reserved front dollars 1000, settled front dollars 1000"},
		"the organisation":  {func(o *spend.Options) { o.User, o.Organisation = 0, 500 }, "/v1/json", "ann@x", "", false, false, "refused front dollars organisation 1"},
		"the total":         {func(o *spend.Options) { o.Total = 500 }, "/v1/json", "ann@x", "", false, false, "refused front dollars total 1"},
		"too dear":          {func(o *spend.Options) { o.Request = 500 }, "/v1/json", "ann@x", "", false, false, "refused front dollars request 1"},
		"no price":          {func(o *spend.Options) { o.Model = "other" }, "/v1/json", "ann@x", "", false, false, "refused front dollars none 1"},
		"no organisation":   {func(o *spend.Options) { o.User, o.Organisation = 0, 500 }, "/v1/json", "", "", false, false, "refused front dollars none 1"},
		"no ledger":         {func(o *spend.Options) { o.Ledger = broken{} }, "/v1/json", "ann@x", "", false, false, "refused front dollars ledger 1"},
		"a stream is ended": {nil, "/v1/endless", "ann@x", "", false, false, "refused front dollars request 1, reserved front dollars 1000, settled front dollars 1020"},
		"it only observes":  {nil, "/v1/json", "ann@x", big, true, false, ""},
	} {
		count := &tally{}
		s := newStand(t, func(o *spend.Options) {
			o.Tally = count
			if c.change != nil {
				c.change(o)
			}
		})
		if c.observe {
			s.modes["spend"] = guard.Observe
		}
		for range map[bool]int{false: 1, true: 2}[c.again] {
			s.ask(t.Context(), c.path, c.user, c.body)
		}
		if got := count.String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestTallySocket: of a WebSocket each part is counted, and its end by the budget.
func TestTallySocket(t *testing.T) {
	count := &tally{}
	s := newStand(t, func(o *spend.Options) { o.Tally, o.User = count, 2000 })
	c, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.url, "http")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	for err == nil {
		if err = c.Write(context.Background(), websocket.MessageText, []byte(strings.Repeat("a", 300))); err == nil {
			_, _, err = c.Read(context.Background())
		}
	}
	if got, want := count.String(), "refused front dollars user 1, reserved front dollars 2000, settled front dollars 1000"; !strings.HasPrefix(got, want[:len(want)-4]) {
		t.Errorf("%s, want %s or what the end adds", got, want)
	}
}

// TestTallyModel: the same of the model's listener, for dollars and tokens.
func TestTallyModel(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*spend.EgressOptions, *model.Ask)
		counts int
		want   string
	}{
		"told":            {nil, 0, "reserved model dollars 1100, reserved model tokens 200, settled model dollars 320, settled model tokens 50"},
		"more than bound": {nil, 404, "reserved model dollars 3660, reserved model tokens 456, settled model dollars 320, settled model tokens 50"},
		"the tokens":      {func(o *spend.EgressOptions, _ *model.Ask) { o.Tokens = spend.Budgets{Key: 199} }, 0, "refused model tokens key 1"},
		"the money":       {func(o *spend.EgressOptions, _ *model.Ask) { o.Money.User = 1099 }, 0, "refused model dollars user 1, reserved model tokens 200, settled model tokens 0"},
		"in the middle":   {func(o *spend.EgressOptions, _ *model.Ask) { o.Money.Total = 1500 }, 404, "refused model dollars total 1, reserved model dollars 1100, reserved model tokens 456, settled model dollars 320, settled model tokens 50"},
		"too dear":        {func(o *spend.EgressOptions, _ *model.Ask) { o.Request = 5 }, 0, "refused model dollars request 1"},
		"no price":        {func(_ *spend.EgressOptions, a *model.Ask) { a.Model = "other" }, 0, "refused model dollars none 1"},
		"no ledger":       {func(o *spend.EgressOptions, _ *model.Ask) { o.Ledger, o.Tokens = down{}, spend.Budgets{} }, 0, "refused model dollars ledger 1"},
		"it observes":     {func(o *spend.EgressOptions, _ *model.Ask) { o.Observe, o.Tokens = true, spend.Budgets{Key: 199} }, 0, ""},
	} {
		count, a := &tally{}, question("a")
		e := meter(&state.Book{}, func(o *spend.EgressOptions) {
			o.Tally, o.Tokens, o.Money.Total = count, spend.Budgets{Total: 10_000}, 10_000
			if c.change != nil {
				c.change(o, &a)
			}
		})
		h, err := e.Reserve(t.Context(), a)
		if err == nil {
			_ = h.Count(c.counts) // by what it refuses it is counted
			h.Settle(model.Usage{Input: 20, Output: 30, Known: true, Bytes: 40})
		}
		if got := count.String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// down is a ledger that is not there.
type down struct{ state.Ledger }

func (down) Draw(context.Context, string, string, state.Money, []state.Cap) (int, error) {
	return -1, context.DeadlineExceeded
}
