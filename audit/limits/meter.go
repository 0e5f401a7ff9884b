package limits

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// meter reads what the provider has been asked, or what the target says that a
// user has taken.
type meter struct {
	what string
	read func(context.Context) (int, error)
}

// tokensWritten counts the tokens of answers: by the provider's own door, or by
// a route of the target that tells its users what they have used. Nil where
// neither tells.
func tokensWritten(t *lr.Trial, as *lr.Account) *meter {
	if p := t.Target.Provider; p != nil && p.Tokens != "" {
		return &meter{"the provider", func(ctx context.Context) (int, error) { return counted(ctx, t, p, p.Tokens) }}
	}
	for _, rt := range t.Target.Routes {
		if rt.Method != "GET" || len(rt.PathParams()) > 0 || !usageRoute(rt.Path) {
			continue
		}
		return &meter{rt.String(), func(ctx context.Context) (int, error) {
			x, err := t.HTTP.Do(ctx, as, &lr.Request{Method: "GET", Path: rt.Path, Route: rt, Note: "what was used"})
			if err != nil {
				return 0, err
			}
			n, ok := tokenSum(x.Body)
			if !x.OK() || !ok {
				return 0, fmt.Errorf("%s counts no tokens", rt)
			}
			return n, nil
		}}
	}
	return nil
}

func usageRoute(path string) bool {
	for _, s := range strings.Split(strings.ToLower(path), "/") {
		switch s {
		case "usage", "credits", "quota", "consumption", "metering":
			return true
		}
	}
	return false
}

// counted reads one number of the provider's.
func counted(ctx context.Context, t *lr.Trial, p *lr.Provider, pointer string) (int, error) {
	x, err := t.HTTP.Do(ctx, nil, p.Traffic.Clone())
	if err != nil {
		return 0, err
	}
	n, ok := numberAt(x.Body, pointer)
	if !x.OK() || !ok {
		return 0, fmt.Errorf("%s was answered %d, without a number at %s", p.Traffic.Path, x.Status, pointer)
	}
	return n, nil
}

// numberAt is the whole number at a JSON pointer (RFC 6901).
func numberAt(body []byte, pointer string) (int, bool) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return 0, false
	}
	for _, key := range strings.Split(pointer, "/")[1:] {
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(in) {
				return 0, false
			}
			v = in[i]
		default:
			return 0, false
		}
	}
	n, ok := v.(float64)
	return int(n), ok && n >= 0 && n < 1e15
}

// tokenSum is the largest count of tokens in a document: that of the whole, where
// those of users stand beside it.
func tokenSum(body []byte) (int, bool) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return 0, false
	}
	most, found := 0, false
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if depth > 8 {
			return
		}
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				low := strings.ToLower(k)
				if n, ok := e.(float64); ok && strings.Contains(low, "token") && !strings.Contains(low, "limit") && !strings.Contains(low, "max") && !strings.Contains(low, "remain") {
					most, found = max(most, int(min(n, 1e15))), true
					continue
				}
				walk(e, depth+1)
			}
		case []any:
			for _, e := range v {
				walk(e, depth+1)
			}
		}
	}
	walk(v, 0)
	return most, found
}

// settled reads until two readings in a row are alike, or the time is over.
func (m *meter) settled(ctx context.Context, within time.Duration) (int, error) {
	last, err := m.read(ctx)
	if err != nil {
		return 0, err
	}
	const every = 120 * time.Millisecond
	for waited := time.Duration(0); waited < within; waited += every {
		if err := sleep(ctx, every); err != nil {
			return 0, err
		}
		n, err := m.read(ctx)
		if err != nil {
			return 0, err
		}
		if n == last {
			return n, nil
		}
		last = n
	}
	return last, nil
}
