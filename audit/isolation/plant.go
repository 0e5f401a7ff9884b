package isolation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// channel is a way by which a tenant's text comes to its assistant. plant returns
// why it did not take the fact; the error ends the check.
type channel struct {
	name  string
	plant func(ctx context.Context, t *lr.Trial, f *fact) (why string, err error)
}

// channels lists how the account's tenant can give its assistant something to
// read: the upload, and the knowledge base where the run has a document in it.
func channels(t *lr.Trial, owner *lr.Account) []channel {
	var out []channel
	for _, way := range waysIn(t) {
		if way.Skills().Uploads {
			out = append(out, channel{"an uploaded file", func(ctx context.Context, t *lr.Trial, f *fact) (string, error) {
				return upload(ctx, t, way, f)
			}})
			break
		}
	}
	for _, rt := range t.Target.Routes {
		seeded := t.Stage.Object(rt.Resource, owner)
		if title, text := documentFields(rt); rt.Kind == lr.Create && text != "" && seeded != nil && knowledge(rt) {
			out = append(out, channel{"a document of the knowledge base", func(ctx context.Context, t *lr.Trial, f *fact) (string, error) {
				return document(ctx, t, rt, seeded, title, text, f)
			}})
			break
		}
	}
	return out
}

// upload gives the assistant a text file of the fact's owner.
func upload(ctx context.Context, t *lr.Trial, way lr.Assistant, f *fact) (string, error) {
	name := strings.ReplaceAll(f.title(), " ", "-") + ".txt"
	id, xs, err := way.Put(ctx, f.owner, lr.File{Name: name, Type: "text/plain", Data: []byte(f.text() + "\n")})
	if err != nil {
		if oracle.Fatal(ctx, err) || errors.Is(err, lr.ErrMoney) {
			return "", err
		}
		return err.Error(), nil
	}
	f.id, f.channel = id, "an uploaded file"
	if len(xs) > 0 {
		f.object = objectAt(t, f.owner, xs[0], id)
	}
	return "", nil
}

// objectAt is the object that a creation made, when a route is known for it.
func objectAt(t *lr.Trial, owner *lr.Account, x *lr.Exchange, id string) *lr.Object {
	for _, rt := range t.Target.Routes {
		if rt.Method == x.Method && rt.Resource != "" && len(rt.PathParams()) == 0 && strings.HasSuffix(strings.TrimRight(x.URL, "/"), rt.Path) {
			return &lr.Object{Resource: rt.Resource, Owner: owner, ID: id, Keys: map[string]string{rt.Resource: id}, Created: x, Made: true}
		}
	}
	return nil
}

// knowledge reports a collection of texts that an assistant is there to read.
func knowledge(rt *lr.Route) bool {
	return names(rt, "documents", "document", "knowledge", "kb", "pages", "sources", "notes", "snippets", "faqs", "faq", "entries", "files")
}

// documentFields are the members of a creation's body that take a title and a long
// text, "" where there is none.
func documentFields(rt *lr.Route) (title, text string) {
	if rt.Body == nil || rt.Body.Schema == nil || !strings.Contains(rt.Body.Type, "json") {
		return "", ""
	}
	pick := func(least int, words ...string) string {
		for _, w := range words {
			p := rt.Body.Schema.Properties[w]
			if p != nil && (p.Type == "string" || p.Type == "") && len(p.Enum) == 0 && (p.MaxLength == 0 || p.MaxLength >= least) {
				return w
			}
		}
		return ""
	}
	return pick(120, "title", "name", "subject", "question"), pick(300, "text", "content", "body", "answer", "markdown")
}

