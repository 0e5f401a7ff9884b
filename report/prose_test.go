package report_test

import (
	"strings"
	"testing"

	"github.com/launchready/launchready/report"
)

// TestProse: a plain word stays, and what a forge would act on is code.
func TestProse(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"words", "Anyone reads acme's invoices, which only (their) owner sees.", "Anyone reads acme's invoices, which only (their) owner sees."},
		{"a mention", "ask @everyone or @org/team.", "ask `@everyone` or `@org/team`."},
		{"an address", "see https://evil.test/x, or www.evil.test", "see `https://evil.test/x`, or `www.evil.test`"},
		{"mail", "write to a@b.test", "write to `a@b.test`"},
		{"references", "#12 GH-1 a/b#3 !4 $5 %6 &7 ~bug ABC-12", "`#12` `GH-1` `a/b#3` `!4` `$5` `%6` `&7` `~bug` `ABC-12`"},
		{"a commit", "deadbeef and 7f3a09a", "`deadbeef` and `7f3a09a`"},
		{"a picture by name", "well :smile: done:", "well `:smile`: done:"},
		{"HTML", "<img src=x> <b>bold</b>", "`<img` `src=x>` `<b>bold</b>`"},
		{"a link", "[x](http://evil.test) ![y](z)", "`[x](http://evil.test`) `![y](z`)"},
		{"code of ours", "name the `alg` here: `WHERE id = ?`, then", "name the `alg` here: `WHERE id = ?`, then"},
		{"bold of ours", "the **first question** of all", "the first question of all"},
		{"underscores", "globex_member reads", `globex\_member reads`},
		{"entities", "&#64;here &lt;b&gt;", "`&#64;here` `&lt;b&gt`;"},
		{"numbers", "10 of 12 tries, 4.9%", "10 of 12 tries, 4.9%"},
		{"a lone backtick", "a ` b", "a `` ` `` b"},
		{"escapes", "\x1b[2Jx \u202ey", "`\\x1b[2Jx` `\\u202ey`"},
		{"a rule and a heading", "--- === # x", "`---` `===` `#` x"},
		{"a table", "a | b", "a `|` b"},
		{"lines", "a\n# b", "`a\\n#` b"},
		{"nothing", "  ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := report.Prose(c.in); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"x": "`x`", "a`b": "``a`b``", "`": "`` ` ``", "a``b`c": "```a``b`c```", "": "", " ": "", "a\nb": "`a\\nb`",
	} {
		if got := report.Code(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestFence(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\n":       "```http\na\nb\n```\n",
		"```\nout":     "````http\n```\nout\n````\n",
		"a\x1b[2J":     "```http\na\\x1b[2J\n```\n",
		"`````\n```\n": "``````http\n`````\n```\n``````\n",
	} {
		if got := report.Fence(in, "http"); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestParagraphs(t *testing.T) {
	got := report.Paragraphs("Pin it:\n\n- name it\n1. refuse @all\n\n```go\nr.Use(\"`\")\n```\n\n# not a heading\n> no quote")
	want := "Pin it:\n\n- name it\n- refuse `@all`\n\n```\nr.Use(\"`\")\n```\n\n`#` not a heading\n`>` no quote"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// FuzzProse: outside of code, only letters, digits and a sentence's marks remain.
func FuzzProse(f *testing.F) {
	for _, s := range []string{"a `b` c", "@x `` `", "```\n@x\n```", "**a**_b_ :x:", "\\` `x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, out := range []string{report.Prose(s), report.Code(s)} {
			left := outside(out)
			if strings.ContainsAny(left, "@#<>[]`*&$~|\n") || strings.Contains(left, "://") || strings.Contains(left, "www.") {
				t.Errorf("%q: %q has %q outside of code", s, out, left)
			}
		}
	})
}

// outside is what CommonMark reads outside of code spans (6.1): a run of
// backticks opens one when another of the same length follows.
func outside(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '`' {
			b.WriteByte(s[i])
			i++
			continue
		}
		n := run(s[i:])
		end := -1
		for j := i + n; j < len(s); {
			if s[j] != '`' {
				j++
				continue
			}
			if m := run(s[j:]); m == n {
				end = j + m
				break
			} else {
				j += m
			}
		}
		if end < 0 {
			b.WriteString(s[i : i+n])
			i += n
			continue
		}
		b.WriteByte(' ')
		i = end
	}
	return b.String()
}

func run(s string) int { return len(s) - len(strings.TrimLeft(s, "`")) }
