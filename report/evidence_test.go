package report_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/redact"
	"github.com/launchready/launchready/report"
)

const canary = "lr1-ab12cd-acme-7-0123456789abcdef01234567"

func exchange(body, kind string) *lr.Exchange {
	return &lr.Exchange{
		As: "globex_member", Note: "other tenant", Method: "GET", URL: "http://127.0.0.1:9/v1/chats/c1?x=1",
		Request: http.Header{"Authorization": {"Bearer [secret]"}, "Accept": {"application/json"}},
		Status:  200, Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {kind}}, Body: []byte(body),
	}
}

func TestEvidence(t *testing.T) {
	x := exchange(`{"id":"c1","title":"`+canary+`","email":"ann@acme.test","owner_password":"hunter2"}`, "application/json")
	x.Header["Set-Cookie"] = []string{"sid=verysecretvalue; Path=/; HttpOnly"}
	got := report.Evidence(x, []string{canary}, redact.New(lr.NewSecret("c1-token")))
	wantRequest := "GET /v1/chats/c1?x=1 HTTP/1.1\nHost: 127.0.0.1:9\nAccept: application/json\nAuthorization: Bearer [secret]"
	if got.Request != wantRequest {
		t.Errorf("request:\ngot  %q\nwant %q", got.Request, wantRequest)
	}
	for _, want := range []string{"HTTP/1.1 200 OK\n", canary, "ann@acme.test", "Set-Cookie: sid=[secret]; Path=/; HttpOnly", `"owner_password":"[secret]"`} {
		if !strings.Contains(got.Response, want) {
			t.Errorf("the response lacks %q:\n%s", want, got.Response)
		}
	}
	for _, bad := range []string{"hunter2", "verysecretvalue"} {
		if strings.Contains(got.Response, bad) {
			t.Errorf("the response shows %q", bad)
		}
	}
	if got.Kind != "exchange" || got.As != "globex_member" || got.Note != "other tenant" || got.Status != 200 || len(got.Witness) != 1 || got.Curl == "" {
		t.Errorf("got %+v", got)
	}
}

func TestEvidenceCutsAroundTheWitness(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, after int
		wants, nots   []string
	}{
		{"short", 10, 10, nil, []string{"cut"}},
		{"witness at the end", 96000, 0, []string{" bytes cut …\n"}, []string{"more …"}},
		{"witness at the start", 0, 100000, []string{"95,9", " bytes cut …"}, []string{"before this"}},
		{"witness deep in a large body", 3 << 20, 2 << 20, []string{" before this …\n", " more …"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := strings.Repeat("a", c.before) + canary + strings.Repeat("b", c.after)
			got := report.Evidence(exchange(body, "text/plain"), []string{"absent", canary}, redact.New()).Response
			if !strings.Contains(got, canary) {
				t.Errorf("the witness is not shown")
			}
			if len(got) > 6<<10 {
				t.Errorf("%d bytes are shown", len(got))
			}
			for _, w := range c.wants {
				if !strings.Contains(got, w) {
					t.Errorf("lacks %q:\n%.200s … %s", w, got, got[len(got)-100:])
				}
			}
			for _, w := range c.nots {
				if strings.Contains(got, w) {
					t.Errorf("has %q", w)
				}
			}
		})
	}
}

// A cut through a secret must not leave a half that no rule knows.
func TestCutThroughSecret(t *testing.T) {
	secret := strings.Repeat("S3cr3tPart", 40)
	r := redact.New(lr.NewSecret(secret))
	for shift := 0; shift < 500; shift += 61 {
		for _, size := range []int{1500, 4000, 120 << 10, 128 << 10} {
			body := strings.Repeat("a", size+shift) + secret + strings.Repeat("b", size) + canary + strings.Repeat("c", size) + secret + strings.Repeat("d", 400<<10)
			got := report.Evidence(exchange(body, "text/plain"), []string{canary}, r)
			if strings.Contains(got.Response, "S3cr3t") {
				t.Fatalf("size %d, shift %d: a part of the secret is shown", size, shift)
			}
		}
	}
}

func TestEvidenceBodies(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	for _, c := range []struct{ name, kind, body, want string }{
		{"image", "image/png", png, "16 bytes of image/png"},
		{"unlabelled data", "", "\x00\x01\x02", "3 bytes of data"},
		{"bytes that claim to be text", "text/plain; charset=utf-8", "ok \xff\xfe end", "ok \uFFFD\uFFFD end"},
		{"terminal escapes", "text/plain", "\x1b[2J\x1b]0;owned\x07", `\x1b[2J\x1b]0;owned\x07`},
		{"bidirectional override", "text/plain", "abc\u202efdp.exe", `abc\u202efdp.exe`},
		{"line separator and tag characters", "text/plain", "a\u2028b\U000e0041", `a\u2028b\U000e0041`},
		{"line ends", "text/plain", "a\r\nb\rc", "a\nb\\rc"},
		{"svg is text", "image/svg+xml", "<svg/>", "<svg/>"},
		{"empty", "text/plain", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := report.Evidence(exchange(c.body, c.kind), nil, nil).Response
			_, body, _ := strings.Cut(got, "\n\n")
			if body != c.want {
				t.Errorf("got %q, want %q", body, c.want)
			}
		})
	}
}

