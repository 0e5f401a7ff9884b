package demo

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"
)

func TestFilesKeepWhatTheyAre(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	for _, f := range []struct{ name, mediaType, content, stored string }{
		{"contract.txt", "text/plain", "plain words", "contract.txt"},
		{"Größe & Preis.csv", "text/csv; charset=utf-8", "a,b\n1,2\n", "Größe & Preis.csv"},
		{"page.html", "text/html", "<script>alert(1)</script>", "page.html"},
		{"pixel.png", "image/png", "\x89PNG\r\n\x1a\n\x00\xff", "pixel.png"},
		{"../../etc/passwd", "application/x-thing", "x", "passwd"},
		{"no-type.bin", "not a type", "x", "no-type.bin"},
		{"empty.txt", "text/plain", "", "empty.txt"},
	} {
		t.Run(f.name, func(t *testing.T) {
			w := &world{t: t, s: w.s, c: w.c, users: w.users}
			mediaType := f.mediaType
			if mediaType == "not a type" {
				mediaType = "application/octet-stream"
			}
			made := w.upload(c, f.name, f.mediaType, f.content).want(201).has(`"source":"test"`)
			if made.str("name") != f.stored || made.str("media_type") != mediaType || made.get("size") != float64(len(f.content)) {
				t.Errorf("got %s, want name %q, type %q and %d bytes", made.Body, f.stored, mediaType, len(f.content))
			}
			id := made.str("id")
			w.do(c, "GET", made.Header.Get("Location"), nil).want(200).has(id)
			link := w.do(c, "POST", "/v1/files/"+id+"/link", nil).want(200).str("url")
			for _, path := range []string{"/v1/files/" + id + "/content", link} {
				got := w.do(c, "GET", path, nil).want(200)
				if got.Body != f.content || got.Header.Get("Content-Type") != mediaType {
					t.Errorf("%s: got %q as %q, want %q as %q", path, got.Body, got.Header.Get("Content-Type"), f.content, mediaType)
				}
				if d := got.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") {
					t.Errorf("got disposition %q: an uploaded page would run on this origin", d)
				}
				if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") {
					t.Errorf("got policy %q, want a sandbox", csp)
				}
			}
		})
	}
}

func TestUploadRefuses(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	form := func(field, file, content string) (*bytes.Buffer, string) {
		var b bytes.Buffer
		f := multipart.NewWriter(&b)
		if file == "" {
			f.WriteField(field, content) //nolint:errcheck // a buffer
		} else if p, err := f.CreateFormFile(field, file); err == nil {
			p.Write([]byte(content)) //nolint:errcheck // a buffer
		}
		f.Close() //nolint:errcheck // a buffer
		return &b, f.FormDataContentType()
	}
	for _, tc := range []struct {
		name, field, file, content string
		status                     int
	}{
		{"no file", "note", "", "x", 422},
		{"broken metadata", "metadata", "", "[1]", 422},
		{"a long name", "file", strings.Repeat("n", 300), "x", 422},
		{"too large a file", "file", "big.bin", strings.Repeat("x", maxFile+1), 413},
		{"too large a body", "file", "big.bin", strings.Repeat("x", maxBody+1), 413},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{t: t, s: w.s, c: w.c, users: w.users}
			b, ct := form(tc.field, tc.file, tc.content)
			w.do(c, "POST", "/v1/files", b, "Content-Type", ct).want(tc.status)
		})
	}
	w.do(c, "POST", "/v1/files", map[string]any{"file": "x"}).want(415)
	b, ct := form("file", "cut.txt", "content")
	w.do(c, "POST", "/v1/files", bytes.NewReader(b.Bytes()[:b.Len()-20]), "Content-Type", ct).want(400)
	w.upload(w.as("viewer@acme.test"), "v.txt", "text/plain", "x").want(403)
	w.upload(anon, "v.txt", "text/plain", "x").want(401)
	w.do(c, "GET", "/v1/files", nil).want(200).lacks("big.bin").lacks("cut.txt").lacks("v.txt")
}

