package demo

import (
	"strings"
	"testing"
)

// filtering is a server as far as the filter needs one.
func filtering(flaws ...string) *Server {
	on := flawSet{}
	for _, f := range flaws {
		on[f] = true
	}
	return &Server{URL: "http://127.0.0.1:4000", flaws: on}
}

func TestOutputFilter(t *testing.T) {
	s := filtering()
	for name, tc := range map[string]struct{ in, want string }{
		"plain":              {"Refunds take 14 days. [1]\n\nAsk me more!", "Refunds take 14 days. [1]\n\nAsk me more!"},
		"an image":           {"a ![chart](http://evil.test/x?d=1) b", "a [image: chart] b"},
		"an image of ours":   {"![logo](/assets/l.png) ![l](http://127.0.0.1:4000/l.png)", "![logo](/assets/l.png) ![l](http://127.0.0.1:4000/l.png)"},
		"ours by its start":  {"![l](http://127.0.0.1:4000@evil.test/x)", "[image: l]"},
		"no scheme":          {"![l](//evil.test/x)", "[image: l]"},
		"by reference":       {"![a][r]\n\n[r]: http://evil.test/x", "[a][r]\n\n[r]: http://evil.test/x"},
		"by a shortcut":      {"![r]\n\n[r]: http://evil.test/x", "[r]\n\n[r]: http://evil.test/x"},
		"over two lines":     {"![a\nb](http://evil.test/x)", "[a\nb](http://evil.test/x)"},
		"html":               {"<img src=x onerror=a>", "&lt;img src=x onerror=a>"},
		"a link":             {"[docs](https://docs.test/a)", "[docs](https://docs.test/a)"},
		"a link that runs":   {"[a](javascript:go)", "[a](#)"},
		"in capitals":        {"[a](JaVaScRiPt:go)", "[a](#)"},
		"with an entity":     {"[a](java&#115;cript:go)", "[a](#)"},
		"in angle brackets":  {"[a](<javascript:go>)", "[a](#>)"},
		"a definition":       {"[a]: javascript:go", "[a]: #"},
		"code":               {"```html\n<img src=x>\n```\n<b>", "```html\n<img src=x>\n```\n&lt;b>"},
		"a fence in a fence": {"````\n```\n<b>\n````\n<b>", "````\n```\n<b>\n````\n&lt;b>"},
		"a fence of tildes":  {"~~~\n<b>\n```\n<b>\n~~~\n<b>", "~~~\n<b>\n```\n<b>\n~~~\n&lt;b>"},
		"no fence":           {"``` `x` <b>", "``` `x` &lt;b>"},
		"empty":              {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.cleaned(tc.in); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			// Wherever the stream is cut, it comes out the same.
			for i := range len(tc.in) + 1 {
				for j := i; j <= len(tc.in); j++ {
					if got := streamed(t, s, tc.in[:i], tc.in[i:j], tc.in[j:]); got != tc.want {
						t.Fatalf("cut at %d and %d: got %q, want %q", i, j, got, tc.want)
					}
				}
			}
		})
	}
}

func streamed(t testing.TB, s *Server, pieces ...string) string {
	t.Helper()
	var b strings.Builder
	o := s.screen("", func(text string) error { b.WriteString(text); return nil })
	for _, p := range pieces {
		if err := o.stream()(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func FuzzFilter(f *testing.F) {
	f.Add("![a](http://e/x) <b> ```\n<i>\n", 5)
	f.Add("~~~\n![r]\n[r]: java\tscript:x", 1)
	f.Fuzz(func(t *testing.T, text string, n int) {
		s := filtering()
		n = min(max(n, 0), len(text))
		if got, want := streamed(t, s, text[:n], text[n:]), s.cleaned(text); got != want {
			t.Errorf("in two pieces %q, at once %q", got, want)
		}
	})
}