// document adds one to the knowledge base, where the seeded one is.
func document(ctx context.Context, t *lr.Trial, rt *lr.Route, seeded *lr.Object, title, text string, f *fact) (string, error) {
	r, err := t.Stage.Request(ctx, rt, seeded, f.owner)
	if err != nil {
		return err.Error(), nil //nolint:nilerr // a request that cannot be built is why, not a broken run
	}
	var body map[string]any
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return fmt.Sprintf("the body of %s is not understood", rt), nil //nolint:nilerr // likewise
	}
	body[text] = f.text()
	if title != "" {
		body[title] = f.title()
	} else {
		body[text] = f.text() + " " + f.mark
	}
	if r.Body, err = json.Marshal(body); err != nil {
		return "", fmt.Errorf("write the document: %w", err)
	}
	r.Note = "a document of the owner's"
	x, err := t.HTTP.Do(ctx, f.owner, r)
	if err != nil {
		if oracle.Fatal(ctx, err) {
			return "", err
		}
		return err.Error(), nil
	}
	t.Stage.Adopt(ctx, rt, f.owner, x)
	if !x.OK() {
		return fmt.Sprintf("%s answered %d", rt, x.Status), nil
	}
	f.channel = "a document of the knowledge base"
	f.id = idLike(seeded, x)
	o := &lr.Object{Resource: rt.Resource, Owner: f.owner, ID: f.id, Keys: map[string]string{}, Created: x, Made: true}
	for k, v := range seeded.Keys {
		if k != rt.Resource {
			o.Keys[k] = v
			f.parent = v
		}
	}
	if f.id != "" {
		o.Keys[rt.Resource] = f.id
		f.object = o
	}
	return "", nil
}

// idLike finds the new object's id where the seeded one's stood in the reply that
// made it.
func idLike(seeded *lr.Object, x *lr.Exchange) string {
	var was, is map[string]any
	if seeded.Created == nil || json.Unmarshal(seeded.Created.Body, &was) != nil || json.Unmarshal(x.Body, &is) != nil {
		return ""
	}
	for k, v := range was {
		if fmt.Sprint(v) == seeded.ID && is[k] != nil {
			return fmt.Sprint(is[k])
		}
	}
	return ""
}

// remove deletes the fact's file or document as its owner, who reads it again to
// see that it is gone.
func remove(ctx context.Context, t *lr.Trial, f *fact) (x *lr.Exchange, why string, err error) {
	if f.object == nil {
		return nil, "no route is known that deletes it", nil
	}
	var del, read *lr.Route
	for _, rt := range t.Target.Routes {
		switch {
		case rt.Resource != f.object.Resource:
		case rt.Kind == lr.Delete && del == nil:
			del = rt
		case rt.Kind == lr.Read && rt.Method == http.MethodGet && read == nil:
			read = rt
		}
	}
	if del == nil {
		return nil, "no route is known that deletes it", nil
	}
	if x, err = t.Send(ctx, f.owner, del, f.object, "the owner deletes it"); err != nil {
		return nil, "", err
	}
	if !x.OK() {
		return x, fmt.Sprintf("%s answered %d", del, x.Status), nil
	}
	if read == nil {
		return x, "", nil
	}
	after, err := t.Send(ctx, f.owner, read, f.object, "the owner reads it again")
	if err != nil {
		return nil, "", err
	}
	if len(holds([]string{f.code, f.mark}, after)) > 0 {
		return after, "it can be read after it was deleted", nil
	}
	return x, "", nil
}

// ingestion remembers of a channel whether what it takes was ever answered from:
// only the first fact is waited for to the end.
type ingestion struct {
	mu   sync.Mutex
	done bool
}

// ingestWaits are the pauses between the questions to an assistant that may not
// have read a new file yet.
var ingestWaits = [...]time.Duration{500 * time.Millisecond, 1500 * time.Millisecond, 4 * time.Second, 8 * time.Second}

func ingestionOf(ctx context.Context, t *lr.Trial, f *fact) (*ingestion, error) {
	return lr.Recall(ctx, t.Memo, "isolation/ingestion/"+f.owner.Tenant+"/"+f.channel, func(context.Context) (*ingestion, error) { return &ingestion{}, nil })
}

// answeredBack asks as the fact's owner until the answer has its code: the channel
// works, and the attack that follows can prove something. open says why it does
// not.
func answeredBack(ctx context.Context, t *lr.Trial, way lr.Assistant, f *fact, m lr.Message) (s said, open string, err error) {
	in, err := ingestionOf(ctx, t, f)
	if err != nil {
		return s, "", err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for n := 0; ; n++ {
		if s, err = tell(ctx, way, f.owner, m); err != nil {
			return s, "", err
		}
		if len(without([]string{f.code}, f.in(s.answer).text)) == 0 {
			in.done = true
			return s, "", nil
		}
		if in.done || n == len(ingestWaits) {
			break
		}
		if err := pause(ctx, ingestWaits[n]); err != nil {
			return s, "", err
		}
	}
	in.done = true
	if s.open != "" {
		return s, s.open, nil
	}
	return s, "its owner is not answered from " + f.channel, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
