package zonefile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/edge"
	"github.com/launchready/launchready/edge/zonefile"
)

const zone = "a.test"

func driver(t testing.TB, text string) *zonefile.Driver {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.test.zone")
	if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return &zonefile.Driver{File: file, Zone: zone}
}

func read(t testing.TB, d *zonefile.Driver) string {
	t.Helper()
	b, err := os.ReadFile(d.File)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestEdit changes one set and takes it back, in files of many forms: the file is
// then byte for byte as before, and the lines of others never move.
func TestEdit(t *testing.T) {
	spf := edge.RR(zone, "TXT")
	for _, c := range []struct {
		name, text string
		key        edge.Key
		to         []string // data after
		has        string   // in the edited file
		fails      string
	}{
		{"a record among others", "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ TXT \"v=spf1 -all\" ; mine\nwww A 192.0.2.1\n", spf, []string{`"v=spf1 mx -all"`}, `;launchready was; @ TXT "v=spf1 -all" ; mine`, ""},
		{"over lines", "$TTL 60\n@ SOA ns h ( 1 2\n 3 4 5 ) ; end\n@ TXT ( \"v=spf1 \"\n  \"-all\" )\nwww A 192.0.2.1\n", spf, []string{`"v=spf1 mx -all"`}, `;launchready was;   "-all" )`, ""},
		{"the next has no name", "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ TXT \"v=spf1 -all\"\n  TXT \"other\"\n", spf, []string{`"v=spf1 mx -all"`, `"other"`}, "", ""},
		{"deletion before one without name", "$TTL 60\n@ SOA ns h 1 2 3 4 5\nb TXT \"v=spf1 -all\"\n  A 192.0.2.1\n", edge.RR("b."+zone, "TXT"), nil, "", "line 4 takes its name from line 3"},
		{"another origin", "$ORIGIN test.\n$TTL 60\na SOA ns h 1 2 3 4 5\n$ORIGIN a.test.\nb TXT \"x;y\"\n", edge.RR("b."+zone, "TXT"), []string{`"z"`}, "b.a.test. 60 IN TXT \"z\" ;launchready", ""},
		{"no newline at the end", "$TTL 60\n@ SOA ns h 1 2 3 4 5\nwww A 192.0.2.1", edge.RR("new."+zone, "A"), []string{"192.0.2.9"}, "www A 192.0.2.1\nnew.a.test.", ""},
		{"CR LF", "$TTL 60\r\n@ SOA ns h 1 2 3 4 5\r\nwww A 192.0.2.1\r\n", edge.RR("new."+zone, "A"), []string{"192.0.2.9"}, "new.a.test.", ""},
		{"GENERATE", "$TTL 60\n@ SOA ns h 1 2 3 4 5\n$GENERATE 1-3 h$ A 192.0.2.$\n", edge.RR("h2."+zone, "A"), nil, "", "several records"},
		{"INCLUDE", "$INCLUDE /etc/passwd\n", spf, []string{`"x"`}, "", "$INCLUDE"},
		{"not closed", "@ TXT ( \"x\"\n", spf, []string{`"x"`}, "", "not closed"},
		{"nonsense", "@ TXT\n\x00\xff", spf, []string{`"x"`}, "", "line 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := driver(t, c.text)
			s, err := d.Read(t.Context(), nil)
			var change edge.Change
			if err == nil {
				change = edge.Change{Key: c.key, Before: s.Sets[c.key]}
				for _, data := range c.to {
					change.After = append(change.After, edge.Value{Data: data, TTL: 60})
				}
				err = d.Apply(t.Context(), []edge.Change{change})
			}
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) || read(t, d) != c.text {
					t.Errorf("the error is %v, want %q", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, d); !strings.Contains(got, c.has) {
				t.Errorf("it is\n%s\nwithout %q", got, c.has)
			}
			if err := d.Apply(t.Context(), []edge.Change{change}); len(change.Removed())+len(change.Added()) > 0 && !errors.Is(err, edge.ErrConcurrent) {
				t.Errorf("twice: %v", err)
			}
			if err := d.Apply(t.Context(), []edge.Change{change.Back()}); err != nil {
				t.Fatal(err)
			}
			if got := read(t, d); got != c.text {
				t.Errorf("taken back it is\n%q\nwas\n%q", got, c.text)
			}
			if info, err := os.Stat(d.File); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("mode %v %v", info.Mode(), err)
			}
		})
	}
}

func TestOthers(t *testing.T) {
	d := driver(t, "$TTL 60\n@ SOA ns h 1 2 3 4 5\n")
	if err := d.Apply(t.Context(), []edge.Change{{Key: edge.Key{Kind: edge.Setting, Name: "ssl"}}}); err == nil {
		t.Error("a zone file takes a setting")
	}
	d.File += ".gone"
	if _, err := d.Read(t.Context(), nil); err == nil {
		t.Error("a file that is gone is read")
	}
}

// FuzzEdit edits whatever reads as a zone: taken back it is byte for byte the same.
func FuzzEdit(f *testing.F) {
	f.Add([]byte("$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ TXT \"v=spf1 -all\" ; mine\n  A 192.0.2.1\n"))
	f.Add([]byte("a ( TXT\n \"x\" \"y;z\" )\n$ORIGIN b\n@ 5 TXT \\; \n"))
	f.Add([]byte("a.test. TXT \"\\\"\"\n\n;launchready was; x A 1.2.3.4"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d := driver(t, string(text))
		s, err := d.Read(t.Context(), nil)
		if err != nil {
			return
		}
		k := edge.RR(zone, "TXT")
		ttl := uint32(60)
		if len(s.Sets[k]) > 0 {
			ttl = s.Sets[k][0].TTL
		}
		c := edge.Change{Key: k, Before: s.Sets[k], After: []edge.Value{{Data: `"v=spf1 -all"`, TTL: ttl}}}
		if edge.Equal(c.Before, c.After) || d.Apply(t.Context(), []edge.Change{c}) != nil {
			return // it says so, and has changed nothing
		}
		if err := d.Apply(t.Context(), []edge.Change{c.Back()}); err != nil {
			return
		}
		after, err := d.Read(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for key, vs := range s.Sets {
			if !edge.Equal(after.Sets[key], vs) {
				t.Errorf("%s is %v, was %v", key, after.Sets[key], vs)
			}
		}
		if len(after.Sets) != len(s.Sets) && !bytes.Contains(text, []byte("launchready")) {
			t.Errorf("%d sets, were %d", len(after.Sets), len(s.Sets))
		}
	})
}
