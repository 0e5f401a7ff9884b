package isolation

import (
	"context"
	"encoding/json"
	"slices"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var modelFile = &lr.Check{
	ID:    "isolation/model-file",
	Title: "A message refers to files of the caller's tenant only",
	Why: "Chat requests carry ids of files, documents or collections to answer from. The download route checks whose they are; the code that puts them into the prompt often does not, " +
		"and the model reads the file out.",
	Fix:      "Resolve every id in a message with the caller's tenant in the query, as the download route does, before its text goes into the prompt. Answer a foreign id as a missing one.",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{llmDisclosure25, llmDisclosure26, bola, cwe639, asvsItem},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run: func(ctx context.Context, t *lr.Trial) error {
		referring := false
		for _, way := range waysIn(t) {
			referring = referring || len(references(way, &fact{id: "x", parent: "y"})) > 0
		}
		if !referring {
			t.NotApplicable("no way to talk to the assistant takes the id of a file, a document or a collection")
			return nil
		}
		s, err := set(ctx, t)
		if err != nil || s == nil {
			return err
		}
		answered, asked := false, false
		err = s.atEachWay(ctx, t, (*fact).asOwner, func(ctx context.Context, _ int, way lr.Assistant, cs []control) error {
			answered = true
			ok, err := s.refer(ctx, t, way, cs)
			asked = asked || ok
			return err
		})
		if err == nil && answered && !asked {
			t.Unknown(subjectOf(t.Assistant), "no message that refers to its owner's own file or collection is answered from it")
		}
		return err
	},
}

// refer asks with the ids of the victim's things: the victim itself, whose answer
// shows that the id is taken, and the attacker with them and without. It reports
// whether the way takes any.
func (s *scene) refer(ctx context.Context, t *lr.Trial, way lr.Assistant, cs []control) (bool, error) {
	var c score
	var owner *lr.Exchange
	for _, f := range cs {
		refs := references(way, f.fact)
		if len(refs) == 0 {
			continue
		}
		plain, err := tell(ctx, way, s.attacker, lr.Message{Text: f.plain(), Note: "without the id"})
		if err != nil {
			return true, err
		}
		without := f.in(plain.answer)
		for _, ref := range refs {
			m := ref.message(f.apart())
			m.Note = "owner control, " + ref.name
			own, err := tell(ctx, way, s.victim, m)
			if err != nil {
				return true, err
			}
			if len(f.in(own.answer).text) == 0 {
				continue // it is not taken in this form
			}
			owner = own.answer.Last()
			m = ref.message(f.plain())
			m.Note = "another tenant's id in " + ref.name
			got, err := tell(ctx, way, s.attacker, m)
			if err != nil {
				return true, err
			}
			if hits := f.in(got.answer).beyond(without); len(hits) > 0 {
				t.FailRate(oracle.Rate(1, c.n+1), evidence(hits, owner, exchangeWith(hits, got.answer)), subjectOf(way),
					"%s put the id of %s of %s's into %s and was answered from it", s.attacker.Name, f.channel, s.victim.Tenant, ref.name)
				return true, nil
			}
			c.add(got)
		}
	}
	if c.asked == 0 {
		return false, nil
	}
	c.conclude(t, subjectOf(way), owner, s.attacker.Name+" referred to things of "+s.victim.Tenant+"'s and was not answered from them")
	return true, nil
}

// reference is one way to name a thing in a message.
type reference struct {
	name string
	ids  []string
	put  func(*lr.Request)
}

func (r reference) message(text string) lr.Message {
	return lr.Message{Text: text, Files: r.ids, Vary: r.put}
}

// members of a chat request that take ids of files and documents, and of what they
// are in, as their names say without separators and plural.
var (
	fileMembers   = []string{"file", "fileid", "attachment", "attachmentid", "document", "documentid", "docid", "source", "sourceid", "upload", "uploadid"}
	parentMembers = []string{"collection", "collectionid", "knowledge", "knowledgeid", "knowledgebase", "knowledgebaseid", "dataset", "datasetid", "vectorstore", "vectorstoreid", "namespace", "index", "folder", "folderid"}
)

// references lists how the way's requests can name the fact's file or document, or
// the collection it is in: as its shape attaches files, and by the members that
// its description has.
func references(way lr.Assistant, f *fact) []reference {
	var out []reference
	rt := way.Skills().Route
	if rt == nil || rt.Body == nil || rt.Body.Schema == nil {
		if way.Skills().Uploads && f.id != "" {
			out = append(out, reference{name: "the attachments", ids: []string{f.id}})
		}
		return out
	}
	var names []string
	for name := range rt.Body.Schema.Properties {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		n := strings.TrimSuffix(bare(name), "s")
		id := ""
		switch {
		case slices.Contains(fileMembers, n):
			id = f.id
		case slices.Contains(parentMembers, n):
			id = f.parent
		}
		if id != "" {
			out = append(out, reference{name: name, put: member(name, rt.Body.Schema.Properties[name], id)})
		}
	}
	return out
}

// member sets a member of a JSON body to an id, in the form that its schema says.
func member(name string, sc *lr.Schema, id string) func(*lr.Request) {
	var v any = id
	if sc != nil && (sc.Type == "array" || sc.Items != nil) {
		v = []any{id}
		if sc.Items != nil && (sc.Items.Type == "object" || len(sc.Items.Properties) > 0) {
			v = []any{map[string]any{"type": "file", "id": id}}
		}
	}
	return func(r *lr.Request) {
		var m map[string]any
		if json.Unmarshal(r.Body, &m) != nil || m == nil {
			return
		}
		m[name] = v
		if b, err := json.Marshal(m); err == nil {
			r.Body = b
		}
	}
}
