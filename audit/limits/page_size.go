package limits

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// Sizes of pages.
const (
	wanted     = 100_000 // objects on one page
	sanePage   = 500     // more than this on one page is suspicious,
	insanePage = 1000    // and more than this has no cap that protects anything
)

// pageNames are the parameters by which clients say how long a page is.
var pageNames = []string{"limit", "page_size", "pagesize", "per_page", "perpage", "size", "count", "take", "first", "top", "max_results", "maxresults"}

var pageSize = &lr.Check{
	ID:    "limits/page-size",
	Title: "A list shows a bounded number of objects at once",
	Why: "`limit=100000` is one request and reads the whole table: memory and the database's time for a caller who asked once. With a few of them at a time the product stands still, " +
		"and who has stolen one session takes all of a customer's data before anyone looks.",
	Fix:      "Bound the size of a page in the one place that reads it, at a few hundred, and refuse or cut what is more. Declare the maximum in the specification.",
	Severity: lr.Low,
	Refs:     []lr.Ref{consumption, {Source: "CWE", ID: "770"}, {Source: "CWE", ID: "1284"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runPageSize,
}

func runPageSize(ctx context.Context, t *lr.Trial) error {
	var lists []*lr.Route
	for _, rt := range t.Target.Routes {
		if rt.Method == "GET" && rt.Kind == lr.List && len(rt.PathParams()) == 0 && pageParameter(rt) != "" {
			lists = append(lists, rt)
		}
	}
	if len(lists) == 0 {
		t.NotApplicable("no list declares a parameter for the size of its page")
		return nil
	}
	// A new organisation, whose list holds what the check puts there.
	as, _, err := newcomer(ctx, t)
	if err != nil {
		return undecided(ctx, t, lists[0].String(), err)
	}
	filled := false
	for _, rt := range lists {
		made, err := onePage(ctx, t, rt, as, !filled)
		if err != nil {
			return undecided(ctx, t, rt.String(), err)
		}
		filled = filled || made
	}
	return nil
}

// pageParameter is the query parameter by which the list's page is sized.
func pageParameter(rt *lr.Route) string {
	for _, p := range rt.Params {
		if p.In == lr.InQuery && slices.Contains(pageNames, strings.ToLower(strings.NewReplacer("-", "_", ".", "_").Replace(p.Name))) {
			return p.Name
		}
	}
	return ""
}

// onePage asks one list for too long a page. Where it takes that and holds too
// little to show whether it is cut, the check fills one such list: made tells
// whether it did.
func onePage(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, fill bool) (made bool, err error) {
	ask := func(n int) (*lr.Exchange, error) {
		r, err := t.Stage.Request(ctx, rt, nil, as)
		if err != nil {
			return nil, err
		}
		r.Path, r.Note = withQuery(r.Path, pageParameter(rt), n), "a long page"
		return t.HTTP.Do(ctx, as, r)
	}
	small, err := ask(1)
	if err != nil {
		return false, err
	}
	x, err := ask(wanted)
	if err != nil {
		return false, err
	}
	switch {
	case !small.OK():
		t.Unknown(rt.String(), "a page of one was answered %d", small.Status)
		return false, nil
	case x.Status == 429 || x.Status >= 500:
		t.Unknown(rt.String(), "a page of %d was answered %d", wanted, x.Status)
		return false, nil
	case !x.OK():
		t.Pass(lr.Seen(x), rt.String(), "a page of %d is refused with %d", wanted, x.Status)
		return false, nil
	}
	n := longest(x.Body)
	create := creation(t.Target, rt.Resource)
	if n <= sanePage && fill && create != nil {
		made = true
		if err := put(ctx, t, create, as, sanePage+1-n); err != nil {
			return made, err
		}
		if x, err = ask(wanted); err != nil {
			return made, err
		}
		if !x.OK() {
			t.Unknown(rt.String(), "a page of %d was answered %d once there were so many", wanted, x.Status)
			return made, nil
		}
	}
	had := n
	switch n = longest(x.Body); {
	case n > insanePage:
		t.Fail(lr.Seen(x), rt.String(), "a page of %d was asked for and held %d objects", wanted, n)
	case n > sanePage:
		t.Suspect(lr.Seen(x), rt.String(), "a page of %d was asked for and held %d objects, all there are", wanted, n)
	case made && n < sanePage:
		t.Pass(lr.Seen(x), rt.String(), "a page of %d was asked for and held %d of more than %d objects", wanted, n, sanePage)
	default:
		t.Unknown(rt.String(), "a page of %d was taken, and the list holds %d objects, too few to show whether it is cut", wanted, had)
	}
	return made, nil
}

// creation is the route that adds to the list.
func creation(target *lr.Target, resource string) *lr.Route {
	for _, rt := range target.Routes {
		if rt.Method == "POST" && rt.Kind == lr.Create && rt.Resource == resource && len(rt.PathParams()) == 0 {
			return rt
		}
	}
	return nil
}

// put adds n objects, and an error where most of them are not taken.
func put(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, n int) error {
	var reqs []*lr.Request
	for range n {
		r, err := t.Stage.Request(ctx, rt, nil, as)
		if err != nil {
			return err
		}
		r.Note = "one of many objects"
		reqs = append(reqs, r)
	}
	taken := make(chan bool, n)
	err := oracle.Each(ctx, reqs, func(ctx context.Context, r *lr.Request) error {
		x, err := t.HTTP.Do(ctx, as, r)
		taken <- err == nil && x.OK()
		return err
	})
	if err != nil {
		return err
	}
	close(taken)
	good := 0
	for ok := range taken {
		if ok {
			good++
		}
	}
	if good < n {
		return fmt.Errorf("%d of %d objects could be added to the list", good, n)
	}
	return nil
}

// withQuery sets a parameter of a path's query.
func withQuery(path, name string, n int) string {
	base, query, _ := strings.Cut(path, "?")
	var kept []string
	for _, p := range strings.Split(query, "&") {
		if k, _, _ := strings.Cut(p, "="); p != "" && !strings.EqualFold(k, name) {
			kept = append(kept, p)
		}
	}
	return base + "?" + strings.Join(append(kept, name+"="+strconv.Itoa(n)), "&")
}
