package secretscan

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	lr "github.com/launchready/launchready"
)

// endless gives n bytes of text without a line break, and a tail.
type endless struct {
	n    int64
	tail string
}

func (e *endless) Read(p []byte) (int, error) {
	const text = "var a1=function(b){return b.key+1};"
	if e.n <= 0 {
		n := copy(p, e.tail)
		e.tail = e.tail[n:]
		if n == 0 {
			return 0, io.EOF
		}
		return n, nil
	}
	n := 0
	for n < len(p) && e.n > 0 {
		m := copy(p[n:min(int64(len(p)), int64(n)+e.n)], text)
		n += m
		e.n -= int64(m)
	}
	return n, nil
}

// TestOneLongLine reads a file of one line in pieces: memory does not grow with it, and what
// stands at its very end is found.
func TestOneLongLine(t *testing.T) {
	s := newScanner(t, Options{})
	const size = 96 << 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, err := s.Scan(t.Context(), "dist/app.js", &endless{n: size, tail: `;x={apiKey:"` + random32 + `"}`})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Secrets(); len(got) != 1 || got[0].Place.Line != 1 || got[0].Place.Column < size {
		t.Errorf("got %s", showAll(r))
	}
	if r.Coverage.Bytes < size || len(r.Coverage.Partial()) > 0 {
		t.Errorf("coverage %+v", r.Coverage)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 48<<20*raceFactor {
		t.Errorf("%d MiB were allocated for %d MiB", grown>>20, size>>20)
	}
}

// TestPieces moves a secret over the border of two pieces, byte by byte.
func TestPieces(t *testing.T) {
	s := newScanner(t, Options{})
	line := "\nAPI_KEY=" + random32 + "\n"
	want := scanText(t, s, "a.env", line).Findings[0].Fingerprint
	for _, border := range []int{wholeLimit, wholeLimit - overlap, wholeLimit - overlap - before, wholeLimit + chunkSize - overlap} {
		for off := -52; off <= 10; off += 12 {
			text := strings.Repeat("a=1\n", (border+off)/4) + line + strings.Repeat("b=2\n", 100000)
			r := scanText(t, s, "a.env", text)
			if len(r.Findings) != 1 || r.Findings[0].Fingerprint != want || r.Findings[0].Times != 1 || r.Findings[0].Place.Line != (border+off)/4+2 || r.Findings[0].Place.Column != 9 {
				t.Fatalf("border %d%+d: %s", border, off, showAll(r))
			}
		}
	}
}

func TestViews(t *testing.T) {
	s := newScanner(t, Options{})
	b64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct{ name, path, text, view string }{
		{"source map", "app.js.map", `{"version":3,"sources":["a.ts","b.ts"],"sourcesContent":["x","// b\nconst apiKey =\n  \"` + random32 + `\"\n"],"mappings":"AAAA"}`, "sourcesContent/1 b.ts:3"},
		{"JSON in JSON in JSON", "a.har", `{"text":"{\"body\":\"{\\\"apiKey\\\": \\\"` + random32 + `\\\"}\"}"}`, ""},
		{"escapes in JSON", "a.json", `{"api\u004bey":"x","note":"apiKey\u003d` + random32 + ` and more text"}`, "note"},
		{"Kubernetes", "s.yaml", "kind: Secret\napiVersion: v1\ndata:\n  api-key: " + b64([]byte(random32)) + "\n", ""},
		{"Kubernetes in JSON", "s.json", "{\n\"kind\": \"Secret\",\n\"data\": {\n\"api-key\": \"" + b64([]byte(random32)) + "\"\n}\n}", ""},
		{"short password in Kubernetes", "s.yaml", "kind: Secret\ndata:\n  password: " + b64([]byte("Hq7-vR2k")) + "\n", "base64 of password"},
		{"Docker", "config.json", "{\n\"auths\": {\n\"r.internal\": {\n\"auth\": \"" + b64([]byte("ci:"+random32)) + "\"\n}}}", "base64 of auth"},
		{"base64", "a.yaml", "content: " + b64([]byte("a=1\nAPI_KEY="+random32+"\n")), "base64"},
		{"base64 of base64", "a.yaml", "content: " + b64([]byte("more: "+b64([]byte("API_KEY="+random32+" of the service\n")))), "base64 > base64"},
		{"base64 in a path", "a.txt", "https://x.internal/c/" + b64([]byte("the API_KEY="+random32+"\n")), "base64"},
		{"joined in JS", "a.js", "const apiKey = '" + random32[:9] + "' + \"" + random32[9:20] + "\" +\n   '" + random32[20:] + "'", "joined literals"},
		{"joined in Python", "a.py", "API_KEY = (\n  \"" + random32[:14] + "\"\n  \"" + random32[14:] + "\")", "joined literals"},
		{"joined in PHP", "a.php", "$apiKey = '" + random32[:12] + "' . '" + random32[12:] + "';", "joined literals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := scanText(t, s, c.path, c.text+"\n")
			got := r.Secrets()
			if len(got) != 1 {
				t.Fatalf("got %d secrets: %s", len(got), showAll(r))
			}
			if c.view != "" && got[0].Place.View != c.view {
				t.Errorf("view %q, want %q", got[0].Place.View, c.view)
			}
			if strings.Contains(c.path, "config.json") {
				return
			}
			whole := random32
			if c.name == "short password in Kubernetes" {
				whole = "Hq7-vR2k"
			}
			if got[0].Fingerprint != s.Fingerprint(lr.NewSecret(whole)) {
				t.Error("the secret that was found is not the one that was planted")
			}
		})
	}
	for _, c := range []struct{ name, path, text string }{
		{"a picture", "a.ts", "x = 'data:image/png;base64,iVBORw0KGgo" + strings.Repeat("A1b2C3d4", 40) + "'"},
		{"joined prose", "a.js", "const token = 'Your token' + ' has expired. Please sign in again.'"},
		{"joined words", "a.js", "const key = 'user-settings' + '-theme-preference'"},
		{"no JSON", "a.json", `{"a": "\n` + strings.Repeat(`{"`, 500)},
		{"deep JSON", "a.json", strings.Repeat(`["\n`, 5000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := scanText(t, s, c.path, c.text).Secrets(); len(got) > 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWideText(t *testing.T) {
	s := newScanner(t, Options{})
	text := "\ufeffset API_KEY=" + random32 + "\r\nend 🙂\r\n"
	for _, big := range []bool{false, true} {
		var b []byte
		for _, u := range utf16.Encode([]rune(text)) {
			if big {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		r, err := s.Scan(t.Context(), "log.txt", bytes.NewReader(b))
		if err != nil || len(r.Secrets()) != 1 {
			t.Errorf("big-endian %v: %v %s", big, err, showAll(r))
		}
	}
}

func TestBinary(t *testing.T) {
	s := newScanner(t, Options{})
	key := "sk_" + "live_" + random32[:24]
	r := scanText(t, s, "app.bin", "\x7fELF\x00\x00\x01\x02password=Hq7vR2kLpw91\x00\x00"+key+"\x00\xff\xfe")
	if got := r.Secrets(); len(got) != 1 || got[0].Rule != "stripe-access-token" {
		t.Errorf("got %s", showAll(r))
	}
	if r := scanText(t, s, "a.png", "\x89PNG\r\n\x1a\n"+key); len(r.Findings) > 0 || r.Coverage.Counts[Media] != 1 || len(r.Coverage.Partial()) > 0 {
		t.Errorf("a picture: %s %+v", showAll(r), r.Coverage)
	}
	if r := scanText(t, s, "latin.txt", "caf\xe9 API_KEY="+random32+" \xff\xc0"); len(r.Secrets()) != 1 {
		t.Errorf("invalid UTF-8: %s", showAll(r))
	}
}

type broken struct{ after int }

func (b *broken) Read(p []byte) (int, error) {
	if b.after <= 0 {
		return 0, errors.New("the disk is gone")
	}
	n := min(len(p), b.after)
	for i := range p[:n] {
		p[i] = 'a'
	}
	b.after -= n
	return n, nil
}

func TestReadErrorsArePartial(t *testing.T) {
	s := newScanner(t, Options{})
	for _, after := range []int{0, 100, chunkSize + 5, wholeLimit + 5} {
		r, err := s.Scan(t.Context(), "a.txt", &broken{after})
		if err == nil || !strings.Contains(err.Error(), "a.txt") || r.Coverage.Counts[Unreadable] != 1 || len(r.Coverage.Partial()) != 1 {
			t.Errorf("after %d: %v %+v", after, err, r.Coverage)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := s.Scan(ctx, "a.txt", strings.NewReader("x"))
	if !errors.Is(err, context.Canceled) || len(r.Coverage.Partial()) == 0 {
		t.Errorf("got %v %+v", err, r.Coverage)
	}
}

func TestLargeStructureIsPartial(t *testing.T) {
	s := newScanner(t, Options{})
	text := `{"a":"` + strings.Repeat("x ", wholeLimit/2) + `","apiKey":"` + random32 + `"}`
	r := scanText(t, s, "a.json", text)
	if len(r.Secrets()) != 1 || r.Coverage.Counts[NotDecoded] != 1 || len(r.Coverage.Partial()) != 1 {
		t.Errorf("got %s %+v", showAll(r), r.Coverage)
	}
}

func TestFingerprints(t *testing.T) {
	a := newScanner(t, Options{Key: lr.NewSecret("one")})
	b := newScanner(t, Options{Key: lr.NewSecret("two")})
	c := newScanner(t, Options{})
	of := func(s *Scanner) string { return scanText(t, s, "a.env", "API_KEY="+random32).Findings[0].Fingerprint }
	if of(a) != of(newScanner(t, Options{Key: lr.NewSecret("one")})) {
		t.Error("one key gives two fingerprints")
	}
	if of(a) == of(b) || of(c) == of(newScanner(t, Options{})) {
		t.Error("two keys give one fingerprint")
	}
	if of(a) != a.Fingerprint(lr.NewSecret(random32)) {
		t.Error("a value's fingerprint is not that of its finding")
	}
}

func TestReveal(t *testing.T) {
	var got []string
	s := newScanner(t, Options{Reveal: func(f Finding, v lr.Secret) { got = append(got, f.Rule+"="+v.Reveal()) }})
	scanText(t, s, "a.env", "API_KEY="+random32+"\nAPI_KEY="+random32+"\nSTRIPE=sk_"+"test_"+random32[:24])
	if len(got) != 1 || got[0] != "secret="+random32 {
		t.Errorf("%d values were revealed", len(got))
	}
}

func FuzzScan(f *testing.F) {
	s := newScanner(f, Options{Explain: true})
	for _, seed := range []string{`{"a":"\"key\": \"` + random32 + `\""}`, "kind: Secret\ndata:\n  a: QUJDREVGRw==", "-----BEGIN RSA PRIVATE KEY-----\nabc", "a = 'b' + 'c' . \"d\"", "postgres://a:b@c/d", "\xff\xfea\x00", "Authorization: Basic YTpi", "curl -u a:b -p 'c", "eyJhbGciOiJub25lIn0.e30.", "Cookie: a=b;sid=c", "password: \\\"a\\\\\\\"b\\\"", "PK\x03\x04", "\x1f\x8b\x08"} {
		f.Add(seed, "a.json")
	}
	f.Add("API_KEY=", ".env")
	f.Fuzz(func(t *testing.T, text, name string) {
		r, err := s.Scan(t.Context(), name, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Findings {
			if x.Place.Line < 1 || x.Place.Column < 1 || x.Times < 1 || len(x.Fingerprint) != 64 || x.Verdict == "" || x.Reason == "" {
				t.Fatalf("%+v", x)
			}
		}
		d := newDocument(name)
		at := 0
		for _, c := range s.e.walk(d, []byte(text), now) {
			if c.from < at || c.to <= c.from || c.to > len(text) {
				t.Fatalf("spans overlap or leave the text: %d-%d after %d of %d", c.from, c.to, at, len(text))
			}
			at = c.to
		}
	})
}