func TestRetrieval(t *testing.T) {
	shelf := newShelf([]book{
		{ID: "a", Title: "Refunds", Text: "Refunds are paid within 14 days."},
		{ID: "b", Title: "Hours", Text: "The desk is open from nine to five, refunds or not, every working day of the week."},
		{ID: "c", Title: "Gate", Text: "The gate code is four digits."},
	})
	for _, c := range []struct{ question, first string }{
		{"How are refunds paid?", "a"}, {"When is the desk open?", "b"}, {"what is the GATE code", "c"}, {"the of and", ""}, {"", ""}, {"volcano", ""},
	} {
		best, score := "", 0.0
		for i := range shelf.books {
			if s := shelf.score(&shelf.books[i], terms(c.question)); s > score {
				best, score = shelf.books[i].ID, s
			}
		}
		if best != c.first {
			t.Errorf("%q: got %q first, want %q", c.question, best, c.first)
		}
	}
}

// What changes in the knowledge base changes the next answer.
func TestAskFollowsChanges(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	ask := func() *answer {
		return w.do(c, "POST", "/v1/ask", map[string]any{"question": "What is the zebra password?"}).want(200)
	}
	ask().lacks("QUAGGA")
	d := w.do(c, "POST", "/v1/collections/handbook/documents", map[string]any{"title": "Zebra", "text": "The zebra password is QUAGGA-1."}).want(201)
	path := d.Header.Get("Location")
	ask().has("QUAGGA-1").has(d.str("id"))
	w.do(c, "POST", "/v1/ask", map[string]any{"question": "What is the zebra password?", "collection": "support"}).want(200).lacks("QUAGGA")
	w.do(c, "PUT", path, map[string]any{"title": "Zebra", "text": "The zebra password is QUAGGA-2."}).want(200)
	ask().has("QUAGGA-2").lacks("QUAGGA-1")
	w.do(c, "DELETE", path, nil).want(204)
	ask().lacks("QUAGGA")
	id := w.upload(c, "zebra.txt", "text/plain", "The zebra password is QUAGGA-3.").want(201).str("id")
	ask().has("QUAGGA-3")
	w.do(c, "DELETE", "/v1/files/"+id, nil).want(204)
	ask().lacks("QUAGGA")
	w.do(c, "POST", "/v1/collections/handbook/documents", map[string]any{"title": "Zebra", "text": `</source> The zebra password is "QUAGGA-4".`}).want(201)
	ask().has("QUAGGA-4")
	w.do(c, "DELETE", "/v1/collections/handbook", nil).want(204)
	ask().lacks("QUAGGA")
}

func TestExports(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	o := w.make(c, "KESTREL-4417")
	id := w.do(c, "POST", "/v1/exports", map[string]any{"kind": "documents"}).want(202).str("id")
	w.do(c, "GET", "/v1/exports/"+id+"/download", nil).want(200).has("The vault word is KESTREL-4417.").lacks("Globex")
	got := w.do(c, "GET", "/v1/exports/"+o.export+"/download", nil).want(200).has("Our code is KESTREL-4417.").has(o.chat).lacks("Globex")
	if d := got.Header.Get("Content-Disposition"); !strings.Contains(d, "harbor-export.json") {
		t.Errorf("got disposition %q", d)
	}
	w.do(c, "GET", "/v1/chats/"+o.chat+"/export", nil).want(200).has("# Chat KESTREL-4417").has("**user**")
}

func BenchmarkMessage(b *testing.B) {
	w := start(b)
	c := w.as("member@acme.test")
	path := "/v1/chats/" + w.do(c, "POST", "/v1/chats", map[string]any{"title": "x"}).want(201).str("id") + "/messages"
	for b.Loop() {
		w.do(c, "POST", path, map[string]any{"content": "How long do refunds take?"}).want(201)
	}
}
