package hygiene

import (
	"context"
	"path"
	"slices"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// proof is what the content of a reply shows that it is; the zero value shows
// nothing.
type proof struct {
	what     string // "a folder of git"
	witness  string
	severity lr.Severity // 0: the check's own
	secret   string      // what to show instead of the body, where it may hold secrets
	suspect  bool        // by shape only
}

// look asks as nobody for addresses that nothing should be served at. A reply is
// a finding only when its content proves what it is, and an address beside it
// that does not exist does not answer with the same: many applications answer
// every address with a page.
func look(ctx context.Context, t *lr.Trial, paths []string, prove func(path string, x *lr.Exchange) proof) error {
	var mu sync.Mutex
	var asked []*lr.Exchange
	busy := 0
	err := oracle.Each(ctx, paths, func(ctx context.Context, at string) error {
		x, err := get(ctx, t, at, "look for what should not be served")
		if err != nil {
			return ended(ctx, err)
		}
		mu.Lock()
		if asked = append(asked, x); x.Status == 429 || x.Status >= 502 && x.Status <= 504 {
			busy++
		}
		mu.Unlock()
		if x.Status != 200 && x.Status != 206 || public(t, at) {
			return nil
		}
		p := prove(at, x)
		if p.what == "" {
			return nil
		}
		beside, err := get(ctx, t, sibling(t, at), "an address beside it that does not exist")
		if err != nil {
			if err := ended(ctx, err); err != nil {
				return err
			}
			t.Unknown("GET "+at, "the control beside it was not answered: %v", err)
			return nil
		}
		if beside.OK() && prove(at, beside).what == p.what {
			return nil
		}
		tell(t, at, p, beside, x)
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case len(asked) == 0:
		t.Unknown(application, "nothing was answered")
	case 2*busy > len(asked):
		t.Unknown(application, "%d of %d addresses answered that the target is busy", busy, len(asked))
	default:
		t.Pass(lr.Seen(withheld(asked[0], "")), application, "%d addresses asked", len(asked))
	}
	return nil
}

func tell(t *lr.Trial, at string, p proof, beside, x *lr.Exchange) {
	if p.secret != "" {
		x = withheld(x, p.secret)
	}
	e := lr.Seen(beside, x)
	if p.witness != "" {
		e.Witness = []string{p.witness}
	}
	o := lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: "GET " + at, Message: "anyone is served " + p.what, Evidence: e, Severity: p.severity}
	if p.suspect {
		o.Confidence = lr.Suspected
	}
	t.Report(o)
}

// get asks as nobody, for the first part of what may be large.
func get(ctx context.Context, t *lr.Trial, at, note string) (*lr.Exchange, error) {
	r := &lr.Request{Method: "GET", Path: at, Note: note}
	r.SetHeader("Accept", "*/*")
	r.SetHeader("Range", "bytes=0-262143")
	return t.HTTP.Do(ctx, nil, r)
}

// public reports whether the owner opened the address on purpose.
func public(t *lr.Trial, at string) bool {
	p, _, _ := strings.Cut(at, "?")
	rt := &lr.Route{Method: "GET", Path: p}
	if i := slices.IndexFunc(t.Target.Routes, func(r *lr.Route) bool { return r.Method == "GET" && r.Path == p }); i >= 0 {
		rt = t.Target.Routes[i] // which the description may name beside a template
	}
	return p != "/" && lr.Match(t.Target.Access.Public, rt)
}

// sibling is an address of the same folder and the same kind that nobody has.
func sibling(t *lr.Trial, at string) string {
	name := "lr-" + compact(t)
	if at == "/" {
		return "/" + name
	}
	slash := ""
	if strings.HasSuffix(at, "/") {
		slash = "/"
	}
	dir, base := path.Split(strings.TrimSuffix(at, "/"))
	if strings.HasPrefix(base, ".") {
		name = "." + name
	}
	if ext := path.Ext(base); ext != base {
		name += ext
	}
	return dir + name + slash
}
