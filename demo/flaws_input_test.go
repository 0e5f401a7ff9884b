package demo

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// uploadAs sends a file under exactly this name, as a browser writes it.
func (w *world) uploadAs(c caller, name, media string, content []byte) *answer {
	w.t.Helper()
	var buf bytes.Buffer
	form := multipart.NewWriter(&buf)
	part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {media}})
	if err != nil {
		w.t.Fatal(err)
	}
	part.Write(content) //nolint:errcheck // a buffer
	form.Close()        //nolint:errcheck // a buffer
	return w.do(c, "POST", "/v1/files", &buf, "Content-Type", form.FormDataContentType())
}

// event sends an event of the CRM, signed as of the time, and counts how often the
// tenant then sees it.
func (w *world) event(id, header string, body []byte) int {
	w.t.Helper()
	w.do(anon, "POST", "/v1/webhooks/crm", bytes.NewReader(body), "X-Harbor-Signature", header).want(202, 401)
	return strings.Count(w.do(w.as("admin@acme.test"), "GET", "/v1/crm-events", nil).want(200).Body, `"`+id)
}

func (w *world) signedEvent(id string, at time.Time) (header string, body []byte) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	body = fmt.Appendf(nil, `{"id":%q,"tenant":"acme","type":"contact.updated"}`, id)
	return "t=" + seconds + ",v1=" + signature(w.s.crmKey, seconds, body), body
}

// aChat makes a conversation of that title and returns its id.
func (w *world) aChat(c caller, title string) string {
	w.t.Helper()
	return w.do(c, "POST", "/v1/chats", map[string]any{"title": title}).want(201).str("id")
}

