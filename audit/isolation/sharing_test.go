package isolation

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	lr "github.com/launchready/launchready"
)

// shares serves share links of notes: token makes one for a note, gone says
// whether a withdrawn one still opens.
func shares(a *app, token func(id string, n int) string, survives bool) {
	a.crud("notes")
	links := map[string]string{}
	n := 0
	a.on("POST /notes/{id}/share", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if a.find("notes", r.PathValue("id"), tenant) == nil {
			missing(w)
			return
		}
		a.mu.Lock()
		n++
		tok := token(r.PathValue("id"), n)
		links[tok] = r.PathValue("id")
		a.mu.Unlock()
		reply(w, 201, row{"token": tok, "url": "/shared/" + tok})
	}))
	a.on("DELETE /notes/{id}/share", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if a.find("notes", r.PathValue("id"), tenant) == nil {
			missing(w)
			return
		}
		if !survives {
			a.mu.Lock()
			for tok, id := range links {
				if id == r.PathValue("id") {
					delete(links, tok)
				}
			}
			a.mu.Unlock()
		}
		w.WriteHeader(204)
	}))
	a.on("GET /shared/{share_token}", func(w http.ResponseWriter, r *http.Request, _ string) {
		a.mu.Lock()
		id := links[r.PathValue("share_token")]
		a.mu.Unlock()
		if v := a.find("notes", id, "*"); v != nil {
			reply(w, 200, row{"title": v["title"]})
			return
		}
		missing(w)
	})
}

func randomToken(_ string, n int) string {
	return fmt.Sprintf("sh%08x%08xqz", uint32(n)*2654435761, uint32(n+31)*2246822519)
}

func TestShareLink(t *testing.T) {
	const share = "POST /notes/{id}/share"
	cases(t, shareLink, []testCase{
		{"safe", func(a *app) { shares(a, randomToken, false) }, want{passes: []string{share}}},
		{"it outlives its withdrawal", func(a *app) { shares(a, randomToken, true) }, want{fails: []string{share}}},
		{"the id in place of the token", func(a *app) {
			shares(a, randomToken, false)
			inner := a.handles["GET /shared/{share_token}"]
			a.on("GET /shared/{share_token}", func(w http.ResponseWriter, r *http.Request, tenant string) {
				if v := a.find("notes", r.PathValue("share_token"), "*"); v != nil {
					reply(w, 200, v)
					return
				}
				inner(w, r, tenant)
			})
		}, want{fails: []string{share}}},
		{"a token made of the id, and never looked up", func(a *app) {
			made := func(id string, _ int) string { h := md5.Sum([]byte(id)); return hex.EncodeToString(h[:]) }
			shares(a, made, false)
			a.on("GET /shared/{share_token}", func(w http.ResponseWriter, r *http.Request, _ string) {
				for _, v := range a.list("notes", nil) {
					if made(text(v["id"]), 0) == r.PathValue("share_token") {
						reply(w, 200, v)
						return
					}
				}
				missing(w)
			})
		}, want{fails: []string{share}}},
		{"a token made of the id, that is looked up", func(a *app) {
			shares(a, func(id string, _ int) string { h := md5.Sum([]byte(id)); return hex.EncodeToString(h[:]) }, false)
		}, want{passes: []string{share}}},
		{"a link that does not open", func(a *app) {
			shares(a, randomToken, false)
			a.on("GET /shared/{share_token}", func(w http.ResponseWriter, _ *http.Request, _ string) { missing(w) })
		}, want{open: []string{share}}},
		{"nothing is shared", func(a *app) { a.crud("notes") }, want{skipped: true}},
	})
}

