package secretscan

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/launchready/launchready/secretscan/corpus"
)

func proofOf(t *testing.T, values ...Known) *Proof {
	t.Helper()
	p, err := newScanner(t, Options{}).Proof(values)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProof(t *testing.T) {
	value := `pä$$"w/rd+` + random32
	p := proofOf(t, Known{"DB_PASSWORD", secretOf(value)})
	inJSON, _ := json.Marshal(map[string]string{"a": value})
	twice, _ := json.Marshal(string(inJSON))
	for _, c := range []struct{ name, text, form string }{
		{"as it is", "x " + value + " y", "plain"},
		{"in JSON", string(inJSON), "json"},
		{"in JSON in JSON", string(twice), "json"},
		{"in a query", "a=" + url.QueryEscape(value), "url"},
		{"in a path", "/" + url.PathEscape(value), "url"},
		{"in a query, lower case", "a=" + strings.NewReplacer("%C3", "%c3", "%A4", "%a4", "%2B", "%2b", "%2F", "%2f").Replace(url.QueryEscape(value)), "url"},
		{"in base64", base64.StdEncoding.EncodeToString([]byte(value)), "base64"},
		{"in base64 after one byte", base64.StdEncoding.EncodeToString([]byte("u" + value + "!")), "base64"},
		{"in base64 after two bytes", base64.URLEncoding.EncodeToString([]byte("u:" + value + "!?")), "base64"},
		{"without its last character", "x " + value[:len(value)-1], ""},
		{"in the other case", strings.ToUpper(value), ""},
		{"not at all", "x", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := p.Search(t.Context(), "out", strings.NewReader("first\n"+c.text))
			if err != nil {
				t.Fatal(err)
			}
			if c.form == "" && len(got) > 0 || c.form != "" && (len(got) != 1 || got[0].Form != c.form || got[0].Name != "DB_PASSWORD" || got[0].Place.Line != 2) {
				t.Errorf("got %+v, want %q", got, c.form)
			}
			if strings.Contains(fmt.Sprintf("%+v %#v %v", got, p, p), random32) {
				t.Error("the value is shown")
			}
		})
	}
}

func TestProofNeedsAValueThatTells(t *testing.T) {
	var known []Known
	for i, v := range []string{"", "short", "production", "12345678", "postgres", "us-east-1", "https://api.internal", "true", "aaaaaaaaaaaa", "/usr/local/bin", "user_name_field"} {
		known = append(known, Known{fmt.Sprint("N", i), secretOf(v)})
	}
	p := proofOf(t, append(known, Known{"GOOD", secretOf("Hq7vR2kLpw91")})...)
	if len(p.Unfit()) != len(known) {
		t.Errorf("unfit: %q", p.Unfit())
	}
	if got, _, err := p.Search(t.Context(), "out", strings.NewReader("production us-east-1 postgres true Hq7vR2kLpw91")); err != nil || len(got) != 1 || got[0].Name != "GOOD" {
		t.Errorf("got %+v %v", got, err)
	}
	if got, c, err := proofOf(t).Search(t.Context(), "out", strings.NewReader("anything")); err != nil || len(got) > 0 || c.Bytes != 8 {
		t.Errorf("nothing to look for: %+v %v", got, err)
	}
}

func TestProofOverPieces(t *testing.T) {
	var known []Known
	for i := range 31 {
		known = append(known, Known{fmt.Sprint("N", i), secretOf(variant(i))})
	}
	p := proofOf(t, known...)
	for _, at := range []int{0, chunkSize - 40, chunkSize - 5, chunkSize, chunkSize + 2*p.longest + 100, 3*chunkSize + 17} {
		text := strings.Repeat("y", at) + variant(3) + strings.Repeat("\nz", chunkSize) + variant(30) + variant(3)
		got, c, err := p.Search(t.Context(), "out", iotest.HalfReader(strings.NewReader(text)))
		if err != nil || len(got) != 2 || got[0].Name != "N3" || got[0].Times != 2 || got[0].Place.Column != at+1 || got[1].Place.Line != chunkSize+1 || c.Bytes != int64(len(text)) {
			t.Errorf("at %d: %+v %+v %v", at, got, c, err)
		}
	}
}