func TestHeaderCannotForgeLines(t *testing.T) {
	x := exchange("", "text/plain")
	x.Header["X-Evil"] = []string{"a\r\nX-Forged: yes", strings.Repeat("v", 9000)}
	got := report.Evidence(x, nil, nil).Response
	if strings.Contains(got, "\nX-Forged") {
		t.Errorf("a header value made a line of its own:\n%s", got)
	}
	if len(got) > 3000 || !strings.Contains(got, "bytes cut …") {
		t.Errorf("a long header value is not cut: %d bytes", len(got))
	}
}

func TestTruncatedSaysSo(t *testing.T) {
	x := exchange("abc", "text/plain")
	x.Truncated = true
	if got := report.Evidence(x, nil, nil).Response; !strings.Contains(got, "the rest was not read") {
		t.Errorf("got %q", got)
	}
}

func TestItems(t *testing.T) {
	e := lr.Evidence{Exchanges: []*lr.Exchange{exchange("a", "text/plain"), exchange(canary, "text/plain")}, Witness: []string{canary}, Records: []string{"p95 612 ms", "password=hunter2"}}
	got := report.Items(e, "timing", redact.New())
	if len(got) != 3 || len(got[0].Witness) != 0 || len(got[1].Witness) != 1 {
		t.Fatalf("got %+v", got)
	}
	if got[2].Kind != "timing" || got[2].Text != "p95 612 ms\npassword=[secret]" {
		t.Errorf("got %+v", got[2])
	}
	if none := report.Items(lr.Evidence{}, "log", nil); none == nil || len(none) != 0 {
		t.Errorf("no evidence must be an empty array, got %#v", none)
	}
	if item := report.Evidence(nil, nil, nil); item.Kind != "exchange" {
		t.Errorf("got %+v", item)
	}
}

func TestTenMegabytesAreBounded(t *testing.T) {
	x := exchange(strings.Repeat(`{"a":"b\n"},`, 1<<20)[:10<<20], "application/json")
	got := testing.AllocsPerRun(1, func() {
		if n := len(report.Evidence(x, []string{canary}, redact.New()).Response); n > 6<<10 {
			t.Errorf("%d bytes are shown of 10 MB", n)
		}
	})
	if got > 200000 {
		t.Errorf("%v allocations", got)
	}
}

func FuzzEvidence(f *testing.F) {
	f.Add([]byte("body "+canary), "text/plain", canary)
	f.Add([]byte("\x00\xff\u202e"), "", "x")
	f.Add(bytes.Repeat([]byte("漢"), 3000), "application/json", "漢")
	f.Fuzz(func(t *testing.T, body []byte, kind, witness string) {
		x := exchange("", kind)
		x.Body, x.Sent, x.URL = body, body, "http://h.test/"+witness
		got := report.Evidence(x, []string{witness}, redact.New())
		for _, s := range append(got.Witness, got.Request, got.Response, got.Curl, got.Note, got.As) {
			if !utf8.ValidString(s) {
				t.Errorf("invalid UTF-8: %q", s)
			}
			if strings.ContainsAny(s, "\x00\x1b\x07\r\u202e\u2028\u200b") {
				t.Errorf("not inert: %q", s)
			}
			if len(s) > 6*bodyBound {
				t.Errorf("%d bytes of %d", len(s), len(body))
			}
		}
	})
}

// bodyBound is what a piece of evidence may take, headers and escapes included.
const bodyBound = 16 << 10

func TestInert(t *testing.T) {
	for in, want := range map[string]string{
		"plain":             "plain",
		"a\tb\nc":           "a\tb\nc",
		"zero\u200bwidth":   `zero\u200bwidth`,
		"\u009b31m":         `\x9b31m`,
		"emoji 🚀 漢字 é":      "emoji 🚀 漢字 é",
		"\ufeffbom\u00adxx": `\ufeffbom\u00adxx`,
	} {
		if got := report.Inert(in); got != want {
			t.Errorf("Inert(%q): got %q, want %q", in, got, want)
		}
		if again := report.Inert(report.Inert(in)); again != report.Inert(in) {
			t.Errorf("not idempotent: %q", again)
		}
	}
	if got := report.Line("a\nb\tc\r"); got != `a\nb\tc\r` {
		t.Errorf("Line: got %q", got)
	}
}

func ExampleItems() {
	x := &lr.Exchange{Method: "GET", URL: "http://localhost/v1/me", Status: 200, Header: http.Header{}, Body: []byte("hi")}
	for _, item := range report.Items(lr.Seen(x), "log", redact.New()) {
		fmt.Println(item.Response)
	}
	// Output:
	// HTTP/1.1 200 OK
	//
	// hi
}
