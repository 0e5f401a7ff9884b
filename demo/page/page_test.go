package page_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/launchready/launchready/demo/page"
)

func assets(t *testing.T) map[string]page.Asset {
	t.Helper()
	list, err := page.Assets()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]page.Asset{}
	for _, a := range list {
		out[a.Path] = a
	}
	return out
}

func get(t *testing.T, h http.Handler, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAssetsAreServedSafely(t *testing.T) {
	for path, a := range assets(t) {
		t.Run(path, func(t *testing.T) {
			w := get(t, a)
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != a.Type || w.Body.Len() == 0 {
				t.Errorf("got %d %q and %d bytes, want 200 %q", w.Code, w.Header().Get("Content-Type"), w.Body.Len(), a.Type)
			}
			csp := w.Header().Get("Content-Security-Policy")
			if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
				t.Errorf("got policy %q, want one without unsafe parts", csp)
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Error("got no nosniff")
			}
			if again := get(t, a, "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
				t.Errorf("got %d for the same tag, want 304", again.Code)
			}
			if other := get(t, a, "If-None-Match", `"other"`); other.Code != http.StatusOK {
				t.Errorf("got %d for another tag, want 200", other.Code)
			}
		})
	}
}

func nodes(n *html.Node, visit func(*html.Node, map[string]string)) {
	if n.Type == html.ElementNode {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		visit(n, at)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		nodes(c, visit)
	}
}

// The policy forbids inline code, so the document must have none; and each
// control must have a name that a screen reader can say.
func TestDocument(t *testing.T) {
	all := assets(t)
	doc, err := html.Parse(bytes.NewReader(all["/"].Body))
	if err != nil {
		t.Fatal(err)
	}
	ids, labelled, controls := map[string]bool{}, map[string]bool{}, []string{}
	seen := map[string]int{}
	nodes(doc, func(n *html.Node, at map[string]string) {
		seen[n.Data]++
		if id := at["id"]; id != "" {
			if ids[id] {
				t.Errorf("id %q stands twice", id)
			}
			ids[id] = true
		}
		for k := range at {
			if strings.HasPrefix(k, "on") || k == "style" {
				t.Errorf("<%s> has inline %s, which the policy forbids", n.Data, k)
			}
		}
		switch n.Data {
		case "script", "link":
			if at["rel"] == "canonical" { // an address, nothing that is loaded
				break
			}
			if _, ok := all[at["src"]+at["href"]]; !ok {
				t.Errorf("<%s> loads %q, which is no asset", n.Data, at["src"]+at["href"])
			}
			if n.FirstChild != nil {
				t.Errorf("<%s> has inline content", n.Data)
			}
		case "style":
			t.Error("got an inline style element")
		case "label":
			labelled[at["for"]] = true
		case "input", "textarea", "select":
			controls = append(controls, at["id"])
		case "html":
			if at["lang"] == "" {
				t.Error("got no lang")
			}
		}
	})
	for _, id := range controls {
		if !labelled[id] {
			t.Errorf("control %q has no label", id)
		}
	}
	for _, landmark := range []string{"main", "header", "nav", "h1", "title"} {
		if seen[landmark] == 0 {
			t.Errorf("got no <%s>", landmark)
		}
	}
	for _, m := range regexp.MustCompile(`\$\("([\w-]+)"\)|onSubmit\("([\w-]+)"`).FindAllStringSubmatch(string(all["/assets/app.js"].Body), -1) {
		if id := m[1] + m[2]; !ids[id] {
			t.Errorf("the script uses #%s, which the document lacks", id)
		}
	}
}

func TestScriptWritesNoMarkup(t *testing.T) {
	js := string(assets(t)["/assets/app.js"].Body)
	for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage"} {
		if strings.Contains(js, sink) {
			t.Errorf("the script uses %s, by which a reply could become code or a credential stay behind", sink)
		}
	}
	// Who is signed in may stay with the tab; nothing else may.
	for _, kept := range regexp.MustCompile(`sessionStorage\.setItem\([^\n]*`).FindAllString(js, -1) {
		if kept != `sessionStorage.setItem("harbor.me", JSON.stringify({ name: me.name, tenant: me.tenant.name }));` {
			t.Errorf("the tab keeps more than a name: %s", kept)
		}
	}
}
