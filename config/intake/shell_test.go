package intake

import (
	"bytes"
	"os/exec"
	"reflect"
	"strings"
	"testing"
)

// TestPosixAgainstShell puts the same text to a real shell and to the reader.
func TestPosixAgainstShell(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash to compare with")
	}
	for _, text := range []string{
		`curl a b  c`, "curl\ta \\\n  b", `curl 'a b' "c d" e\ f`, `curl 'it'\''s' "say \"hi\" \\ \x \$HOME"`, `curl "" '' a""b`, `curl a#b #c`,
		`curl $'a\tb\n\'q\' \\ \x41\101 \u00e9\u20ac \e'`, `curl $'\x7e\x7E' $'a'b$'c'`, "curl \"a\nb\" 'c\nd'", "curl \"a\\\nb\" c\\\nd", `curl -d '{"a":"b","c":[1,2]}' https://x/y?z=1\&w=2`,
		`curl a;curl b && curl c | cat`, "curl a\ncurl b", `curl {a} ^b 'c^' "%D%"`, `curl a >/dev/null`, `curl "a$" $ "b$ c"`, `curl a\`, `curl 'a\'`, `curl "\a\n"`, `curl -H 'X: !"#%&()*+,-./:;<=>?@[\]^_{|}~'`,
	} {
		script := "curl() { printf '%s\\0' \"$@\" >&3; printf '\\1' >&3; }; cat() { :; }; exec 3>&1\n" + text
		out, err := exec.CommandContext(t.Context(), shell, "-c", script).Output()
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var want [][]string
		for _, c := range bytes.Split(bytes.TrimSuffix(out, []byte{1}), []byte{1}) {
			want = append(want, strings.Split(strings.TrimSuffix(string(c), "\x00"), "\x00"))
		}
		r := &reading{file: "-"}
		var got [][]string
		for _, c := range r.posix(text) {
			var words []string
			for _, w := range c[1:] {
				words = append(words, w.text)
			}
			got = append(got, words)
		}
		if err := r.err(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %q, %v\nwant %q", text, got, err, want)
		}
	}
}

func TestPosixVariables(t *testing.T) {
	r := &reading{file: "-"}
	cmds := r.posix(`curl $A "${B}x" '$C' \$D "$E/f" $1 "${F:-dflt}" $'$G' "$"`)
	var got []string
	for _, w := range cmds[0][1:] {
		got = append(got, strings.ReplaceAll(w.text, mark, "|"))
	}
	want := []string{"|A|", "|B|x", "$C", "$D", "|E|/f", "$1", "|F|", "$G", "$"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, text := range []string{"curl $(id)", "curl \"`id`\"", "curl ${A/b/c}", "curl ${!A}", "curl ${", "curl a\x00b"} {
		r := &reading{file: "-"}
		if r.posix(text); r.err() == nil {
			t.Errorf("%q: got no fault", text)
		}
	}
}

// TestCmd: the words of cmd.exe, as the browsers' code writes them.
func TestCmd(t *testing.T) {
	for text, want := range map[string][]string{
		`curl ^"a b^" -H ^"c: ^\^"d^\^"^"`:                 {"a b", "-H", `c: "d"`},
		"curl ^\"a^\" ^\n  -X ^\"POST^\"":                  {"a", "-X", "POST"},
		"curl ^\"a^\n\nb^\"":                               {"a\nb"},
		`curl "a b" "c""d" "e\"f" "g\\" "h\i"`:             {"a b", `c"d`, `e"f`, `g\`, `h\i`},
		`curl "%API_TOKEN%" "a%20b%2F" ^"c^%^20^%^41^" %d`: {mark + "API_TOKEN" + mark, "a%20b%2F", "c%20%41", "%d"},
		`curl ^"^^^&^|^<^>^(^)^!^"`:                        {"^&|<>()!"},
		`curl "^a" ^b`:                                     {"^a", "b"},
	} {
		r := &reading{file: "-"}
		cmds := r.cmd(text)
		if len(cmds) != 1 || r.err() != nil {
			t.Errorf("%s: got %d commands, %v", text, len(cmds), r.err())
			continue
		}
		var got []string
		for _, w := range cmds[0][1:] {
			got = append(got, w.text)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %q\nwant %q", text, got, want)
		}
	}
	if r := (&reading{file: "-"}); len(r.cmd("curl a & curl b\r\ncurl c")) != 3 {
		t.Error("three commands are not three")
	}
	for text, want := range map[string]bool{`curl ^"https://x^"`: true, "curl \"https://x\" ^\r\n -H \"a: b\"": true, `curl "https://x" -d "{""a"":1}"`: true,
		`curl 'https://x' -d '{"a":""}'`: false, `curl "https://x" -d "{\"a\":1}"`: false, `curl $'a' ^"b`: false, `curl ^"https://x^" -H ^"sec-ch-ua: 'Not A^"`: true} {
		if windows(text) != want {
			t.Errorf("%s: cmd is %t, want %t", text, !want, want)
		}
	}
}
