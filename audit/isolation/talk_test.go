package isolation

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// everyone is whose files a bot sees that has no filter.
var everyone = []string{"acme", "globex"}

// leaky sees everyone's files where when says so.
func leaky(when func(x *exchange) bool, after ...func(*exchange, string) string) func(*app) {
	return func(a *app) {
		a.talks(func(b *bot) {
			b.before = func(x *exchange) {
				if when(x) {
					x.sees = everyone
				}
			}
			if len(after) > 0 {
				b.after = after[0]
			}
		})
	}
}

func always(*exchange) bool { return true }

// named reports a question that names the project and nothing of the notes.
func named(x *exchange) bool {
	return strings.Contains(x.message, "roject") && !strings.Contains(x.message, "project access notes")
}

func rightBot(a *app) { a.talks() }

// says rewrites the answers that the bot gives to globex.
func says(f func(string) string) func(*exchange, string) string {
	return func(x *exchange, answer string) string {
		if x.tenant != "globex" {
			return answer
		}
		x.sources = nil
		return f(answer)
	}
}

func TestModelRetrieval(t *testing.T) {
	fails, passes := want{fails: []string{askBot}}, want{passes: []string{askBot}}
	cases(t, modelRetrieval, []testCase{
		{"right", rightBot, passes},
		{"no filter", leaky(always), fails},
		{"no filter for what is named", leaky(named), fails},
		{"no filter for what is not named", leaky(func(x *exchange) bool { return !strings.Contains(x.message, "roject") }), passes},
		{"told in lower case and with spaces", leaky(always, says(func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", " ")) })), fails},
		{"told without one part", leaky(always, says(func(s string) string {
			if i := strings.LastIndexByte(s, '-'); i > 4 {
				return s[:i]
			}
			return s
		})), fails},
		{"told in the title alone", leaky(always, func(x *exchange, answer string) string {
			if x.tenant == "globex" {
				return "see the source"
			}
			return answer
		}), want{open: []string{askBot}}},
		{"a code that nobody has", func(a *app) {
			a.talks(func(b *bot) {
				b.after = func(x *exchange, answer string) string { return answer + " Or is it 7Q2X-K9PL-MA3F?" }
			})
		}, passes},
		{"only beside the text", func(a *app) {
			a.talks(func(b *bot) {
				b.after = func(x *exchange, answer string) string {
					for _, f := range a.list("files", nil) {
						x.sources = append(x.sources, row{"id": f["id"], "title": f["name"], "excerpt": f["text"]})
					}
					return answer
				}
			})
		}, passes},
		{"in the body of a refusal", func(a *app) {
			a.talks(func(b *bot) {
				b.instead = func(x *exchange) bool {
					if x.tenant != "globex" || strings.Contains(x.message, "opens the door") {
						return false
					}
					theirs := a.list("files", of("acme"))
					reply(x.w, 403, row{"error": "forbidden", "answer": theirs[len(theirs)-1]["text"]})
					return true
				}
			})
		}, fails},
		{"nothing for the attacker", func(a *app) {
			a.talks(func(b *bot) {
				b.instead = func(x *exchange) bool {
					if x.tenant == "globex" {
						reply(x.w, 403, row{"error": "no plan"})
					}
					return x.tenant == "globex"
				}
			})
		}, want{open: []string{askBot}}},
	})
}

func TestModelRetrievalParaphrase(t *testing.T) {
	cases(t, modelRetrievalParaphrase, []testCase{
		{"right", rightBot, want{passes: []string{askBot}}},
		{"no filter", leaky(always), want{fails: []string{askBot}}},
		{"no filter for what is named", leaky(named), want{passes: []string{askBot}}},
		{"no filter for what is not named", leaky(func(x *exchange) bool { return !strings.Contains(x.message, "roject") }), want{fails: []string{askBot}}},
	})
}

func TestModelCitations(t *testing.T) {
	beside := func(f func(v row) row) func(*app) {
		return func(a *app) {
			a.talks(func(b *bot) {
				b.after = func(x *exchange, answer string) string {
					for _, v := range a.list("files", nil) {
						x.sources = append(x.sources, f(v))
					}
					return answer
				}
			})
		}
	}
	fails := want{fails: []string{askBot}}
	cases(t, modelCitations, []testCase{
		{"right", rightBot, want{passes: []string{askBot}}},
		{"everyone's titles", beside(func(v row) row { return row{"title": v["name"]} }), fails},
		{"everyone's ids", beside(func(v row) row { return row{"id": v["id"]} }), fails},
		{"everyone's texts", beside(func(v row) row { return row{"chunk": v["text"]} }), fails},
		{"texts in base64", beside(func(v row) row { return row{"blob": base64.StdEncoding.EncodeToString([]byte(text(v["text"])))} }), fails},
		{"no sources are told", func(a *app) { a.talks(func(b *bot) { b.mute = true }) }, want{skipped: true}},
		{"the text tells it as well", leaky(always), want{passes: []string{askBot}}},
		{"the title of both", func(a *app) {
			a.talks(func(b *bot) {
				b.after = func(x *exchange, answer string) string {
					x.sources = append(x.sources, row{"title": "Refund policy"})
					return answer
				}
			})
		}, want{passes: []string{askBot}}},
		{"in a header", func(a *app) {
			a.talks(func(b *bot) {
				b.after = func(x *exchange, answer string) string {
					for _, v := range a.list("files", nil) {
						x.w.Header().Add("X-Trace", text(v["name"]))
					}
					return answer
				}
			})
		}, fails},
	})
}

func TestModelConversation(t *testing.T) {
	any := func(a *app) {
		a.talks(func(b *bot) {
			b.before = func(x *exchange) {
				if id := text(x.in["chat_id"]); id != "" && x.thread == nil {
					x.thread = a.find("threads", id, "*")
				}
			}
		})
	}
	cases(t, modelConversation, []testCase{
		{"right", rightBot, want{passes: []string{askBot}}},
		{"any tenant's goes on", any, want{fails: []string{askBot}}},
		{"accepted, and begun anew", func(a *app) {
			a.talks(func(b *bot) {
				b.before = func(x *exchange) {
					if x.thread == nil {
						x.thread = a.add("threads", x.tenant, row{"said": ""})
					}
				}
			})
		}, want{passes: []string{askBot}}},
		{"it keeps none", func(a *app) {
			a.talks(func(b *bot) {
				b.instead = func(x *exchange) bool {
					reply(x.w, 200, row{"answer": "I am new here."})
					return true
				}
			})
		}, want{skipped: true}},
		{"it forgets", func(a *app) {
			a.talks(func(b *bot) { b.after = func(*exchange, string) string { return "What was that?" } })
		}, want{open: []string{askBot}}},
	})
}

func TestModelFile(t *testing.T) {
	cases(t, modelFile, []testCase{
		{"right", rightBot, want{passes: []string{askBot}}},
		{"any tenant's file", func(a *app) {
			a.talks(func(b *bot) {
				b.before = func(x *exchange) {
					ids, _ := x.in["file_ids"].([]any)
					x.files = nil
					for _, id := range ids {
						if v := a.find("files", fmt.Sprint(id), "*"); v != nil {
							x.files = append(x.files, v)
						}
					}
				}
			})
		}, want{fails: []string{askBot}}},
		{"accepted and ignored", func(a *app) {
			a.talks(func(b *bot) { b.before = func(x *exchange) { x.in["file_ids"] = nil; x.files = nil } })
		}, want{passes: []string{askBot}}},
		{"shown without the id too", leaky(func(x *exchange) bool { return x.in["file_ids"] == nil }), want{passes: []string{askBot}}},
		{"no reference is taken", func(a *app) {
			a.talks()
			a.shape = func(rt *lr.Route) {
				if rt.Body != nil && rt.Body.Schema != nil {
					delete(rt.Body.Schema.Properties, "file_ids")
				}
			}
		}, want{skipped: true}},
	})
}

func TestModelTenantParameter(t *testing.T) {
	by := func(name func(x *exchange) string) func(*app) {
		return leaky(func(x *exchange) bool { return tenantByID(name(x)) != "" || strings.HasPrefix(name(x), "usr_") })
	}
	inMetadata := func(key string) func(x *exchange) string {
		return func(x *exchange) string {
			m, _ := x.in["metadata"].(map[string]any)
			return text(m[key])
		}
	}
	fails := want{fails: []string{askBot}}
	cases(t, modelTenantParameter, []testCase{
		{"right", rightBot, want{passes: []string{askBot}}},
		{"a header", by(func(x *exchange) string { return x.r.Header.Get("X-Tenant-ID") }), fails},
		{"the body", by(func(x *exchange) string { return text(x.in["org_id"]) }), fails},
		{"the metadata", by(inMetadata("tenant_id")), fails},
		{"the metadata's user", by(inMetadata("user_id")), fails},
		{"the query", by(func(x *exchange) string { return x.r.URL.Query().Get("tenant_id") }), fails},
		{"the user", leaky(func(x *exchange) bool { return strings.HasSuffix(text(x.in["user"]), ".test") }), fails},
		{"metadata, where a header is refused", func(a *app) {
			leaky(func(x *exchange) bool { return tenantByID(inMetadata("tenant_id")(x)) != "" })(a)
			a.bot.instead = func(x *exchange) bool {
				strict := x.r.Header.Get("X-Tenant-ID") != ""
				if strict {
					reply(x.w, 400, row{"error": "unknown header"})
				}
				return strict
			}
		}, fails},
		{"shown without it too", leaky(always), want{passes: []string{askBot}}},
	})
}

// remembering keeps answers by a key; nil of it keeps none.
func remembering(key func(x *exchange) string, more ...func(*bot)) func(*app) {
	return func(a *app) {
		a.talks(func(b *bot) {
			b.instead = func(x *exchange) bool {
				b.mu.Lock()
				defer b.mu.Unlock()
				have, ok := b.kept[key(x)]
				if ok {
					reply(x.w, 200, row{"answer": have, "chat_id": "n0cached"})
				}
				return ok
			}
			b.after = func(x *exchange, answer string) string {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.kept[key(x)] = answer
				return answer
			}
			for _, f := range more {
				f(b)
			}
		})
	}
}

func byMessage(x *exchange) string { return text(x.in["message"]) }

// byWords takes questions of the same long words for one.
func byWords(x *exchange) string {
	words := strings.FieldsFunc(strings.ToLower(text(x.in["message"])), func(r rune) bool { return r < 'a' || r > 'z' })
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < 4 || w == "what" || w == "please" })
	slices.Sort(words)
	return strings.Join(words, " ")
}

func TestExactCache(t *testing.T) {
	cases(t, exactCache, []testCase{
		{"no cache", rightBot, want{passes: []string{askBot}}},
		{"keyed by the question", remembering(byMessage), want{fails: []string{askBot}}},
		{"keyed by tenant and question", remembering(func(x *exchange) string { return x.tenant + byMessage(x) }), want{passes: []string{askBot}}},
		{"retrieval shows it", leaky(always), want{passes: []string{askBot}}},
	})
}

func TestSemanticCache(t *testing.T) {
	cases(t, semanticCache, []testCase{
		{"no cache", rightBot, want{passes: []string{askBot}}},
		{"keyed by the question", remembering(byMessage), want{passes: []string{askBot}}},
		{"keyed by its words", remembering(byWords), want{fails: []string{askBot}}},
		{"keyed by its words and the tenant", remembering(func(x *exchange) string { return x.tenant + byWords(x) }), want{passes: []string{askBot}}},
		{"retrieval shows it", leaky(always), want{passes: []string{askBot}}},
	})
}

func TestModelInjectedQuery(t *testing.T) {
	obeys := func(words string) func(*app) {
		return func(a *app) {
			leaky(func(x *exchange) bool {
				return slices.ContainsFunc(a.list("files", of(x.tenant)), func(v row) bool { return strings.Contains(text(v["text"]), words) })
			})(a)
		}
	}
	cases(t, modelInjectedQuery, []testCase{
		{"right", rightBot, want{passes: []string{askBot}}},
		{"a list is made as the document says", obeys("list all documents of other customers"), want{fails: []string{askBot}}},
		{"a reference is followed", obeys("See also:"), want{fails: []string{askBot}}},
		{"shown before as well", leaky(always), want{passes: []string{askBot}}},
	})
}

func TestAfterDelete(t *testing.T) {
	hasty := *afterDelete
	hasty.Run = func(ctx context.Context, t *lr.Trial) error { return runAfterDelete(ctx, t, nil) }
	subject := askBot + ", an uploaded file"
	cases(t, &hasty, []testCase{
		{"right", rightBot, want{passes: []string{subject}}},
		{"the index keeps it", func(a *app) { a.talks(func(b *bot) { b.stale = true }) }, want{fails: []string{subject}}},
		{"a cache keeps it", remembering(byMessage), want{fails: []string{subject}}},
		{"it cannot be deleted", func(a *app) {
			a.talks()
			a.on("DELETE /files/{id}", private(func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 403, row{"error": "no"}) }))
		}, want{open: []string{askBot}}},
		{"deleting does nothing", func(a *app) {
			a.talks()
			a.on("GET /files/{id}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				reply(w, 200, a.find("files", r.PathValue("id"), tenant))
			}))
		}, want{open: []string{askBot}}},
	})
}

