package isolation

import (
	"context"
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

const addDocument = "POST /documents"

// library serves documents that the bot reads, and no uploads.
func library(change ...func(*bot)) func(*app) {
	return func(a *app) {
		a.talks(change...)
		a.on(uploading, private(func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 403, row{"error": "no"}) }))
		a.on(addDocument+` {"title":"hello","text":"something long"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
			in := body(r)
			v := a.add("files", tenant, row{"name": in["title"], "text": in["text"]})
			reply(w, 201, row{"uid": v["id"], "title": in["title"]})
		}))
		a.on("GET /documents", private(func(w http.ResponseWriter, _ *http.Request, tenant string) {
			reply(w, 200, row{"data": a.list("files", of(tenant))})
		}))
		a.on("GET /documents/{uid}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
			if v := a.find("files", r.PathValue("uid"), tenant); v != nil && v["gone"] == nil {
				reply(w, 200, v)
				return
			}
			missing(w)
		}))
		a.on("DELETE /documents/{uid}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
			if a.find("files", r.PathValue("uid"), tenant) == nil {
				missing(w)
				return
			}
			a.change("files", r.PathValue("uid"), row{"gone": true})
			w.WriteHeader(204)
		}))
	}
}

// TestKnowledgeBase plants in the knowledge base where no file is taken.
func TestKnowledgeBase(t *testing.T) {
	unfiltered := func(b *bot) { b.before = func(x *exchange) { x.sees = everyone } }
	cases(t, modelRetrieval, []testCase{
		{"right", library(), want{passes: []string{askBot}}},
		{"no filter", library(unfiltered), want{fails: []string{askBot}}},
	})
	hasty := *afterDelete
	hasty.Run = func(ctx context.Context, t *lr.Trial) error { return runAfterDelete(ctx, t, nil) }
	subject := askBot + ", a document of the knowledge base"
	cases(t, &hasty, []testCase{
		{"deleted", library(), want{passes: []string{subject}}},
		{"deleted, and the index keeps it", library(func(b *bot) { b.stale = true }), want{fails: []string{subject}}},
	})
}

// TestRemove holds that what is planted can be taken away again.
func TestRemove(t *testing.T) {
	for name, build := range map[string]func(*app){"an upload": func(a *app) { a.talks() }, "a document": library()} {
		t.Run(name, func(t *testing.T) {
			a := newApp()
			build(a)
			_, tr := trial(t, modelConversation, a)
			owner := pairs(tr)[0].victim
			facts, why, err := plantAll(t.Context(), tr, owner)
			if err != nil || len(facts) != 1 {
				t.Fatalf("%d planted: %s %v", len(facts), why, err)
			}
			if x, why, err := remove(t.Context(), tr, facts[0]); why != "" || err != nil || x.Status != 204 {
				t.Errorf("cannot be removed: %+v %s %v", x, why, err)
			}
			if _, why, err := remove(t.Context(), tr, &fact{owner: owner}); why == "" || err != nil {
				t.Errorf("what has no route was removed: %v", err)
			}
		})
	}
}

func TestFactsAreApart(t *testing.T) {
	_, tr := trial(t, modelConversation, func() *app { a := newApp(); a.talks(); return a }())
	seen := map[string]bool{}
	for range 200 {
		f := newFact(tr, tr.Target.Accounts[0])
		if !codeForm.MatchString(f.code) || seen[f.code] || seen[f.name] {
			t.Fatalf("got %+v", f)
		}
		seen[f.code], seen[f.name] = true, true
		for _, q := range []string{f.asOwner(), f.byMeaning(), f.plain(), f.apart(), f.direct(1), f.meant(2), f.reworded(0)} {
			if strings.Contains(q, f.code) || strings.Contains(q, f.mark) {
				t.Errorf("the question tells the witness: %q", q)
			}
		}
		for n := range 5 {
			if strings.Contains(f.meant(n), f.name) || strings.Contains(f.meant(n), "code") {
				t.Errorf("names what it must not: %q", f.meant(n))
			}
		}
	}
}

func TestInPieces(t *testing.T) {
	const c = "7Q2X-K9PL-MA3F"
	for text, want := range map[string]bool{
		"it is 7q2x k9pl ma3f": true, "7Q2X and K9PL": true, "K9PL, then MA3F": true, "7Q2XK9PLMA3F": true,
		"7Q2X alone": false, "7Q2Y-K9PM-MA3F": false, "": false, "F3AM-LP9K-X2Q7": false,
	} {
		if got := inPieces(c, bare(text)); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestBeyond(t *testing.T) {
	s := shown{text: []string{"a", "b"}, beside: []string{"c", "d"}}
	if got := s.beyond(shown{text: []string{"b"}, beside: []string{"a", "c"}}); strings.Join(got, "") != "ad" {
		t.Errorf("got %v: what stands beside the text in the control is new in the text, and what it shows at all is not new beside it", got)
	}
}