// TestManyValues needs more than one automaton.
func TestManyValues(t *testing.T) {
	var known []Known
	for i := range 2000 {
		known = append(known, Known{fmt.Sprint("N", i), secretOf(fmt.Sprintf("%d%s", i, random32))})
	}
	p := proofOf(t, known...)
	if len(p.parts) < 2 {
		t.Fatalf("%d parts", len(p.parts))
	}
	got, _, err := p.Search(t.Context(), "out", strings.NewReader("a 7"+random32+" b 1999"+random32))
	names := map[string]bool{}
	for _, l := range got {
		names[l.Name] = true
	}
	if err != nil || !names["N7"] || !names["N1999"] || names["N8"] {
		t.Errorf("got %d leaks, %v", len(got), err)
	}
}

func TestProofTree(t *testing.T) {
	p := proofOf(t, Known{"KEY", secretOf(random32)})
	root := lay(t, map[string]string{"a/index.js": "x='" + random32 + "'", "a/index.js.map": `{"a":"` + base64.StdEncoding.EncodeToString([]byte(random32)) + `"}`, "b.txt": "b"})
	_ = os.Symlink(root, filepath.Join(root, "loop"))
	got, c, err := p.Tree(t.Context(), root)
	if err != nil || len(got) != 2 || c.Files != 3 || len(c.Partial()) > 0 {
		t.Errorf("got %+v %+v %v", got, c, err)
	}
	if _, c, err := p.Tree(t.Context(), filepath.Join(root, "no")); err == nil || len(c.Partial()) == 0 {
		t.Errorf("got %v", err)
	}
	if _, c, err := p.Search(t.Context(), "x", iotest.ErrReader(errors.New("gone"))); err == nil || len(c.Partial()) == 0 {
		t.Errorf("got %v", err)
	}
}

func TestFilter(t *testing.T) {
	f := &Filter{Scanner: newScanner(t, Options{})}
	key := "-----BEGIN PRIVATE KEY-----\n" + random40 + random32 + "\n" + random32 + random40 + "\n-----END PRIVATE KEY-----"
	for _, c := range []struct{ name, in, want string }{
		{"plain lines stay", "GET /v1/me 200\nuser 42 ok\n", "GET /v1/me 200\nuser 42 ok\n"},
		{"no line end", "GET /v1/me 200", "GET /v1/me 200"},
		{"a key", "using sk_" + "live_" + random32[:24] + " now\n", "using [secret] now\n"},
		{"a test key", "using sk_" + "test_" + random32[:24] + " now\n", "using [secret] now\n"},
		{"a named value", `{"msg":"x","api_key":"` + random32 + "\",\"n\":1}\n", "{\"msg\":\"x\",\"api_key\":\"[secret]\",\"n\":1}\n"},
		{"a header", "Authorization: Bearer " + random40 + "\n", "Authorization: Bearer [secret]\n"},
		{"a cookie", "Cookie: sid=abcdef; theme=dark\n", "Cookie: sid=[secret]; theme=[secret]\n"},
		{"an address of a database", "postgres://app:Hq7vR2kLpw@db/app\n", "postgres://app:[secret]@db/app\n"},
		{"a webhook", "stripe-signature: t=1,v1=" + hex64 + "\n", "stripe-signature: [secret]\n"},
		{"a webhook in JSON", `{"x-hub-signature-256":"sha256=` + hex64 + "\"}\n", "{\"x-hub-signature-256\":\"[secret]\"}\n"},
		{"an e-mail address", "sent to jane.doe+x@mail.acme.test ok\n", "sent to [email] ok\n"},
		{"a key over lines", "a\n" + key + "\nb\n", "a\n[key]\nb\n"},
		{"a key in JSON", `{"k":"` + strings.ReplaceAll(key, "\n", `\n`) + "\",\"n\":1}\nb\n", "{\"k\":\"[key]\",\"n\":1}\nb\n"},
		{"the header of a key alone", "pem must begin with -----BEGIN PRIVATE KEY-----\nnext request GET /a\n", "pem must begin with [key]\nnext request GET /a\n"},
		{"a key that breaks off", "-----BEGIN PRIVATE KEY-----\n" + random40 + random32 + "\n2026-03-01 10:00:00 GET /a\n", "[key]\n2026-03-01 10:00:00 GET /a\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, one := range []bool{false, true} {
				var b strings.Builder
				r := iotest.DataErrReader(strings.NewReader(c.in))
				if one {
					r = iotest.OneByteReader(strings.NewReader(c.in))
				}
				n, err := f.Copy(t.Context(), &b, r)
				if err != nil || n.Bytes != int64(len(c.in)) {
					t.Fatal(err)
				}
				if one && strings.Contains(c.name, "key") && strings.Contains(c.in, "BEGIN") {
					// The pieces differ; what must not be there is the same.
					if strings.Contains(b.String(), random40[:20]) || !strings.HasSuffix(b.String(), c.want[len(c.want)-2:]) {
						t.Errorf("byte by byte: %q", b.String())
					}
					continue
				}
				if b.String() != c.want {
					t.Errorf("got %q, want %q", b.String(), c.want)
				}
			}
		})
	}
	var b strings.Builder
	f.KeepAddresses = true
	if _, err := f.Copy(t.Context(), &b, strings.NewReader("a@b.test\n")); err != nil || b.String() != "a@b.test\n" {
		t.Errorf("got %q %v", b.String(), err)
	}
}