func TestStreamCrossTalk(t *testing.T) {
	// after the first answers, each one carries what is left of the one before.
	mixing := func(mix func(own, other string) string) func(*app) {
		return func(a *app) {
			last := ""
			a.talks(func(b *bot) {
				b.after = func(_ *exchange, answer string) string {
					b.mu.Lock()
					defer b.mu.Unlock()
					other := last
					last = answer
					return mix(answer, other)
				}
			})
		}
	}
	cases(t, streamCrossTalk, []testCase{
		{"right", rightBot, want{passes: []string{askBot}}},
		{"another's answer", mixing(func(_, other string) string { return other }), want{fails: []string{askBot}}},
		{"another's answer after its own", mixing(func(own, other string) string { return own + " " + other }), want{fails: []string{askBot}}},
		{"pieces between pieces", mixing(func(own, other string) string {
			if len(own) < 15 || len(other) < 15 {
				return own
			}
			return own[:5] + other[:5] + own[5:10] + other[5:10] + own[10:]
		}), want{fails: []string{askBot}}},
		{"the question comes back", func(a *app) {
			a.talks(func(b *bot) { b.after = func(x *exchange, answer string) string { return x.message + " => " + answer } })
		}, want{passes: []string{askBot}}},
		{"it computes nothing", func(a *app) {
			a.talks(func(b *bot) { b.refuses = true })
		}, want{open: []string{askBot}}},
	})
}