// inputFlaws are the faults of what hostile text, files and webhooks do.
var inputFlaws = map[string]symptom{
	"input/sql-injection": func(w *world) bool {
		got := w.do(w.as("member@acme.test"), "GET", "/v1/collections/handbook/documents?title="+url.QueryEscape("Refund'||' policy"), nil).want(200)
		return strings.Contains(got.Body, "Refund policy")
	},
	"input/nosql-injection": func(w *world) bool {
		c := w.as("member@acme.test")
		w.do(c, "GET", "/v1/crm-events?type=none", nil).want(200).lacks("crm-")
		got := w.do(c, "GET", "/v1/crm-events?type[$eq]=none", nil).want(200)
		return !strings.Contains(got.Body, "crm-") && strings.Contains(w.do(c, "GET", "/v1/crm-events?type[$ne]=none", nil).want(200).Body, "crm-")
	},
	"input/command-injection": func(w *world) bool {
		c := w.as("member@acme.test")
		got := w.do(c, "GET", "/v1/chats/"+w.aChat(c, "Wrapped")+"/export?format=md&width="+url.QueryEscape("72;echo $((4001*3))"), nil).want(200, 422)
		return strings.Contains(got.Body, "12003")
	},
	"input/template-injection": func(w *world) bool {
		c := w.as("member@acme.test")
		made := w.do(c, "POST", "/v1/prompts", map[string]any{"title": "Greeting", "text": `{{printf "%d%d" 40 2}} {{name}}`}).want(201)
		got := w.do(c, "GET", fmt.Sprintf("/v1/prompts/%v", made.get("number")), nil).want(200).lacks(`40 2}} {{name}}"}`)
		return strings.Contains(got.str("filled"), "402 ")
	},
	"input/path-traversal": func(w *world) bool {
		got := w.do(w.as("member@acme.test"), "GET", "/v1/terms?version=../../../../etc/passwd", nil).want(200, 404)
		return strings.Contains(got.Body, "root:")
	},
	"input/header-injection": func(w *world) bool {
		w.do(w.as("admin@acme.test"), "POST", "/v1/invitations", map[string]any{"email": "to@acme.test", "role": "viewer", "name": "lr\r\nBcc: copy@evil.test\r\nX: y"}).want(201, 409)
		got := w.do(anon, "GET", "/dev/outbox?to=copy@evil.test", nil, "X-Dev-Token", w.s.devToken).want(200)
		return strings.Contains(got.Body, "copy@evil.test")
	},
	"input/xml-entity": func(w *world) bool {
		feed := `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>t</title><description>&x;</description></item></channel></rss>`
		got := w.do(w.as("member@acme.test"), "POST", "/v1/collections/handbook/feed/import", strings.NewReader(feed), "Content-Type", "application/rss+xml").want(201, 400)
		return strings.Contains(got.Body, "root:")
	},
	"input/regex-denial": func(w *world) bool {
		c := w.as("member@acme.test")
		// Only who closes gaps first finds a term of two letters behind so many.
		w.do(c, "POST", "/v1/search", map[string]any{"query": "a b"}).want(200)
		return w.do(c, "POST", "/v1/search", map[string]any{"query": "a" + strings.Repeat(" ", 300) + "b"}).want(200, 422).Status == 200
	},
	"input/active-markup": func(w *world) bool {
		c := w.as("member@acme.test")
		got := w.do(c, "GET", "/app/chats/"+w.aChat(c, `<i id=x>`), nil, "Accept", "text/html").want(200)
		return strings.Contains(got.Body, "<i id=x>")
	},
	"input/server-request": func(w *world) bool {
		inner := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "inner secret") })) //nolint:errcheck // a test
		defer inner.Close()
		got := w.do(w.as("member@acme.test"), "POST", "/v1/collections/handbook/import", map[string]any{"url": inner.URL}).want(201, 422)
		return strings.Contains(got.Body, "inner secret")
	},
	"input/export-formula": func(w *world) bool {
		c := w.as("member@acme.test")
		got := w.do(c, "GET", "/v1/chats/"+w.aChat(c, "=1+1")+"/export?format=csv", nil).want(200).has("=1+1")
		return !strings.Contains(got.Body, "'=1+1")
	},
	"input/upload-type": func(w *world) bool {
		c := w.as("member@acme.test")
		w.uploadAs(c, "setup.exe", "application/x-msdownload", []byte("MZ\x90")).want(422)
		return w.uploadAs(c, "photo.png", "image/png", []byte("MZ\x90")).want(201, 422).Status == 201
	},
	"input/upload-script": func(w *world) bool {
		c := w.as("member@acme.test")
		id := w.uploadAs(c, "a.svg", "image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`)).want(201).str("id")
		got := w.do(c, "GET", "/v1/files/"+id+"/preview", nil).want(200, 415)
		return strings.HasPrefix(got.Header.Get("Content-Type"), "image/svg") && got.Header.Get("Content-Security-Policy") == ""
	},
	"input/upload-bomb": func(w *world) bool {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		f, err := z.Create("a.txt")
		if err != nil {
			w.t.Fatal(err)
		}
		f.Write(make([]byte, maxUnpacked+1)) //nolint:errcheck // a buffer
		z.Close()                            //nolint:errcheck // a buffer
		return w.uploadAs(w.as("member@acme.test"), "a.zip", "application/zip", buf.Bytes()).want(201, 413).Status == 201
	},
	"input/upload-path": func(w *world) bool {
		w.uploadAs(w.as("member@acme.test"), "../../assets/planted.txt", "text/plain", []byte("planted")).want(201)
		return strings.Contains(w.do(anon, "GET", "/assets/planted.txt", nil).want(200, 404).Body, "planted")
	},
	"input/upload-size": func(w *world) bool {
		return w.uploadAs(w.as("member@acme.test"), "a.txt", "text/plain", bytes.Repeat([]byte("x"), maxFile+1)).want(201, 413).Status == 201
	},
	"input/upload-empty": func(w *world) bool {
		return w.uploadAs(w.as("member@acme.test"), "a.txt", "text/plain", nil).want(201, 500).lacks("goroutine").Status == 500
	},
	"input/upload-extension": func(w *world) bool {
		c := w.as("member@acme.test")
		w.uploadAs(c, "a.exe", "text/plain", []byte("x")).want(422)
		return w.uploadAs(c, "a.txt.exe", "text/plain", []byte("x")).want(201, 422).Status == 201
	},
	"input/upload-inline": func(w *world) bool {
		c := w.as("member@acme.test")
		id := w.uploadAs(c, "a.html", "text/html", []byte("<script></script>")).want(201).str("id")
		return w.do(c, "GET", "/v1/files/"+id+"/content", nil).want(200).Header.Get("Content-Disposition") == "inline"
	},
	"input/webhook-signature": func(w *world) bool {
		_, body := w.signedEvent("unsigned-1", w.now())
		return w.event("unsigned-1", "", body) > 0
	},
	"input/webhook-body": func(w *world) bool {
		header, body := w.signedEvent("first-1", w.now())
		if w.event("first-1", header, body) != 1 {
			w.t.Error("a signed event was not taken")
		}
		return w.event("first-2", header, bytes.ReplaceAll(body, []byte("first-1"), []byte("first-2"))) > 0
	},
	"input/webhook-replay": func(w *world) bool {
		header, body := w.signedEvent("twice-1", w.now())
		w.event("twice-1", header, body)
		return w.event("twice-1", header, body) > 1
	},
	"input/webhook-timestamp": func(w *world) bool {
		header, body := w.signedEvent("old-1", w.now().Add(-24*time.Hour))
		return w.event("old-1", header, body) > 0
	},
}
