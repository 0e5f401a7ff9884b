package input_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/input"
)

type probe func(*guard.Exchange) *guard.Denial

func (probe) Name() string                            { return "input" }
func (probe) Needs() guard.Need                       { return guard.NeedRoute }
func (probe) Gives() guard.Need                       { return 0 }
func (p probe) Check(x *guard.Exchange) *guard.Denial { return p(x) }
func (probe) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	b, err := io.ReadAll(r.Body)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(b)), ContentLength: int64(len(b)), Request: r}, err
}

func newPipeline(t testing.TB, c guard.Check, most int64) http.Handler {
	t.Helper()
	p, err := guard.New(guard.Options{Upstream: &url.URL{Scheme: "http", Host: "app.test"}, Routes: []*guard.Route{{Pattern: "/**"}}, Checks: []guard.Check{c}, MaxBody: most, Dial: probe(nil)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func drawn(t testing.TB, encode func(io.Writer, image.Image) error, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sent uploads one file and gives the status; what is taken must arrive as it was.
func sent(t *testing.T, c input.Check, disposition, kind string, data []byte) int {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if kind != "" {
		h["Content-Type"] = []string{kind}
	}
	part, err := w.CreatePart(h)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(data)
	_ = w.Close()
	r := httptest.NewRequest("POST", "/files", bytes.NewReader(b.Bytes()))
	r.Header.Set("Content-Type", w.FormDataContentType())
	rec := httptest.NewRecorder()
	newPipeline(t, c, 1000).ServeHTTP(rec, r)
	if rec.Code == 200 && !bytes.Equal(rec.Body.Bytes(), b.Bytes()) {
		t.Error("what arrives is not what was sent")
	}
	if rec.Code != 200 && strings.Contains(rec.Body.String(), "Launch") {
		t.Error("the denial holds what was sent")
	}
	return rec.Code
}

func TestUploads(t *testing.T) {
	all := []string{"png", "jpg", "gif", "webp", "pdf", "txt", "md", "csv", "json", "docx", "zip", "gz", "svg"}
	c := input.Check{Uploads: input.Uploads{Size: 2 << 20, Kinds: all, Unpacked: 8 << 20, Entries: 10}.Filled()}
	pic := drawn(t, png.Encode, 9, 9)
	jpg := drawn(t, func(w io.Writer, i image.Image) error { return jpeg.Encode(w, i, nil) }, 9, 9)
	gf := drawn(t, func(w io.Writer, i image.Image) error { return gif.Encode(w, i, nil) }, 9, 9)
	join := func(bs ...[]byte) []byte { return bytes.Join(bs, nil) }
	webp := append([]byte("RIFF\x1e\x00\x00\x00WEBPVP8L\x11\x00\x00\x00\x2f\x00\x00\x00\x00\x07\x10\xfd\x8f\xfe\x07"), 0x22, 0xa2, 0xff, 0x01)
	webp = webp[:38]
	word := zipped(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w/>")
	exe := []byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00Launch Ready")
	zeros := strings.Repeat("\x00", 3<<20)
	var gz bytes.Buffer
	g := gzip.NewWriter(&gz)
	_, _ = io.WriteString(g, zeros)
	_ = g.Close()
	const svg = `<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/>%s</svg>`
	pdf := []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer <<>>\n%%EOF\n")
	for name, x := range map[string]struct {
		file, kind string
		data       []byte
		want       int
	}{
		"png":              {"a.png", "image/png", pic, 200},
		"no type":          {"a.png", "", pic, 200},
		"jpeg":             {"a.jpg", "image/jpeg", jpg, 200},
		"gif":              {"a.GIF", "image/gif", gf, 200},
		"webp":             {"a.webp", "image/webp", webp, 200},
		"pdf":              {"a.pdf", "application/pdf", pdf, 200},
		"text":             {"notes.v2.txt", "text/plain; charset=utf-8", []byte("grüße"), 200},
		"csv":              {"a.csv", "text/csv", []byte("a,b\n1,2\n"), 200},
		"json":             {"a.json", "application/json", []byte(`{"a":1}`), 200},
		"docx":             {"a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", word, 200},
		"zip":              {"a.zip", "application/zip", zipped(t, "a/b.txt", "x"), 200},
		"svg":              {"a.svg", "image/svg+xml", fmt.Appendf(nil, svg, ""), 200},
		"empty":            {"a.txt", "text/plain", nil, 200},
		"program":          {"setup.exe", "application/x-msdownload", exe, 415},
		"program as png":   {"photo.png", "image/png", exe, 422},
		"program as text":  {"notes.txt", "text/plain", exe, 422},
		"png as jpeg":      {"a.jpg", "image/jpeg", pic, 422},
		"header differs":   {"a.png", "text/html", pic, 415},
		"html as text":     {"a.txt", "text/plain", []byte("<html><script>1</script>"), 422},
		"shell as text":    {"a.txt", "text/plain", []byte("#!/bin/sh\nid\n"), 422},
		"latin as text":    {"a.txt", "text/plain", []byte("gr\xfc\xdfe"), 422},
		"wide text":        {"a.txt", "text/plain; charset=utf-16", []byte("ab"), 415},
		"php":              {"a.php", "text/plain", []byte("Launch Ready"), 415},
		"php behind":       {"a.txt.php", "text/plain", []byte("Launch Ready"), 415},
		"php with a dot":   {"a.php.", "text/plain", []byte("Launch Ready"), 422},
		"php with a blank": {"a.php ", "text/plain", []byte("Launch Ready"), 422},
		"php, stream":      {"a.php::$DATA", "text/plain", []byte("Launch Ready"), 422},
		"no extension":     {"README", "text/plain", []byte("Launch Ready"), 415},
		"hidden":           {".htaccess", "text/plain", []byte("Launch Ready"), 422},
		"climbs":           {"../../static/a.txt", "text/plain", []byte("Launch Ready"), 422},
		"climbs, Windows":  {`..\\a.txt`, "text/plain", []byte("Launch Ready"), 422},
		"turned around":    {"a\u202egnp.txt", "text/plain", []byte("Launch Ready"), 422},
		"too long":         {"a.txt", "text/plain", bytes.Repeat([]byte("a"), 2<<20+1), 413},
		"png and zip":      {"a.png", "image/png", join(pic, zipped(t, "a", "b")), 422},
		"jpeg and zip":     {"a.jpg", "image/jpeg", join(jpg, zipped(t, "a", "b")), 422},
		"pdf and zip":      {"a.pdf", "application/pdf", join(pdf, zipped(t, "a", "b")), 422},
		"jpeg and page":    {"a.jpg", "image/jpeg", join(jpg, []byte("<SCRIPT>")), 422},
		"gif and php":      {"a.gif", "image/gif", join(gf, []byte("<?php ?>;")), 422},
		"png and pdf":      {"a.png", "image/png", join(pic[:33], []byte("%PDF-1.7"), pic[33:]), 422},
		"png, cut":         {"a.png", "image/png", pic[:40], 422},
		"png of many":      {"a.png", "image/png", func() []byte { b := bytes.Clone(pic); copy(b[16:24], "\x00\x01\x00\x00\x00\x01\x00\x00"); return b }(), 422},
		"svg with script":  {"a.svg", "image/svg+xml", fmt.Appendf(nil, svg, "<script>1</script>"), 422},
		"svg with event":   {"a.svg", "image/svg+xml", fmt.Appendf(nil, svg, `<g onload="x"/>`), 422},
		"svg with link":    {"a.svg", "image/svg+xml", fmt.Appendf(nil, svg, `<use href="https://evil.test/x"/>`), 422},
		"svg with entity":  {"a.svg", "image/svg+xml", []byte(`<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>`), 422},
		"svg as png":       {"a.png", "image/png", fmt.Appendf(nil, svg, ""), 422},
		"bomb":             {"a.zip", "application/zip", zipped(t, "a.txt", zeros), 422},
		"bomb in a docx":   {"a.docx", "", zipped(t, "[Content_Types].xml", "<Types/>", "word/document.xml", zeros), 422},
		"bomb of gzip":     {"a.gz", "application/gzip", gz.Bytes(), 422},
		"archive inside":   {"a.zip", "application/zip", zipped(t, "b.zip", "x"), 422},
		"many files":       {"a.zip", "application/zip", zipped(t, "1", "", "2", "", "3", "", "4", "", "5", "", "6", "", "7", "", "8", "", "9", "", "a", "", "b", ""), 422},
		"archive climbs":   {"a.zip", "application/zip", zipped(t, "../a.txt", "x"), 422},
		"archive, root":    {"a.zip", "application/zip", zipped(t, "/etc/a", "x"), 422},
		"archive, twice":   {"a.zip", "application/zip", zipped(t, "a", "x", "A", "y"), 422},
		"macros":           {"a.docx", "", zipped(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "", "word/vbaProject.bin", "x"), 422},
		"zip as docx":      {"a.docx", "", zipped(t, "a.txt", "x"), 422},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sent(t, c, `form-data; name="file"; filename="`+x.file+`"`, x.kind, x.data); got != x.want {
				t.Errorf("%d, want %d", got, x.want)
			}
		})
	}
	if got := sent(t, input.Check{Uploads: input.Uploads{}.Filled()}, `form-data; name="file"; filename="a.svg"`, "image/svg+xml", fmt.Appendf(nil, svg, "")); got != 415 {
		t.Errorf("SVG without saying so: %d", got)
	}
}

// TestForms: what readers of forms understand in two ways is refused.
func TestForms(t *testing.T) {
	c := input.Check{Uploads: input.Uploads{Files: 1}.Filled()}
	for disposition, want := range map[string]int{
		`form-data; name="a"; filename="a.txt"`:                         200,
		`form-data; name="a"`:                                           200,
		`form-data; name="a"; filename="a.txt"; filename*=UTF-8''a.php`: 400,
		`form-data; name="a"; filename="a.txt"; filename="a.php"`:       400,
		`form-data; name="a"; filename*=UTF-8''a.php`:                   415,
		`attachment; name="a"; filename="a.txt"`:                        400,
		`form-data; filename="a.txt"`:                                   400,
		`form-data; name="a`:                                            400,
	} {
		if got := sent(t, c, disposition, "text/plain", []byte("a")); got != want {
			t.Errorf("%s: %d, want %d", disposition, got, want)
		}
	}
	for body, want := range map[string]int{
		"--x\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--x--\r\n": 400,
		"--x\r\nContent-Disposition: form-data; name=a\r\nX-Other: 1\r\n\r\na\r\n--x--\r\n":                           400,
		"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\xff\r\n--x--\r\n":                                      400,
		"--x\r\nContent-Disposition: form-data; name=a\r\n\r\na":                                                      400,
		strings.Repeat("--x\r\nContent-Disposition: form-data; name=a; filename=a.txt\r\n\r\na\r\n", 2) + "--x--\r\n": 413,
		strings.Repeat("--x\r\nContent-Disposition: form-data; name=a\r\n\r\na\r\n", 201) + "--x--\r\n":               400,
		"--x\r\nContent-Disposition: form-data; name=a; filename=\"\"\r\n\r\n\r\n--x--\r\n":                           0,
	} {
		if got, why := asked(t, c, "POST", "/f", "multipart/form-data; boundary=x", body); got != want {
			t.Errorf("%.80q: %d %s, want %d", body, got, why, want)
		}
	}
	if got, _ := asked(t, c, "POST", "/f", "multipart/form-data", "x"); got != 400 {
		t.Errorf("without a boundary: %d", got)
	}
}

// TestHeld: what is looked at by all together is bounded, and given back.
func TestHeld(t *testing.T) {
	var held atomic.Int64
	held.Store(256<<20 - 100)
	c := input.Check{Uploads: input.Uploads{Held: &held}.Filled()}
	if got := sent(t, c, `form-data; name="a"; filename="a.txt"`, "", []byte("a")); got != 503 {
		t.Errorf("%d, want 503", got)
	}
	held.Store(0)
	if got := sent(t, c, `form-data; name="a"; filename="a.txt"`, "", []byte("a")); got != 200 || held.Load() != 0 {
		t.Errorf("%d, and %d bytes are held", got, held.Load())
	}
}

func FuzzUpload(f *testing.F) {
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=a; filename=a.zip\r\n\r\nPK\x03\x04\r\n--x--\r\n"))
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=a; filename=a.svg\r\n\r\n<svg/>\r\n--x--\r\n"))
	c := input.Check{Uploads: input.Uploads{Kinds: []string{"zip", "svg", "png", "gif", "docx", "gz"}, Unpacked: 1 << 20}.Filled()}
	f.Fuzz(func(t *testing.T, b []byte) { asked(t, c, "POST", "/f", "multipart/form-data; boundary=x", string(b)) })
}

func BenchmarkUpload(b *testing.B) {
	pic := drawn(b, png.Encode, 600, 600)
	body := "--x\r\nContent-Disposition: form-data; name=a; filename=a.png\r\n\r\n" + string(pic) + "\r\n--x--\r\n"
	c := input.Check{Uploads: input.Uploads{}.Filled()}
	var x *guard.Exchange
	p := pipeline(b, func(got *guard.Exchange) *guard.Denial { x = got; return c.Check(x) })
	r := httptest.NewRequest("POST", "/f", strings.NewReader(body))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	p.ServeHTTP(httptest.NewRecorder(), r)
	b.ReportAllocs()
	for b.Loop() {
		if d := c.Check(x); d != nil {
			b.Fatal(d.Reason)
		}
	}
}
