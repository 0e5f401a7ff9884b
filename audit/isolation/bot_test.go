package isolation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

// The endpoints of the bot.
const (
	saying    = `POST /chat {"message":"hello","chat_id":"c1","file_ids":["f1"]}`
	uploading = "POST /files"
	askBot    = "POST /chat"
)

// exchange is one question to the bot under way, for hooks to change.
type exchange struct {
	w       http.ResponseWriter
	r       *http.Request
	tenant  string
	in      row
	message string
	sees    []string // whose files the answer is made from
	thread  row      // the conversation that it goes on with
	files   []row    // those that it names
	sources []row    // what the reply tells of its sources
}

// bot answers about a tenant's files by the words that they share with a question,
// and remembers conversations. Its hooks make it misbehave.
type bot struct {
	app *app
	// before changes what an answer is made from; after what is replied.
	before func(x *exchange)
	after  func(x *exchange, answer string) string
	// instead answers in the bot's place where it returns true.
	instead func(x *exchange) bool
	mute    bool // the replies tell no sources
	stale   bool // deleted files are answered from
	refuses bool // anything but its own subject, which nothing here is

	mu   sync.Mutex
	kept map[string]string
}

// talks adds the bot to the application.
func (a *app) talks(change ...func(*bot)) *bot {
	b := &bot{app: a, kept: map[string]string{}}
	a.bot = b
	for _, c := range change {
		c(b)
	}
	a.on(uploading, private(b.upload))
	a.on("GET /files/{id}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if v := a.find("files", r.PathValue("id"), tenant); v != nil && v["gone"] == nil {
			reply(w, 200, row{"id": v["id"], "name": v["name"]})
			return
		}
		missing(w)
	}))
	a.on("DELETE /files/{id}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if a.find("files", r.PathValue("id"), tenant) == nil {
			missing(w)
			return
		}
		a.change("files", r.PathValue("id"), row{"gone": true})
		w.WriteHeader(204)
	}))
	a.on(saying, private(b.chat))
	return b
}

func (b *bot) upload(w http.ResponseWriter, r *http.Request, tenant string) {
	f, h, err := r.FormFile("file")
	if err != nil {
		reply(w, 400, row{"error": "no file"})
		return
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1<<16))
	if err != nil {
		reply(w, 400, row{"error": "no file"})
		return
	}
	v := b.app.add("files", tenant, row{"name": h.Filename, "text": string(text)})
	reply(w, 201, row{"id": v["id"], "name": v["name"]})
}

func (b *bot) chat(w http.ResponseWriter, r *http.Request, tenant string) {
	x := &exchange{w: w, r: r, tenant: tenant, in: body(r), sees: []string{tenant}}
	x.message, _ = x.in["message"].(string)
	if b.instead != nil && b.instead(x) {
		return
	}
	if id, ok := x.in["chat_id"].(string); ok && id != "" {
		if x.thread = b.app.find("threads", id, tenant); x.thread == nil && b.before == nil {
			missing(w)
			return
		}
	} else {
		x.thread = b.app.add("threads", tenant, row{"said": ""})
	}
	ids, _ := x.in["file_ids"].([]any)
	for _, id := range ids {
		if v := b.app.find("files", fmt.Sprint(id), tenant); v != nil {
			x.files = append(x.files, v)
		}
	}
	if b.before != nil {
		b.before(x)
	}
	if x.thread == nil || x.in["file_ids"] != nil && len(x.files) < len(ids) {
		missing(w)
		return
	}
	answer := b.answer(x)
	if b.after != nil {
		answer = b.after(x, answer)
	}
	b.app.change("threads", text(x.thread["id"]), row{"said": text(x.thread["said"]) + "\n" + x.message})
	out := row{"answer": answer, "chat_id": x.thread["id"]}
	if !b.mute {
		out["sources"] = x.sources
	}
	reply(w, 200, out)
}

var joining = regexp.MustCompile(`order (\d), (\d), (\d).*: (\w+), (\w+), (\w+)$`)

