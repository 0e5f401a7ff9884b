package oracle

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func TestFindDecodes(t *testing.T) {
	stream := func(form string) string {
		var b strings.Builder
		for i := 0; i < len(canary); i += 7 {
			fmt.Fprintf(&b, form, canary[i:min(i+7, len(canary))])
		}
		return b.String()
	}
	escaped := strings.ReplaceAll(canary, "-", `\u002d`)
	for name, x := range map[string]*lr.Exchange{
		"plain":                 js(200, `{"t":"`+canary+`"}`),
		"header":                {Status: 200, Header: http.Header{"X-Title": {canary}}},
		"escaped header":        {Status: 302, Header: http.Header{"Location": {"/x?t=" + strings.ReplaceAll(canary, "-", "%2D")}}},
		"JSON escapes":          js(200, `{"t":"`+escaped+`"}`),
		"HTML entities":         reply(200, "text/html", strings.ReplaceAll(html.EscapeString(canary), "-", "&#45;")),
		"URL escapes":           reply(200, "text/plain", strings.ReplaceAll(url.QueryEscape(canary), "-", "%2d")),
		"base64":                js(200, `{"b":"`+base64.StdEncoding.EncodeToString([]byte("a file with "+canary+" in it"))+`"}`),
		"base64 for URLs":       js(200, `{"b":"`+base64.RawURLEncoding.EncodeToString([]byte("??>>~~"+canary+"??>>"))+`"}`),
		"gzip":                  reply(200, "application/gzip", zipped(canary)),
		"server-sent events":    reply(200, "text/event-stream", stream("data: {\"delta\":{\"content\":%q}}\n\n")),
		"events of plain text":  reply(200, "text/event-stream", stream("data: %s\n\n")),
		"lines of JSON":         reply(200, "application/x-ndjson", stream("{\"text\":%q}\n")),
		"zero-width characters": js(200, `{"t":"`+strings.Join(strings.Split(canary, ""), "\u200b")+`"}`),
		"upper case":            reply(200, "text/plain", strings.ToUpper(canary)),
		"spaced":                reply(200, "text/plain", strings.Join(strings.Split(canary, ""), " ")),
	} {
		t.Run(name, func(t *testing.T) {
			if got := Find([]string{"absent-value-0000", canary}, x); len(got) != 1 || got[0] != canary {
				t.Errorf("got %q, want the canary alone", got)
			}
		})
	}
}

func TestFindDoesNotInvent(t *testing.T) {
	other := "lr1-run-globex-2-fedcba9876543210fedcba98"
	for name, x := range map[string]*lr.Exchange{
		"nil":                     nil,
		"empty":                   {Status: 204},
		"another canary":          js(200, `{"t":"`+other+`"}`),
		"half of it":              js(200, `{"t":"`+canary[:25]+`"}`),
		"its letters elsewhere":   js(200, `{"a":"lr1-run","b":"acme-1","c":"0123456789abcdef01234567x"}`),
		"a prefix as a near miss": js(200, `{"t":"`+canary[:len(canary)-1]+`8"}`),
	} {
		t.Run(name, func(t *testing.T) {
			if got := Find([]string{canary}, x); len(got) != 0 {
				t.Errorf("got %q, want nothing", got)
			}
		})
	}
}

func TestFindKeepsShortValuesExact(t *testing.T) {
	// Folding joins neighbours: a short id must not arise from "12" and "34".
	if got := Find([]string{"user1234"}, js(200, `{"name":"user","n":"12","m":"34"}`)); len(got) != 0 {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestMint(t *testing.T) {
	m := NewMint("Run-1", nil)
	seen := map[string]bool{}
	for i := range 200 {
		for _, c := range []string{m.Canary("Acme Corp."), m.Compact("globex")} {
			if seen[c] {
				t.Fatalf("%s was minted twice", c)
			}
			seen[c] = true
			if got := Canaries("x" + c + "y"); i == 0 && (len(got) != 1 || got[0] != c) {
				t.Errorf("Canaries finds %q in a text with %s", got, c)
			}
		}
	}
	for c := range seen {
		want := "globex"
		if strings.HasPrefix(c, "lr1-") {
			want = "Acme Corp."
			if !strings.HasPrefix(c, "lr1-run1-acmecorp-") {
				t.Errorf("%s does not tell its run and tenant", c)
			}
		}
		if got := m.TenantOf(c); got != want {
			t.Errorf("TenantOf(%s) = %q, want %q", c, got, want)
		}
	}
	if got := m.TenantOf("lr1-run1-acmecorp-1-000000000000000000000000"); got != "" {
		t.Errorf("a canary that was not minted belongs to %q", got)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestMintWithoutRandomnessStaysUnique(t *testing.T) {
	m := NewMint("r", zeros{})
	a, b := m.Compact("x"), m.Compact("x")
	if a == b {
		t.Errorf("both are %s", a)
	}
}

func TestMissing(t *testing.T) {
	for _, id := range []string{"1", "42", "chat_4kq2v8r0m1x7c9t3", "550e8400-e29b-41d4-a716-446655440000", "my-book-title", "A", "ÄÖ"} {
		o := &lr.Object{Resource: "/chats/{}/messages", ID: id, Keys: map[string]string{"/chats": "parent", "/chats/{}/messages": id}, Canaries: []string{canary}, Made: true}
		m := Missing(o)
		if m.ID == id || m.Keys[o.Resource] != m.ID {
			t.Errorf("%s: the missing one is %q with keys %v", id, m.ID, m.Keys)
		}
		if m.Keys["/chats"] != "parent" {
			t.Errorf("%s: the parent changed to %q", id, m.Keys["/chats"])
		}
		if len(m.Canaries) > 0 || m.Made {
			t.Errorf("%s: the missing one keeps what the object holds", id)
		}
		if again := Missing(o); again.ID != m.ID {
			t.Errorf("%s: %s and then %s", id, m.ID, again.ID)
		}
		if strings.Contains(id, "-") && strings.Count(m.ID, "-") != strings.Count(id, "-") || strings.HasPrefix(id, "chat_") && !strings.HasPrefix(m.ID, "chat_") {
			t.Errorf("%s became %s, which is of another form", id, m.ID)
		}
	}
}

func FuzzDecodings(f *testing.F) {
	f.Add("data: {\"a\":\"b\"}\n\ndata: x\n", "text/event-stream")
	f.Add(`{"a":["\u002d",{"b":1}]}`, "application/json")
	f.Add(zipped(canary), "application/gzip")
	f.Add("%zz%2", "text/plain")
	f.Fuzz(func(t *testing.T, body, media string) {
		x := reply(200, media, body)
		Shape(x)
		Harvest(x)
		if got := Find([]string{canary}, x); len(got) > 0 && !strings.Contains(fold(body), fold(canary)) && !hides(x) {
			t.Errorf("found a canary that no decoding holds in %q", body)
		}
		whole := reply(200, media, body+canary)
		if len(Find([]string{canary}, whole)) != 1 {
			t.Errorf("lost a canary that stands plainly after %q", body)
		}
	})
}

func hides(x *lr.Exchange) bool {
	found := false
	Decodings(x, func(s string) bool { found = found || strings.Contains(s, canary); return !found })
	return found
}