// TestFilterCounts: what is told to have been taken out is all that was, by whichever
// of its parts.
func TestFilterCounts(t *testing.T) {
	f := &Filter{Scanner: newScanner(t, Options{})}
	for in, want := range map[string]Filtered{
		"GET /v1/me 200\n": {},
		"{\"password\":\"hunter2hunter2\"} a@b.test\nAuthorization: Bearer sk-short\n": {Secrets: 2, Addresses: 1},
		"stripe-signature: t=1,v1=" + hex64 + "\n":                                     {Secrets: 1},
		"using sk_" + "live_" + random32[:24] + " [secret] now\n":                      {Secrets: 1},
	} {
		want.Bytes = int64(len(in))
		if got, err := f.Copy(t.Context(), io.Discard, strings.NewReader(in)); err != nil || got != want {
			t.Errorf("%q: got %+v %v, want %+v", in, got, err, want)
		}
	}
}

// TestFilterOnTheCorpus: a file of any kind that is sent through is nearly free of
// its secrets; a line of code that only its language tells to be an assignment stays.
func TestFilterOnTheCorpus(t *testing.T) {
	f := &Filter{Scanner: newScanner(t, Options{})}
	n, left := 0, 0
	for _, it := range corpus.Generate(corpus.Unseen) {
		for _, v := range it.Values {
			var b strings.Builder
			if _, err := f.Copy(t.Context(), &b, strings.NewReader(string(it.Data))); err != nil {
				t.Fatal(err)
			}
			n++
			if strings.Contains(b.String(), v) {
				left++
				if it.Carrier == "log" || it.Carrier == "ci" || it.Carrier == "bearerlog" || it.Prefixed {
					t.Errorf("%s in %s stays", it.Kind, it.Carrier)
				}
			}
		}
	}
	if n < 200 || left*100 > n*2 {
		t.Errorf("%d of %d values stay", left, n)
	}
}

// TestFilterOfOneLine holds memory, and what is on the border of two pieces.
func TestFilterOfOneLine(t *testing.T) {
	f := &Filter{Scanner: newScanner(t, Options{})}
	token := "sk_" + "live_" + random32[:24]
	for _, pad := range []int{longestLine - overlap - 10, longestLine - 10, longestLine - 3, 2 * longestLine} {
		in := strings.Repeat("ab cd,", pad/6) + token + strings.Repeat(" xy", longestLine/2)
		var b bytes.Buffer
		if _, err := f.Copy(t.Context(), &b, strings.NewReader(in)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), token) || b.Len() != len(in)-len(token)+len("[secret]") {
			t.Errorf("pad %d: %d bytes of %d", pad, b.Len(), len(in))
		}
	}
}

func FuzzFilter(f *testing.F) {
	filter := &Filter{Scanner: newScanner(f, Options{})}
	token := "sk_" + "live_" + random32[:24]
	f.Add("before ", " after")
	f.Add("-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----")
	f.Add("a@b.c \"", "\\\"")
	f.Fuzz(func(t *testing.T, before, after string) {
		var b strings.Builder
		in := before + " " + token + " " + after
		if _, err := filter.Copy(t.Context(), &b, strings.NewReader(in)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), token) {
			t.Fatalf("a key went through: %q", in)
		}
	})
}

func FuzzProof(f *testing.F) {
	s := newScanner(f, Options{})
	f.Add("x", "Hq7vR2kLpw91")
	f.Fuzz(func(t *testing.T, text, value string) {
		if !fit(value) {
			return
		}
		p, err := s.Proof([]Known{{"V", secretOf(value)}})
		if err != nil {
			t.Skip() // more bytes than classes
		}
		got, _, err := p.Search(t.Context(), "x", strings.NewReader(text+value+text))
		if err != nil || len(got) != 1 {
			t.Fatalf("%q in %q: %v %v", value, text, got, err)
		}
	})
}
