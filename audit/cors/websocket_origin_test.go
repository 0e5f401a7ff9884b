package cors

import (
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestWebsocketOrigin(t *testing.T) {
	everyone := func(*http.Request) bool { return true }
	for _, c := range []struct {
		name string
		app  *app
		want string
	}{
		{"takes any origin with the cookie", &app{cookie: travelling, open: everyone}, "its own"},
		{"takes any origin, and the cookie stays at home", &app{cookie: "SameSite=Lax", open: everyone}, "medium"},
		{"compares the origin", &app{cookie: travelling}, "passed"},
		{"opens by a token alone", &app{open: everyone}, "passed"},
		{"shows nothing to anybody", &app{cookie: travelling, open: everyone, silent: true}, "unknown"},
		{"compares how the origin begins", &app{cookie: travelling, open: func(r *http.Request) bool {
			return strings.HasPrefix(r.Header.Get("Origin"), frontEnd)
		}}, "passed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTrial(t, c.app)
			os := tr.ask(t, websocketOrigin)
			if got := worst(os); got != c.want {
				t.Errorf("got %s, want %s%s", got, c.want, lines(os))
			}
		})
	}
}

// TestSilentHandshake lets every page connect and shows a stranger's nothing:
// the handshake alone is no finding.
func TestSilentHandshake(t *testing.T) {
	a := &app{cookie: travelling, open: func(*http.Request) bool { return true }}
	a.policy = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/ws" && r.Header.Get("Origin") == foreign {
			r.Header.Del("Cookie") // it does not count there
		}
		return false
	}
	os := newTrial(t, a).ask(t, websocketOrigin)
	if worst(os) != "passed" || !strings.Contains(lines(os), "may connect, and is shown nothing") {
		t.Errorf("got %s%s", worst(os), lines(os))
	}
}

func TestNoWebsocket(t *testing.T) {
	tr := newTrial(t, &app{cookie: travelling})
	var rest []*lr.Route
	for _, rt := range tr.Target.Routes {
		if rt.Kind != lr.WebSocket {
			rest = append(rest, rt)
		}
	}
	tr.Target.Routes = rest
	if os := tr.ask(t, websocketOrigin); worst(os) != "skipped" {
		t.Errorf("got %s%s", worst(os), lines(os))
	}
}
