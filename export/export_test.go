package export_test

import (
	"bytes"
	"errors"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/launchready/launchready/export"
	"github.com/launchready/launchready/surface"
)

var update = flag.Bool("update", false, "write the golden files")

const notes = `{"openapi":"3.1.0","info":{"title":"Notes"},"security":[{"bearer":[]}],"components":{"securitySchemes":{"bearer":{"type":"http","scheme":"bearer"}}},"paths":{
 "/notes":{"get":{"responses":{"200":{"description":"ok"}}},"post":{"requestBody":{"content":{"application/json":{"schema":{"type":"object","required":["title"],"properties":{"title":{"type":"string"}}}}}},"responses":{"201":{"description":"ok"}}}},
 "/notes/{note_id}":{"parameters":[{"name":"note_id","in":"path","required":true,"schema":{"type":"string"}}],"get":{"responses":{"200":{"description":"ok"}}},"delete":{"responses":{"204":{"description":"ok"}}},
  "patch":{"requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"title":{"type":"string"}}}}}},"responses":{"200":{"description":"ok"}}}},
 "/receipts/{receipt_id}":{"parameters":[{"name":"receipt_id","in":"path","required":true,"schema":{"type":"string"}}],"get":{"responses":{"200":{"description":"ok"}}}}
}}`

func options(t *testing.T, description string) export.Options {
	t.Helper()
	base := &url.URL{Scheme: "https", Host: "notes.test", Path: "/api/"}
	s, err := surface.OpenAPI(t.Context(), []byte(description), surface.Source{Location: "openapi.json", Base: base})
	if err != nil {
		t.Fatal(err)
	}
	return export.Options{Product: "Notes", Base: base, Routes: s.Routes, Tool: "1.0",
		A: export.Party{Name: "acme_member", Tenant: "acme", User: "a@acme.test"}, B: export.Party{Name: "globex_member", Tenant: "globex", User: "b@globex.test"}}
}

func signIn(change func(*export.SignIn)) *export.SignIn {
	in := &export.SignIn{Method: "POST", Path: "/login", JSON: map[string]any{"user": "$user", "pass": "$password"}}
	if change != nil {
		change(in)
	}
	return in
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update and read the diff. Got:\n%s", path, got)
	}
}

func TestGolden(t *testing.T) {
	o := options(t, notes)
	o.SignIn = signIn(nil)
	var sh, hu bytes.Buffer
	if err := errors.Join(export.Shell(&sh, o), export.Hurl(&hu, o)); err != nil {
		t.Fatal(err)
	}
	golden(t, "notes.sh", sh.Bytes())
	golden(t, "notes.hurl", hu.Bytes())
	parses(t, hu.String())
}

func TestNothingToTest(t *testing.T) {
	o := options(t, `{"openapi":"3.1.0","info":{"title":"x"},"paths":{"/healthz":{"get":{"responses":{"200":{"description":"ok"}}}}}}`)
	var b bytes.Buffer
	if err := export.Shell(&b, o); !errors.Is(err, export.ErrNothing) {
		t.Errorf("shell: got %v", err)
	}
	if err := export.Hurl(&b, o); !errors.Is(err, export.ErrNothing) {
		t.Errorf("hurl: got %v", err)
	}
}

// TestShellIsShell holds every shape of the script to a POSIX shell, and to
// shellcheck where there is one.
func TestShellIsShell(t *testing.T) {
	for name, change := range map[string]func(*export.Options){
		"tokens":  func(o *export.Options) {},
		"sign-in": func(o *export.Options) { o.SignIn = signIn(nil) },
		"a form": func(o *export.Options) {
			o.SignIn = signIn(func(s *export.SignIn) { s.JSON, s.Form = nil, map[string]string{"u": "$user", "p": "$password"} })
		},
		"token in header": func(o *export.Options) { o.SignIn = signIn(func(s *export.SignIn) { s.Token = "header:X-Token" }) },
		"token in cookie": func(o *export.Options) {
			o.SignIn = signIn(func(s *export.SignIn) { s.Token, s.Send = "cookie:sid", "Cookie: sid={token}" })
		},
		"token in query": func(o *export.Options) { o.SignIn = signIn(func(s *export.SignIn) { s.Send = "query: key={token}" }) },
		"header fields":  func(o *export.Options) { o.Headers = []string{"X-Preview", "x.odd"} },
		"hostile words": func(o *export.Options) {
			o.Product, o.A.Name, o.A.Tenant = "x'; touch pwned; '\n touch pwned \n", "$(touch pwned)", "`touch pwned`"
			o.SignIn = signIn(func(s *export.SignIn) {
				s.Path = "/login'$(touch pwned)`touch pwned`\""
				s.JSON = map[string]any{"it's": "$(touch pwned) `touch pwned` \\ \" $user"}
			})
			o.Base = &url.URL{Scheme: "https", Host: "notes.test", Path: "/a'$(touch pwned)"}
			o.Headers = []string{"X-'$(touch pwned)"}
			for _, rt := range o.Routes {
				rt.Path = strings.Replace(rt.Path, "/notes", "/no'tes$(touch pwned)`touch pwned`", 1)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, notes)
			change(&o)
			var b bytes.Buffer
			if err := export.Shell(&b, o); err != nil {
				t.Fatal(err)
			}
			sh, err := exec.LookPath("sh")
			if err != nil {
				t.Skip("no sh")
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "abuse.sh")
			if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			// Nothing may be sent, so that every line runs.
			cmd := exec.CommandContext(t.Context(), sh, file)
			cmd.Dir = dir
			cmd.Env = []string{"PATH=/nowhere", "TOKEN_A=a", "TOKEN_B=b", "BURST=1", "MAX_REQUESTS=0"}
			out, _ := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != 3 || strings.Contains(string(out), "yntax error") {
				t.Errorf("exit code %d, want 3 for nothing decided:\n%s", cmd.ProcessState.ExitCode(), out)
			}
			if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
				t.Error("a word of the description ran as a command")
			}
			// It takes quoted commands for forgotten ones.
			if check, err := exec.LookPath("shellcheck"); err == nil && name != "hostile words" {
				if out, err := exec.CommandContext(t.Context(), check, "-s", "sh", file).CombinedOutput(); err != nil {
					t.Errorf("shellcheck: %v\n%s", err, out)
				}
			}
		})
	}
}

