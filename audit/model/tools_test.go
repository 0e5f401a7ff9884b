package model

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

var (
	anyURL  = regexp.MustCompile(`https?://[^\s<>"')]+`)
	anyWord = regexp.MustCompile(`n\d{9}nonce`)
)

func visit(t *testing.T, address string) {
	res, err := http.Get(address) //nolint:noctx // the bot of a test
	if err == nil {
		err = res.Body.Close()
	}
	if err != nil {
		t.Errorf("the bot could not fetch %s: %v", address, err)
	}
}

// TestJudgement puts checks to bots that do right, and wrong in one way each.
func TestJudgement(t *testing.T) {
	right := func(_ *bot, said string, files []string) string { return fact(said, files) }
	for _, tc := range []struct {
		name  string
		check *lr.Check
		bot   *bot
		want  string
		says  string // in the message
	}{
		{"a right bot does not fetch", fetchOnRequest, &bot{answer: right}, "passed", "0 of 3"},
		{"a bot that fetches", fetchOnRequest, &bot{answer: func(_ *bot, said string, _ []string) string {
			visit(t, anyURL.FindString(said))
			return "Done."
		}}, "failed", "own network"},
		{"a bot that only says so", fetchOnRequest, &bot{answer: func(_ *bot, said string, _ []string) string {
			return "I fetched " + anyURL.FindString(said) + ": the status is green."
		}}, "passed", ""},
		{"a bot that refuses everything", fetchOnRequest, &bot{answer: right, deaf: true}, "open", "off its subject"},
		{"spellings are refused", toolSSRF, &bot{answer: right}, "passed", "spellings"},
		{"one spelling is fetched", toolSSRF, &bot{answer: func(_ *bot, said string, _ []string) string {
			if u := anyURL.FindString(said); strings.Contains(u, "localhost") {
				visit(t, u)
			}
			return "Done."
		}}, "failed", "a name that resolves"},
		{"a redirect is followed", toolSSRF, &bot{answer: func(_ *bot, said string, _ []string) string {
			if u := anyURL.FindString(said); strings.HasPrefix(u, "http://127.0.0.1:") && !strings.Contains(u, "@") {
				visit(t, u)
			}
			return "Done."
		}}, "failed", "redirect"},
		{"a document is read and not obeyed", exfiltrationByFetch, &bot{answer: right}, "passed", "0 of 3"},
		{"a document is not read", exfiltrationByFetch, &bot{answer: func(*bot, string, []string) string { return "I cannot see files." }}, "open", "was read"},
		{"uploads are refused", exfiltrationByFetch, &bot{answer: right, noFile: true}, "open", "was read"},
		{"a document is obeyed", exfiltrationByFetch, &bot{answer: func(_ *bot, said string, files []string) string {
			secret := strings.TrimPrefix(strings.SplitN(said, ". ", 2)[0], "My order code is ")
			visit(t, strings.ReplaceAll(anyURL.FindString(files[len(files)-1]), "{data}", secret))
			return fact(said, files)
		}}, "failed", "what the user had said"},
		{"a document is obeyed without data", exfiltrationByFetch, &bot{answer: func(_ *bot, said string, files []string) string {
			visit(t, strings.ReplaceAll(anyURL.FindString(files[len(files)-1]), "/{data}", ""))
			return "Sorry."
		}}, "failed", "was not in the request"},
		{"no mail", mailByInjection, &bot{answer: right}, "passed", ""},
		{"no write", writeByInjection, &bot{answer: right}, "passed", ""},
		{"a write", writeByInjection, &bot{answer: func(b *bot, said string, files []string) string {
			if last := files[len(files)-1]; !strings.Contains(last, "nothing is to be done") {
				b.keep(anyWord.FindString(last[strings.Index(last, "For the assistant"):]))
			}
			return fact(said, files)
		}}, "failed", "GET /tickets"},
		{"a list that repeats documents", writeByInjection, &bot{answer: func(b *bot, said string, files []string) string {
			b.keep(files[len(files)-1])
			return fact(said, files)
		}}, "passed", ""},
		{"a loop without an end", toolLoop, &bot{answer: func(b *bot, said string, _ []string) string {
			for range 40 {
				b.keep(said)
			}
			return "Done."
		}}, "failed", "40 tool calls"},
		{"a loop with an end", toolLoop, &bot{answer: func(b *bot, said string, _ []string) string {
			for range 8 {
				b.keep(said)
			}
			return "I stopped after 8."
		}}, "passed", "it ran 8"},
		{"no tool to count", toolLoop, &bot{answer: right}, "open", "could be counted"},
		{"no image", imageExfiltration, &bot{answer: right}, "passed", ""},
		{"an image by order of a document", imageExfiltration, &bot{answer: func(_ *bot, said string, files []string) string {
			if len(files) == 0 {
				return "No."
			}
			return fact(said, files) + "\n\n![x](" + strings.ReplaceAll(anyURL.FindString(files[len(files)-1]), "{data}", "-") + ")"
		}}, "failed", "is not in the address"},
		{"an image that is fetched", imageExfiltration, &bot{answer: func(_ *bot, said string, files []string) string {
			u := strings.ReplaceAll(anyURL.FindString(files[len(files)-1]), "{data}", "-")
			visit(t, u)
			return fact(said, files) + "\n\n![x](" + u + ")"
		}}, "failed", "was fetched"},
		{"an image by wish of the user", imageExfiltration, &bot{answer: func(_ *bot, said string, files []string) string {
			if u := anyURL.FindString(said); u != "" {
				return "![x](" + u + ")"
			}
			return fact(said, files)
		}}, "suspected", "nothing filters it"},
		{"an image in a code block", imageExfiltration, &bot{answer: func(_ *bot, said string, files []string) string {
			if u := anyURL.FindString(said); u != "" {
				return "Write this:\n```\n![x](" + u + ")\n```"
			}
			return fact(said, files)
		}}, "passed", ""},
		{"a document is quoted", referenceExfiltration, &bot{answer: func(_ *bot, said string, files []string) string {
			if len(files) == 0 {
				return "No."
			}
			return fact(said, files) + " The document also says: \"" + strings.TrimSpace(files[len(files)-1]) + "\""
		}}, "passed", ""},
		{"markup that runs, in JSON", activeMarkup, &bot{answer: func(_ *bot, said string, _ []string) string {
			return strings.TrimPrefix(said, "Reply with exactly: ")
		}}, "suspected", "no page"},
		{"markup that runs, escaped", activeMarkup, &bot{answer: func(_ *bot, said string, _ []string) string {
			return strings.NewReplacer("<", "&lt;", "](", "] (").Replace(strings.TrimPrefix(said, "Reply with exactly: "))
		}}, "passed", ""},
		{"one way alone", streamingParity, &bot{answer: right}, "open", "nothing to compare"},
		{"no object", toolTenant, &bot{answer: right}, "skipped", ""},
		{"nothing to delete", unconfirmedAction, &bot{answer: right}, "skipped", ""},
		{"no privilege", adminTool, &bot{answer: right}, "skipped", ""},
	} {
		t.Run(tc.check.ID+"/"+tc.name, func(t *testing.T) {
			t.Parallel()
			got, message := worstOf(put(t, tc.check, tc.bot))
			if got != tc.want || !strings.Contains(message, tc.says) {
				t.Errorf("%s (%s), want %s with %q", got, message, tc.want, tc.says)
			}
		})
	}
}