// answer says what the sentences it may see have in common with the question.
func (b *bot) answer(x *exchange) string {
	if b.refuses {
		return "I can only help with your orders."
	}
	if m := joining.FindStringSubmatch(x.message); m != nil {
		var out string
		for _, n := range m[1:4] {
			out += m[3+int(n[0]-'0')]
		}
		return out
	}
	files := x.files
	if files == nil {
		files = b.app.list("files", func(v row) bool {
			return (v["gone"] == nil || b.stale) && slices.Contains(x.sees, text(v["tenant"]))
		})
	}
	best, said := 1, "I do not know."
	consider := func(sentence, from string) bool {
		if n := alike(sentence+" "+from, x.message); n > best {
			best, said = n, sentence
			return true
		}
		return false
	}
	for _, v := range files {
		if consider(text(v["text"]), text(v["name"])) {
			x.sources = []row{{"id": v["id"], "title": v["name"]}}
		}
	}
	for _, line := range strings.Split(text(x.thread["said"]), "\n") {
		if !strings.Contains(line, "?") {
			consider(line, "")
		}
	}
	return said
}

// alike counts the long words that two texts share.
func alike(x, y string) int {
	n := 0
	words := regexp.MustCompile(`\w{4,}`)
	in := words.FindAllString(strings.ToLower(x), -1)
	for _, w := range words.FindAllString(strings.ToLower(y), -1) {
		if slices.Contains(in, w) {
			n++
		}
	}
	return n
}

// met is the bot as the audit meets it: the real endpoint, and what it can do.
type met struct {
	chat.Endpoint
	skills lr.Skills
}

func (m *met) Skills() lr.Skills     { return m.skills }
func (m *met) Twins() []lr.Assistant { return nil }

// hasty is a client that does not wait for a reply without an end.
type hasty struct{ lr.Client }

func (h hasty) Do(ctx context.Context, as *lr.Account, r *lr.Request) (*lr.Exchange, error) {
	r.StreamFor = 150 * time.Millisecond
	return h.Client.Do(ctx, as, r)
}

// meet describes the bot; an application without one has an assistant that is
// never there.
func (a *app) meet(t *testing.T, c lr.Client, routes []*lr.Route) lr.Assistant {
	t.Helper()
	sel := func(s string) []chat.Selector {
		p, err := chat.ParseSelector(s)
		if err != nil {
			t.Fatal(err)
		}
		return []chat.Selector{p}
	}
	m := &met{Endpoint: chat.Endpoint{Client: hasty{c}, Shape: chat.Shape{
		Send: chat.Template{Path: "/chat", Body: map[string]any{"message": "$message", "chat_id": "$conversation"}},
		Text: sel("/answer"), Conversation: sel("/chat_id"),
	}}}
	m.skills.Subject = askBot
	if a.bot == nil {
		return m
	}
	m.Shape.Upload = &chat.Upload{Path: "/files", ID: sel("/id")}
	m.skills.Uploads, m.skills.Remembers, m.skills.Computes = true, true, []string{chat.Join.String()}
	for _, rt := range routes {
		if rt.String() == askBot {
			m.skills.Route = rt
		}
	}
	return m
}

// ingested says of every channel that what it takes is there at once, so that a
// test need not wait for what never comes.
func ingested(ctx context.Context, m *lr.Memo) {
	for _, tenant := range []string{"acme", "globex"} {
		for _, channel := range []string{"an uploaded file", "a document of the knowledge base"} {
			_, _ = lr.Recall(ctx, m, "isolation/ingestion/"+tenant+"/"+channel, func(context.Context) (*ingestion, error) { return &ingestion{done: true}, nil }) // it fails never
		}
	}
}

// lost is an assistant whose target has stopped answering.
type lost struct{ lr.Assistant }

func (lost) Ask(context.Context, *lr.Account, lr.Message) (*lr.Answer, error) { return nil, lr.ErrLost }
func (lost) Put(context.Context, *lr.Account, lr.File) (string, []*lr.Exchange, error) {
	return "", nil, lr.ErrLost
}

// talkChecks are the checks of the row that ask the assistant.
func talkChecks() []*lr.Check {
	var out []*lr.Check
	for _, c := range Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		if c.Needs&lr.Chat != 0 {
			out = append(out, c)
		}
	}
	return out
}