// download serves the bytes of files. open lets any tenant have them; signed
// links bind the file when bound is set.
func download(a *app, open, bound bool) {
	a.on(`POST /files {"name":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		reply(w, 201, a.add("files", tenant, row{"name": body(r)["name"]}))
	}))
	give := func(w http.ResponseWriter, v row) {
		if v == nil {
			missing(w)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		fmt.Fprintf(w, "%%PDF %s", v["name"])
	}
	a.on("GET /files/{id}/content", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if open {
			tenant = "*"
		}
		give(w, a.find("files", r.PathValue("id"), tenant))
	}))
	sign := func(id string) string {
		if !bound {
			id = "any"
		}
		h := md5.Sum([]byte("key" + id))
		return hex.EncodeToString(h[:])
	}
	a.on("POST /files/{id}/link", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if a.find("files", r.PathValue("id"), tenant) == nil {
			missing(w)
			return
		}
		reply(w, 200, row{"url": "/download/" + r.PathValue("id") + "?sig=" + sign(r.PathValue("id"))})
	}))
	a.on("GET /download/{id}?sig=x", func(w http.ResponseWriter, r *http.Request, _ string) {
		if r.URL.Query().Get("sig") != sign(r.PathValue("id")) {
			reply(w, 403, row{"error": "bad signature"})
			return
		}
		give(w, a.find("files", r.PathValue("id"), "*"))
	})
}

func TestFileDownload(t *testing.T) {
	// signedIn has links open for who signed in alone.
	signedIn := func(a *app, bound bool) {
		download(a, false, bound)
		const route = "GET /download/{id}"
		a.handles[route] = private(a.handles[route])
	}
	const content, link = "GET /files/{id}/content", "POST /files/{id}/link"
	cases(t, fileDownload, []testCase{
		{"safe", func(a *app) { download(a, false, true) }, want{passes: []string{content, link}}},
		{"bytes of any tenant", func(a *app) { download(a, true, true) }, want{fails: []string{content}, passes: []string{link}}},
		{"a signature that names no file", func(a *app) { download(a, false, false) }, want{fails: []string{link}, passes: []string{content}}},
		{"links that want a credential", func(a *app) { signedIn(a, true) }, want{passes: []string{content, link}}},
		{"such whose signature names no file", func(a *app) { signedIn(a, false) }, want{fails: []string{link}, passes: []string{content}}},
		{"a link that opens nothing", func(a *app) {
			download(a, false, true)
			a.handles["GET /download/{id}"] = func(w http.ResponseWriter, _ *http.Request, _ string) { missing(w) }
		}, want{open: []string{link}, passes: []string{content}}},
		{"no files", func(a *app) { a.crud("notes") }, want{skipped: true}},
	})
}

func TestStreamLeak(t *testing.T) {
	const stream = "GET /notes/{id}/stream"
	serve := func(whose func(tenant string) string) func(*app) {
		return func(a *app) {
			a.crud("notes")
			a.on(stream, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				v := a.find("notes", r.PathValue("id"), whose(tenant))
				if v == nil {
					missing(w)
					return
				}
				w.Header().Set("Content-Type", "text/event-stream")
				title := text(v["title"])
				// In pieces, as tokens come.
				fmt.Fprintf(w, "data: {\"t\":%q}\n\ndata: {\"t\":%q}\n\n", title[:len(title)/2], title[len(title)/2:])
			}))
		}
	}
	cases(t, streamLeak, []testCase{
		{"safe", serve(func(tenant string) string { return tenant }), want{passes: []string{stream}}},
		{"of any tenant, in pieces", serve(func(string) string { return "*" }), want{fails: []string{stream}}},
		{"an empty stream", func(a *app) {
			a.crud("notes")
			a.on(stream, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				w.Header().Set("Content-Type", "text/event-stream")
				if v := a.find("notes", r.PathValue("id"), tenant); v != nil {
					fmt.Fprintf(w, "data: %s\n\n", v["title"])
				}
				fmt.Fprint(w, "data: [DONE]\n\n")
			}))
		}, want{passes: []string{stream}}},
		{"no stream", func(a *app) { a.crud("notes") }, want{skipped: true}},
	})
}

// socket serves a WebSocket that answers a message by deliver.
func socket(a *app, path string, deliver func(r *http.Request, tenant string, message row) any) {
	a.crud("chats")
	a.on("WS "+path, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(1 << 16)
		ctx := r.Context()
		if v := deliver(r, tenant, nil); v != nil {
			_ = c.Write(ctx, websocket.MessageText, []byte(fmt.Sprint(v))) // a caller that left hears nothing
		}
		for {
			_, data, err := c.Read(ctx)
			if err != nil {
				return
			}
			v := deliver(r, tenant, parse(data))
			if v == nil {
				v = `{"error":"unknown message"}`
			}
			if c.Write(ctx, websocket.MessageText, []byte(fmt.Sprint(v))) != nil {
				return
			}
		}
	}))
}

func TestWebsocketLeak(t *testing.T) {
	t.Parallel()
	if socketPatience > time.Second {
		t.Fatalf("a socket is listened to for %v", socketPatience)
	}
	subscribe := func(whose func(string) string) func(*app) {
		return func(a *app) {
			socket(a, "/ws", func(_ *http.Request, tenant string, m row) any {
				if m["action"] != "subscribe" {
					return nil
				}
				if v := a.find("chats", text(m["conversation_id"]), whose(tenant)); v != nil {
					return v["title"]
				}
				return nil
			})
		}
	}
	own := func(tenant string) string { return tenant }
	anyone := func(string) string { return "*" }
	byPath := func(whose func(string) string) func(*app) {
		return func(a *app) {
			socket(a, "/chats/{chat_id}/ws", func(r *http.Request, tenant string, m row) any {
				if v := a.find("chats", r.PathValue("chat_id"), whose(tenant)); v != nil && m == nil {
					return v["title"]
				}
				return nil
			})
		}
	}
	cases(t, websocketLeak, []testCase{
		{"safe", subscribe(own), want{passes: []string{"GET /ws"}}},
		{"any chat by its id", subscribe(anyone), want{fails: []string{"GET /ws"}}},
		{"safe, by path", byPath(own), want{passes: []string{"GET /chats/{chat_id}/ws"}}},
		{"any chat by its path", byPath(anyone), want{fails: []string{"GET /chats/{chat_id}/ws"}}},
		{"a socket that speaks of nothing known", func(a *app) {
			socket(a, "/ws", func(*http.Request, string, row) any { return `{"type":"welcome"}` })
		}, want{open: []string{"GET /ws"}}},
		{"a socket that is asked too fast at first", func(a *app) {
			var asked atomic.Int32
			socket(a, "/ws", func(_ *http.Request, tenant string, m row) any {
				if m != nil && int(asked.Add(1)) <= len(subscriptions(&lr.Object{})) {
					return `{"type":"error","status":429}`
				}
				if v := a.find("chats", text(m["conversation_id"]), tenant); v != nil {
					return v["title"]
				}
				return nil
			})
		}, want{passes: []string{"GET /ws"}}},
		{"no socket", func(a *app) { a.crud("chats") }, want{skipped: true}},
	})
}