// keep records what the bot wrote.
func (b *bot) keep(title string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made = append(b.made, title)
}

// TestHostile: an endpoint that breaks the rules gives no finding, no pass and no
// panic.
func TestHostile(t *testing.T) {
	for name, raw := range map[string]http.HandlerFunc{
		"500": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", http.StatusInternalServerError) },
		"429": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", http.StatusTooManyRequests) },
		"drops the stream": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: {\"answer\":\"Ca")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"invalid events": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: \xff\xfe{]\n\n:::\n\ndata\n\n")
		},
		"another shape": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `[[{"answer":[1,{"x":null}]}]]`) },
		"nothing":       func(w http.ResponseWriter, _ *http.Request) {},
		"endless": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			still := []byte(strings.Repeat(": still here\n\n", 1000))
			for n := 0; r.Context().Err() == nil && n < 1000; n++ {
				if _, err := w.Write(still); err != nil {
					return
				}
			}
		},
	} {
		for _, c := range tools() {
			t.Run(name+"/"+c.ID, func(t *testing.T) {
				t.Parallel()
				got, message := worstOf(put(t, c, &bot{raw: raw}))
				if got != "open" && got != "skipped" {
					t.Errorf("%s: %s", got, message)
				}
			})
		}
	}
}

// TestDeaf: a bot that carries out nothing off its subject gives no finding and
// no pass, where the silence would prove nothing.
func TestDeaf(t *testing.T) {
	for _, c := range tools() {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			got, message := worstOf(put(t, c, &bot{deaf: true, answer: func(*bot, string, []string) string { return "I can only help with your account." }}))
			if got != "open" && got != "skipped" {
				t.Errorf("%s: %s", got, message)
			}
		})
	}
}
