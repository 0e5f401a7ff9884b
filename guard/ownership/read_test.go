package ownership_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/ownership"
)

func TestImport(t *testing.T) {
	many := "kind,id,tenant\n"
	for i := range 2500 {
		many += fmt.Sprintf("chat,%d,acme\n", i)
	}
	for name, c := range map[string]struct {
		json, move bool
		text, err  string
		want       map[string]string // by kind and id
		conflict   int
	}{
		"csv":             {text: "\ufefftenant,id,note,kind\nacme,007,\"a,\nb\",chat\nglobex,X,,chat\n", want: map[string]string{"chat 7": "acme", "chat X": "globex"}},
		"folded":          {text: "kind,id,tenant\nslug,Notes,acme\n", want: map[string]string{"slug notes": "acme"}},
		"json":            {json: true, text: "{\"kind\":\"chat\",\"id\":12345678901234567890,\"tenant\":\"acme\"}\n\n{\"kind\":\"chat\",\"id\":\"a\\u0062\",\"tenant\":\"*\"}", want: map[string]string{"chat 12345678901234567890": "acme", "chat ab": "*"}},
		"many":            {text: many, want: map[string]string{"chat 0": "acme", "chat 2499": "acme"}},
		"another's stays": {text: "kind,id,tenant\nchat,old,globex\nchat,new,globex\n", want: map[string]string{"chat old": "acme", "chat new": "globex"}, conflict: 1},
		"another's moves": {move: true, text: "kind,id,tenant\nchat,old,globex\n", want: map[string]string{"chat old": "globex"}},
		"no column":       {text: "kind,id,org\nchat,1,acme\n", err: "line 1: there is no column tenant"},
		"empty":           {text: "", err: "line 1: "},
		"no tenant":       {text: "kind,id,tenant\nchat,1,acme\nchat,2,\n", err: "line 3: kind, id and tenant"},
		"too few":         {text: "kind,id,tenant\nchat,1\n", err: "line 2: "},
		"long id":         {text: "kind,id,tenant\nchat," + strings.Repeat("a", 257) + ",acme\n", err: "line 2: "},
		"no json":         {json: true, text: "{\"kind\":\"chat\",\"id\":1,\"tenant\":\"acme\"}\nchat\n", err: "line 2: it is not"},
		"json list":       {json: true, text: `{"kind":"chat","id":[1],"tenant":"acme"}`, err: "line 1: the id"},
		"json null":       {json: true, text: `{"kind":"chat","id":null,"tenant":"acme"}`, err: "line 1: the id"},
		"json no id":      {json: true, text: `{"kind":"chat","tenant":"acme"}`, err: "line 1: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := &ownership.Memory{}
			if _, err := s.Claim(t.Context(), []ownership.Claim{{Object: ownership.Object{Kind: "chat", ID: "old"}, Tenant: "acme"}}); err != nil {
				t.Fatal(err)
			}
			m := ownership.Import{Store: s, Fold: map[string]bool{"slug": true}, Move: c.move}
			read := m.CSV
			if c.json {
				read = m.JSONLines
			}
			got, err := read(t.Context(), strings.NewReader(c.text))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %s", err, c.err)
				}
				return
			}
			if err != nil || got.Conflict != c.conflict || len(got.Lines) != c.conflict {
				t.Fatalf("%+v, %v", got, err)
			}
			for what, tenant := range c.want {
				kind, id, _ := strings.Cut(what, " ")
				if is, _ := s.Owner(t.Context(), ownership.Object{Kind: kind, ID: id}); is.Tenant != tenant {
					t.Errorf("%s is %+v, want %s", what, is, tenant)
				}
			}
		})
	}
}

func FuzzImport(f *testing.F) {
	f.Add("kind,id,tenant\nchat,1,acme\n")
	f.Add(`{"kind":"chat","id":1,"tenant":"acme"}`)
	f.Fuzz(func(t *testing.T, s string) {
		m := ownership.Import{Store: &ownership.Memory{}}
		for _, read := range []func() (ownership.Imported, error){
			func() (ownership.Imported, error) { return m.CSV(t.Context(), strings.NewReader(s)) },
			func() (ownership.Imported, error) { return m.JSONLines(t.Context(), strings.NewReader(s)) },
		} {
			if got, err := read(); err == nil && got.Objects < got.Conflict {
				t.Errorf("%+v", got)
			}
		}
	})
}
