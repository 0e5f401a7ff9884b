package input

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// TestDelays tells a delay that follows what was asked from a route that is slow
// for another reason. Durations are given, not waited for.
func TestDelays(t *testing.T) {
	t.Parallel()
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for name, tc := range map[string]struct {
		took func(call, asked int) time.Duration
		want bool
	}{
		"follows":             {func(_, n int) time.Duration { return ms(5 + 1000*n) }, true},
		"never":               {func(_, _ int) time.Duration { return ms(5) }, false},
		"always slow":         {func(_, _ int) time.Duration { return ms(1500) }, false},
		"slow once":           {func(call, _ int) time.Duration { return ms(5 + 1500*(1-min(call, 1))) }, false},
		"not by how much":     {func(_, n int) time.Duration { return ms(5 + 1000*min(n, 1)) }, false},
		"slower each time":    {func(call, _ int) time.Duration { return ms(900 * (call + 1)) }, false},
		"far longer than due": {func(_, n int) time.Duration { return ms(5 + 9000*n) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := 0
			xs, err := (&delays{}).follows(t.Context(), func(_ context.Context, n int) (*lr.Exchange, error) {
				x := &lr.Exchange{Status: 200, Took: tc.took(call, n), Note: fmt.Sprint(n)}
				call++
				return x, nil
			})
			if err != nil || (xs != nil) != tc.want {
				t.Errorf("got %v (%v), want %t", measured(xs), err, tc.want)
			}
			if !tc.want && call > 6 {
				t.Errorf("%d requests", call)
			}
		})
	}
	broken := errors.New("no answer")
	if _, err := (&delays{}).follows(t.Context(), func(context.Context, int) (*lr.Exchange, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error", err)
	}
}

func TestGeometric(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ms   []int
		want bool
	}{
		"quadratic":       {[]int{15, 60, 240}, true},
		"cubic":           {[]int{4, 30, 250}, true},
		"linear":          {[]int{60, 120, 240}, false},
		"one that waited": {[]int{0, 0, 300}, false},
		"two that waited": {[]int{1, 150, 300}, false},
		"too few":         {[]int{50, 300}, false},
	} {
		var was []time.Duration
		for _, n := range tc.ms {
			was = append(was, time.Duration(n)*time.Millisecond)
		}
		if got := geometric(was); got != tc.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// TestElement reads pages as a browser does.
func TestElement(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		page string
		want bool
	}{
		"raw":                     {`<p>` + markup("x7") + `</p>`, true},
		"in an attribute":         {`<input value="` + markup("x7") + `">`, true},
		"in a title":              {`<title>` + markup("x7") + `</title>`, true},
		"in a script":             {`<script>var a = "` + markup("x7") + `"</script>`, true},
		"escaped":                 {`<p>&lt;b id=&quot;x7&quot;&gt;</p>`, false},
		"in a script's text":      {`<script>var a = "\u003cb id=x7\u003e <b id='x7'>"</script>`, false},
		"in a comment":            {`<!-- <b id="x7"> -->`, false},
		"in an attribute's value": {`<p title='<b id="x7">'>`, false},
		"another id":              {`<b id="x8">`, false},
		"no page at all":          {"\x00\xff<<<<", false},
	} {
		if got := element([]byte(tc.page), "x7"); got != tc.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestRunsIn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header map[string]string
		body   string
		want   bool
	}{
		"a page":                    {map[string]string{"Content-Type": "text/html; charset=utf-8"}, "<script>", true},
		"a page to save":            {map[string]string{"Content-Type": "text/html", "Content-Disposition": `attachment; filename="a"`}, "<script>", false},
		"a page in a sandbox":       {map[string]string{"Content-Type": "text/html", "Content-Security-Policy": "sandbox; default-src 'none'"}, "<script>", false},
		"a policy that forbids":     {map[string]string{"Content-Type": "text/html", "Content-Security-Policy": "script-src 'self'"}, "<script>", false},
		"a policy that allows":      {map[string]string{"Content-Type": "text/html", "Content-Security-Policy": "script-src 'self' 'unsafe-inline'"}, "<script>", true},
		"a sandbox with scripts":    {map[string]string{"Content-Type": "text/html", "Content-Security-Policy": "sandbox allow-scripts"}, "<script>", true},
		"a picture with scripts":    {map[string]string{"Content-Type": "image/svg+xml"}, "<svg>", true},
		"a plain text":              {map[string]string{"Content-Type": "text/plain"}, "<html>", false},
		"no type":                   {map[string]string{"Content-Type": ""}, "<!doctype html><script>", true},
		"no type and no guessing":   {map[string]string{"Content-Type": "", "X-Content-Type-Options": "nosniff"}, "<!doctype html><script>", false},
		"no type and no page":       {map[string]string{"Content-Type": ""}, "GIF89a<script>", false},
		"a picture without scripts": {map[string]string{"Content-Type": "image/png"}, "<script>", false},
	} {
		x := &lr.Exchange{Status: 200, Header: http.Header{}, Body: []byte(tc.body)}
		for k, v := range tc.header {
			x.Header.Set(k, v)
		}
		if got := runsIn(x); (got != "") != tc.want {
			t.Errorf("%s: got %q", name, got)
		}
		x.Status = 404
		if runsIn(x) != "" {
			t.Errorf("%s: a refusal runs", name)
		}
	}
}

func TestCellWith(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body, want string
		found      bool
	}{
		"raw":        {"a,b\n=1+1&w,x\n", "=1+1&w", true},
		"quoted":     {"a,b\n\"=1+1&w, and more\",x\n", "=1+1&w, and more", true},
		"apostrophe": {"a,b\n'=1+1&w,x\n", "'=1+1&w", true},
		"semicolons": {"\ufeffa;b\nx;=1+1&w\n", "=1+1&w", true},
		"tabs":       {"a\tb\nx\t=1+1&w\n", "=1+1&w", true},
		"absent":     {"a,b\nx,y\n", "", false},
		"broken":     {"a,\"b\nx", "", false},
	} {
		got, found := cellWith(&lr.Exchange{Body: []byte(tc.body)}, "&w")
		if got != tc.want || found != tc.found {
			t.Errorf("%s: got %q %t", name, got, found)
		}
	}
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	got := strings.Join(spellings("http://127.0.0.1:80/cb/x"), " ")
	want := "http://127.0.0.1:80/cb/x http://localhost:80/cb/x http://2130706433:80/cb/x http://[::ffff:7f00:1]:80/cb/x"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for raw, want := range map[string]bool{"http://127.0.0.1:1/": true, "http://10.1.2.3/": true, "http://169.254.169.254/": true, "https://hooks.acme.test/": false, "http://8.8.8.8/": false, "://": false} {
		if inside(raw) != want {
			t.Errorf("%s: inside is %t", raw, !want)
		}
	}
}