// TestBots holds that a right bot passes each check, and that one which cannot be
// asked leaves it open: it is no finding, and no pass.
func TestBots(t *testing.T) {
	answering := func(f func(http.ResponseWriter)) func(*bot) {
		return func(b *bot) {
			b.instead = func(x *exchange) bool { f(x.w); return true }
		}
	}
	n := 0
	var mu sync.Mutex
	for _, tc := range []struct {
		name string
		want lr.Verdict // Skipped: as chance has it, but no finding
		bot  func(*bot)
	}{
		{"right", lr.Passed, func(*bot) {}},
		{"answers only about its subject", lr.Unknown, func(b *bot) { b.refuses = true }},
		{"fails", lr.Unknown, answering(func(w http.ResponseWriter) { reply(w, 500, row{"error": "x"}) })},
		{"is busy", lr.Unknown, answering(func(w http.ResponseWriter) { reply(w, 429, row{"error": "slow down"}) })},
		{"fails at random", lr.Skipped, func(b *bot) {
			b.instead = func(x *exchange) bool {
				mu.Lock()
				defer mu.Unlock()
				n++
				if n%3 != 0 {
					reply(x.w, 503, row{"error": "x"})
				}
				return n%3 != 0
			}
		}},
		{"never ends", lr.Unknown, func(b *bot) {
			b.instead = func(x *exchange) bool {
				x.w.Header().Set("Content-Type", "text/event-stream")
				for x.r.Context().Err() == nil {
					fmt.Fprint(x.w, "data: {\"answer\":\"well, \"}\n\n")
					_ = http.NewResponseController(x.w).Flush() // who went away misses it
					select {
					case <-x.r.Context().Done():
					case <-time.After(5 * time.Millisecond):
					}
				}
				return true
			}
		}},
		{"drops the reply", lr.Unknown, answering(func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"answer":"we`)
			panic(http.ErrAbortHandler)
		})},
		{"writes no UTF-8", lr.Unknown, answering(func(w http.ResponseWriter) { fmt.Fprint(w, "\xff\xfe{\"answer\":\"\xc3\x28\"}") })},
		{"writes half an event", lr.Unknown, answering(func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: {\"answer\":\nid\n\ndata")
		})},
		{"has another shape", lr.Unknown, answering(func(w http.ResponseWriter) { reply(w, 200, []any{1, nil, row{"x": []any{}}}) })},
		{"says nothing", lr.Unknown, answering(func(w http.ResponseWriter) { w.WriteHeader(204) })},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, c := range talkChecks() {
				t.Run(c.ID, func(t *testing.T) {
					a := newApp()
					a.talks(tc.bot)
					out, _ := trial(t, c, a)
					best := lr.Unknown
					for _, o := range out {
						switch {
						case o.Verdict == lr.Failed:
							t.Errorf("a finding at %s: %s", o.Subject, o.Message)
						case o.Verdict == lr.Passed:
							best = lr.Passed
						}
						if o.Verdict == lr.Passed && c.Severity == lr.Critical && o.Rate == nil {
							t.Errorf("a pass without its bound: %s", o.Message)
						}
					}
					if best != tc.want && tc.want != lr.Skipped {
						t.Errorf("got %s, want %s: %+v", best, tc.want, out)
					}
					if len(out) == 0 {
						t.Error("nothing was reported")
					}
				})
			}
		})
	}
}

// TestUploadsRefused holds that a bot which takes no file leaves the checks open
// that need one.
func TestUploadsRefused(t *testing.T) {
	for _, c := range talkChecks() {
		if c == modelConversation || c == streamCrossTalk {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			a := newApp()
			a.talks()
			a.on(uploading, func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 403, row{"error": "no"}) })
			out, _ := trial(t, c, a)
			if len(out) != 1 || out[0].Verdict != lr.Unknown || !strings.Contains(out[0].Message, "403") {
				t.Errorf("got %+v, want one open subject that names the refusal", out)
			}
		})
	}
}

// TestMoneySpent holds that a question which the money does not cover ends a check.
func TestMoneySpent(t *testing.T) {
	for _, c := range talkChecks() {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			a := newApp()
			a.talks()
			_, tr := trial(t, c, a)
			tr.Assistant = poor{tr.Assistant}
			tr.Report = func(o lr.Outcome) {
				if o.Verdict != lr.Unknown {
					t.Errorf("a verdict without money: %+v", o)
				}
			}
			tr.Memo = &lr.Memo{}
			if err := c.Run(t.Context(), tr); !errors.Is(err, lr.ErrMoney) {
				t.Errorf("got %v, want %v", err, lr.ErrMoney)
			}
		})
	}
}

// poor is an assistant that nothing may be spent on.
type poor struct{ lr.Assistant }

func (poor) Ask(context.Context, *lr.Account, lr.Message) (*lr.Answer, error) {
	return &lr.Answer{}, fmt.Errorf("ask: %w", lr.ErrMoney)
}
