package isolation

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
)

func TestCountLeak(t *testing.T) {
	const count = "GET /notes/count"
	with := func(h func(a *app, w http.ResponseWriter, tenant string)) func(*app) {
		return func(a *app) {
			a.crud("notes")
			a.on(count, private(func(w http.ResponseWriter, _ *http.Request, tenant string) { h(a, w, tenant) }))
		}
	}
	cases(t, countLeak, []testCase{
		{"safe", with(func(a *app, w http.ResponseWriter, tenant string) {
			reply(w, 200, row{"count": len(a.list("notes", of(tenant)))})
		}), want{passes: []string{count}}},
		{"over all tenants", with(func(a *app, w http.ResponseWriter, _ string) { reply(w, 200, row{"count": len(a.list("notes", nil))}) }), want{fails: []string{count}}},
		{"a total in a header", func(a *app) {
			a.crud("notes")
			a.on(listNotes, private(func(w http.ResponseWriter, _ *http.Request, tenant string) {
				w.Header().Set("X-Total-Count", strconv.Itoa(len(a.list("notes", nil))))
				reply(w, 200, a.list("notes", of(tenant)))
			}))
		}, want{fails: []string{listNotes}}},
		{"a total beside the caller's own list", func(a *app) {
			a.crud("notes")
			a.on(listNotes, private(func(w http.ResponseWriter, _ *http.Request, tenant string) {
				reply(w, 200, row{"data": a.list("notes", of(tenant)), "meta": row{"total": len(a.list("notes", nil))}})
			}))
		}, want{fails: []string{listNotes}}},
		{"a total of what the list itself leaks", func(a *app) {
			a.crud("notes")
			a.on(listNotes, private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("notes", nil), "total": len(a.list("notes", nil))})
			}))
		}, want{passes: []string{listNotes}}},
		{"a number that anyone may know", func(a *app) {
			a.crud("notes")
			a.on(count, func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"count": len(a.list("notes", nil))})
			})
		}, want{passes: []string{count}}},
		{"counters that move by themselves", func(a *app) {
			var n atomic.Int64
			with(func(a *app, w http.ResponseWriter, tenant string) {
				reply(w, 200, row{"requests": n.Add(1), "mine": len(a.list("notes", of(tenant)))})
			})(a)
		}, want{passes: []string{count}}},
		{"nothing counts", func(a *app) {
			a.crud("notes")
			delete(a.routes, listNotes)
		}, want{skipped: true}},
	})
}

func TestPredictableID(t *testing.T) {
	ids := func(next func(n int, tenant string) string) func(*app) {
		return func(a *app) { a.nextID = next; a.crud("notes") }
	}
	leak := want{fails: []string{addNote}}
	safe := want{passes: []string{addNote}}
	ofTenant := func(start map[string]int) func(int, string) string {
		return func(_ int, tenant string) string { start[tenant]++; return strconv.Itoa(start[tenant]) }
	}
	cases(t, predictableID, []testCase{
		{"random", func(a *app) { a.crud("notes") }, safe},
		{"counted", ids(func(n int, _ string) string { return strconv.Itoa(n) }), leak},
		{"counted behind a prefix", ids(func(n int, _ string) string { return fmt.Sprintf("note_%06d", n) }), leak},
		{"counted in hex", ids(func(n int, _ string) string { return fmt.Sprintf("5f1b2c9a00%06x", n+250) }), leak},
		{"counted in base 36", ids(func(n int, _ string) string { return "n-" + strconv.FormatInt(int64(n+46650), 36) }), leak},
		{"numbered by each tenant", ids(ofTenant(map[string]int{})), safe},
		{"numbered by each tenant, three ahead", ids(ofTenant(map[string]int{"globex": 3})), safe},
		{"numbered by each tenant, four ahead", ids(ofTenant(map[string]int{"globex": 4})), safe},
		{"nothing is created", func(*app) {}, want{skipped: true}},
	})
}

func TestStep(t *testing.T) {
	for _, c := range []struct {
		a, b string
		base int
		want int64
		ok   bool
	}{
		{"9", "10", 10, 1, true},
		{"note_0099", "note_0100", 10, 1, true},
		{"n-9z", "n-a0", 36, 1, true},
		{"ff", "100", 16, 1, true},
		{"same", "same", 10, 0, true},
		{"a1", "b1", 10, 0, false},
		{"8c1f0a6e2b7d4935", "1b2c3d4e5f607182", 16, 0, false},
		{"", "", 10, 0, true},
	} {
		if got, ok := step(c.a, c.b, c.base); got != c.want || ok != c.ok {
			t.Errorf("step(%q, %q, %d) = %d, %v, want %d, %v", c.a, c.b, c.base, got, ok, c.want, c.ok)
		}
	}
}