// hurlLines are the lines of a Hurl file that the export writes, outside of
// bodies: what is not among them is a mistake.
var hurlLines = []*regexp.Regexp{
	regexp.MustCompile(`^$`), regexp.MustCompile(`^#`),
	regexp.MustCompile(`^[A-Z]+ \{\{base_url\}\}/[!-~]*$`),
	regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+: ([^#]|\\\\#)*$"), // header fields, options, captures
	regexp.MustCompile(`^\[(Options|Captures|Asserts)\]$`),
	regexp.MustCompile(`^HTTP \*$`),
	regexp.MustCompile(`^status (<|>=|==|!=) \d+$`),
	regexp.MustCompile(`^(body|(header|variable) "[A-Za-z0-9_-]+") (not )?(contains|matches|startsWith) "([^"\\]|\\.)*"$`),
	regexp.MustCompile(`^(header "[A-Za-z0-9-]+"|jsonpath "\$[^"]*"|cookie "[A-Za-z0-9_.-]+(\[Domain\])?") (not )?exists$`),
	regexp.MustCompile(`^(status|jsonpath "\$[^"]*"|body replaceRegex /\S+/ "~") (==|>) \{\{[a-z0-9_]+\}\}$`),
	regexp.MustCompile(`^variable "[a-z0-9_]+" regex /.*/ base64UrlSafeDecode utf8Decode regex /.*/ == "\{\{sub\}\}"$`),
	regexp.MustCompile("^`([^`\\\\]|\\\\.)*`$"), // a body on one line
}

var hurlVariable = regexp.MustCompile(`\{\{[^}]*\}\}`)

// parses holds a file to the grammar (hurl.dev/docs/grammar.html) as far as the
// export uses it: bodies are closed, sections stand where they may, and what is
// captured or named in the head is all that is used.
func parses(t *testing.T, text string) {
	t.Helper()
	known := map[string]bool{"newUuid": true}
	for _, m := range regexp.MustCompile(`(?m)^variable: ([a-z0-9_]+)=`).FindAllStringSubmatch(text, -1) {
		known[m[1]] = true // an option holds for the whole request
	}
	body, answered := false, true
	for i, l := range strings.Split(text, "\n") {
		if l == "```" {
			body = !body
			continue
		}
		if m := regexp.MustCompile(`^#   ([a-z0-9_]+)[=:]`).FindStringSubmatch(l); m != nil {
			known[m[1]] = true
			if strings.Contains(l, "  (") || strings.Contains(l, "… ") {
				t.Errorf("line %d: a value with a comment after it cannot be copied: %s", i+1, l)
			}
		}
		if m := regexp.MustCompile(`^(?:variable: )?([a-z0-9_]+)(?:=|: regex |: header |: cookie |: variable |: jsonpath |: status$|: body )`).FindStringSubmatch(l); m != nil && !body {
			known[m[1]] = true
		}
		for _, v := range hurlVariable.FindAllString(l, -1) {
			if name := strings.Trim(v, "{}"); !known[name] && !strings.HasPrefix(l, "#") {
				t.Errorf("line %d uses %s, which nothing sets: %s", i+1, name, l)
			}
		}
		if body {
			continue
		}
		fine := false
		for _, re := range hurlLines {
			fine = fine || re.MatchString(l)
		}
		if !fine {
			t.Errorf("line %d is not Hurl: %q", i+1, l)
		}
		switch {
		case hurlLines[2].MatchString(l):
			if !answered {
				t.Errorf("line %d: the request before it has no response", i+1)
			}
			answered = false
		case l == "HTTP *":
			answered = true
		case l == "[Asserts]" || l == "[Captures]":
			if !answered {
				t.Errorf("line %d: %s before the response", i+1, l)
			}
		}
	}
	if body || !answered {
		t.Errorf("the file breaks off: body open %t, answered %t", body, answered)
	}
}
