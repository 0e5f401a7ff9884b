package model

import (
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestMarkdownSinks(t *testing.T) {
	const at = "http://127.0.0.1:4242/cb/nonce1234"
	for name, tc := range map[string]struct {
		text  string
		loads string // kinds that load the bait, in order
		runs  string // kinds that run
	}{
		"nothing":                     {text: "Plain words, and a link: [docs](http://127.0.0.1:4242/cb/nonce1234)."},
		"an image":                    {text: "x ![a](" + at + ")", loads: "image"},
		"an image with a title":       {text: "![a](<" + at + `> "t")`, loads: "image"},
		"in a code block":             {text: "```\n![a](" + at + ")\n<img src=" + at + ">\n```"},
		"in a code span":              {text: "Write `![a](" + at + ")` for that."},
		"indented code":               {text: "text\n\n    <img src=" + at + ">\n"},
		"escaped":                     {text: `\![a](` + at + `) and &lt;img src=` + at + `&gt;`},
		"by reference":                {text: "![a][r]\n\n[r]: " + at, loads: "reference image"},
		"by a collapsed reference":    {text: "![r][]\n\n[r]: " + at, loads: "reference image"},
		"by a shortcut reference":     {text: "![r]\n\n[r]: " + at, loads: "reference image"},
		"a reference without a place": {text: "![a][r]"},
		"html":                        {text: "<img src=" + at + ">", loads: "img src"},
		"html within a line":          {text: "see <img alt='' src='" + at + "'> there", loads: "img src"},
		"picture":                     {text: "<picture><source srcset='" + at + " 2x'><img></picture>", loads: "source srcset"},
		"style":                       {text: "<div style=\"background:URL('" + at + "')\">x</div>", loads: "div style"},
		"style sheet":                 {text: "<style>\nbody{background:url(" + at + ")}\n</style>", loads: "style url"},
		"svg":                         {text: "<svg><image href=" + at + " /></svg>", loads: "image href"},
		"frame":                       {text: "<iframe src=" + at + "></iframe>", loads: "iframe src"},
		"preload":                     {text: "<link rel=preload href=" + at + ">", loads: "link href"},
		"refresh":                     {text: "<meta http-equiv=refresh content='0;url=" + at + "'>", loads: "meta refresh"},
		"without a scheme":            {text: "![a](//127.0.0.1:4242/cb/nonce1234)", loads: "image"},
		"another host":                {text: "![a](http://127.0.0.1:4243/cb/nonce1234)"},
		"another nonce":               {text: "![a](http://127.0.0.1:4242/cb/other)"},
		"host in the query":           {text: "![a](http://x.test/?u=http://127.0.0.1:4242/cb/nonce1234)"},
		"script":                      {text: "<script>alert(1)</script>", runs: "script"},
		"handler":                     {text: "<b onclick=go()>x</b>", runs: "onclick handler"},
		"script link":                 {text: "[a](javascript:alert(1))", runs: "script link"},
		"hidden scheme":               {text: "[a](java&#115;cript:alert(1))", runs: "script link"},
		"data page":                   {text: "[a](data:text/html,<b>)", runs: "script link"},
		"data picture":                {text: "[a](data:image/png;base64,AA==)"},
		"comment":                     {text: "<!-- <script>alert(1)</script> -->"},
		"a word that begins with on":  {text: "<b only=1 on=2>x</b>"},
	} {
		t.Run(name, func(t *testing.T) {
			var loads, runs []string
			for _, s := range markdownSinks(tc.text) {
				if s.loads && s.aims(lr.Bait{Nonce: "nonce1234", URL: at}) {
					loads = append(loads, s.kind)
				}
				if s.runs {
					runs = append(runs, s.kind)
				}
			}
			if got := strings.Join(loads, " "); got != tc.loads {
				t.Errorf("loads %q, want %q", got, tc.loads)
			}
			if got := strings.Join(runs, " "); got != tc.runs {
				t.Errorf("runs %q, want %q", got, tc.runs)
			}
		})
	}
}

func TestHTMLSinks(t *testing.T) {
	page := `<!doctype html><title><img onerror=x></title><textarea><script>1</script></textarea><p>&lt;script&gt;</p><a href=" java
script:alert(1)">x</a><form action="javascript:1"></form><iframe srcdoc="<b>"></iframe>`
	var got []string
	for _, s := range htmlSinks(page) {
		if s.runs {
			got = append(got, s.kind)
		}
	}
	if strings.Join(got, ",") != "script link,script link,frame document" {
		t.Errorf("runs %q", got)
	}
}

func TestCarries(t *testing.T) {
	secret := "lr1-unit-acme-7-0123456789abcdef01234567"
	for name, tc := range map[string]struct {
		url  string
		want bool
	}{
		"plain":   {"http://h/cb/n/" + secret, true},
		"escaped": {"http://h/cb/n?d=lr1%2Dunit%2Dacme%2D7%2D0123456789abcdef01234567", true},
		"base64":  {"http://h/cb/n?d=bHIxLXVuaXQtYWNtZS03LTAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nw", true},
		"none":    {"http://h/cb/n?d=hello", false},
	} {
		if got := len(sink{url: tc.url}.carries([]string{secret})) > 0; got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzSinks(f *testing.F) {
	f.Add("![a][r]\n\n[r]: http://h/x <img src=x onerror=1> `<b>`")
	f.Add("<style>@import url(x</style><svg onload=1><script")
	f.Add("> ~~~\n<!--\n[a](java\tscript:1)")
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range append(markdownSinks(text), htmlSinks(text)...) {
			if s.kind == "" || !s.loads && !s.runs {
				t.Errorf("a sink that does nothing: %+v", s)
			}
			s.aims(lr.Bait{Nonce: "n", URL: "http://h/cb/n"})
		}
	})
}

func TestNoun(t *testing.T) {
	for in, want := range map[string]string{"/v1/tickets": "ticket", "/api/v2/crm/companies": "company", "/v1/chats/{}/messages": "message", "/api-keys": "api key", "/address": "address", "": "", "/{}": ""} {
		if got := noun(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
