package model_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/kill"
	"github.com/launchready/launchready/guard/model"
)

// TestOff: what is switched off is refused before the provider is asked, and a tool does
// not exist for the model any more.
func TestOff(t *testing.T) {
	b := &kill.Board{}
	s := newStand(t, func(o *model.Options) { o.Kill = b })
	for _, path := range paths() {
		for name, c := range map[string]struct {
			off  kill.Switches
			asks bool
		}{
			"everything":        {kill.Switches{All: true}, false},
			"the tenant":        {kill.Switches{Tenants: []string{"acme"}}, false},
			"another tenant":    {kill.Switches{Tenants: []string{"other"}}, true},
			"both providers":    {kill.Switches{Providers: []string{"openai", "anthropic"}}, false},
			"none that is here": {kill.Switches{Providers: []string{"mistral"}, Tools: []string{"acme"}, Routes: []string{path}}, true},
		} {
			b.Set(c.off)
			s.fake.says("application/json", completion(path, false, []string{"Hello."}, nil))
			s.fake.forget()
			status, body, h := s.post(path, question(path, false, "x", "Hi"))
			if want := map[bool]int{true: 200, false: 503}[c.asks]; status != want || (s.fake.last() != "") != c.asks || !c.asks && (h.Get("Retry-After") == "" || hear(t, path, body).Error == "") {
				t.Errorf("%s %s: %d %s", path, name, status, body)
			}
		}
		b.Set(kill.Switches{Tools: []string{"search"}})
		for _, stream := range []bool{false, true} {
			s.fake.says(map[bool]string{true: "text/event-stream", false: "application/json"}[stream], completion(path, stream, []string{"Ok. "}, []tool{{"search", `{"q":"a"}`}}))
			_, body, _ := s.post(path, question(path, stream, "x", "Hi"))
			if h := hear(t, path, body); len(h.Calls) > 0 || !strings.Contains(h.Text, "not allowed") {
				t.Errorf("%s: the call goes on: %+v", path, h)
			}
			_, offers, _ := strings.Cut(s.fake.last(), `"tools":`)
			if offers, _, _ = strings.Cut(offers, "]"); strings.Contains(offers, `"search"`) || !strings.Contains(offers, `"lookup"`) {
				t.Errorf("%s: the model is offered %s", path, offers)
			}
		}
		b.Set(kill.Switches{})
	}
	if n := b.Staying(); n != 0 {
		t.Errorf("%d requests are still under way", n)
	}
}

// TestOffUnderWay: a call that is made after its tool was switched off does not reach
// the application, nor does an answer that was not sent yet.
func TestOffUnderWay(t *testing.T) {
	for _, path := range paths() {
		for _, stream := range []bool{false, true} {
			b := &kill.Board{}
			s := newStand(t, func(o *model.Options) { o.Kill = b })
			s.fake.mu.Lock()
			s.fake.say = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
				b.Set(kill.Switches{Tools: []string{"search"}})
				w.Header().Set("Content-Type", map[bool]string{true: "text/event-stream", false: "application/json"}[stream])
				_, _ = io.WriteString(w, completion(path, stream, []string{"Ok. "}, []tool{{"search", `{"q":"a"}`}}))
			}
			s.fake.mu.Unlock()
			status, body, _ := s.post(path, question(path, stream, "x", "Hi"))
			if h := hear(t, path, body); len(h.Calls) > 0 || h.Error == "" || !stream && status != 503 || !strings.Contains(body, "switched off") {
				t.Errorf("%s stream %t: %d %+v\n%s", path, stream, status, h, body)
			}
		}
	}
}
