package isolation

import (
	"context"
	"crypto/md5"  //nolint:gosec // recognises a target's weak tokens
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var shareLink = &lr.Check{
	ID:       "isolation/share-link",
	Title:    "A share link opens one object, until it is withdrawn",
	Why:      "Shared conversations leave the tenant by design. A link that can be derived from the object's id shares everything, and one that outlives its withdrawal shares for ever.",
	Fix:      "Give each share a random token of its own (128 bits), store it with the object, and check on each request that the share still stands.",
	Guard:    "",
	Severity: lr.High,
	Refs:     []lr.Ref{bola, {Source: "CWE", ID: "613"}, {Source: "CWE", ID: "340"}, asvsItem},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Run:      runShareLink,
}

func runShareLink(ctx context.Context, t *lr.Trial) error {
	asked := false
	for _, victim := range oracle.Victims(t.Target) {
		if asked {
			break
		}
		for _, rt := range t.Target.Routes {
			if rt.Method != "POST" || !names(rt, "share", "shares", "publish") || len(rt.PathParams()) == 0 {
				continue
			}
			o := sharable(t, rt, victim)
			if o == nil {
				continue
			}
			asked = true
			if err := shareAs(ctx, t, rt, o); err != nil {
				if err := open(ctx, t, rt.String(), err); err != nil {
					return err
				}
			}
		}
	}
	if !asked {
		t.NotApplicable("nothing can be shared by a link")
	}
	return nil
}

// sharable is the seeded object that a share route shares.
func sharable(t *lr.Trial, rt *lr.Route, victim *lr.Account) *lr.Object {
	ps := rt.PathParams()
	return t.Stage.Object(rt.Keys[ps[len(ps)-1]].Resource, victim)
}

func shareAs(ctx context.Context, t *lr.Trial, share *lr.Route, seeded *lr.Object) error {
	o, err := t.Stage.Fresh(ctx, seeded.Resource, seeded.Owner)
	if err != nil {
		return fmt.Errorf("make an object to share: %w", err)
	}
	x, err := t.Send(ctx, o.Owner, share, o, "share an own object")
	if err != nil {
		return err
	}
	path, token := shared(t, x, o)
	if path == "" {
		t.Unknown(share.String(), "the reply (status %d) names no link", x.Status)
		return nil
	}
	get := func(path, note string) (*lr.Exchange, error) {
		return t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: path, Note: note, Header: map[string][]string{"Accept": {"application/json"}}})
	}
	opened, err := get(path, "open the link")
	if err != nil {
		return err
	}
	if !opened.OK() {
		t.Unknown(share.String(), "the link itself was answered %d", opened.Status)
		return nil
	}
	witness := oracle.Find(o.Canaries, opened)
	if len(witness) == 0 {
		t.Unknown(share.String(), "the link shows nothing of the object")
		return nil
	}
	// Another object, which was never shared, must not open by its id, nor by what
	// the token of this one was made of its id.
	other, err := t.Stage.Fresh(ctx, o.Resource, o.Owner)
	if err != nil {
		return fmt.Errorf("make an object that is not shared: %w", err)
	}
	guesses := []string{url.PathEscape(other.ID)}
	for _, derive := range derivations {
		if derive(o.ID) == token {
			guesses = append(guesses, derive(other.ID))
		}
	}
	for _, guessed := range guesses {
		guess, err := get(strings.Replace(path, token, guessed, 1), "an object that was never shared, by its id")
		if err != nil {
			return err
		}
		if hits := oracle.Find(other.Canaries, guess); len(hits) > 0 {
			t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{opened, guess}, Witness: hits}, share.String(), "an object that was never shared opens by a token made of its id")
			return nil
		}
	}
	for _, rt := range t.Target.Routes {
		if rt.Method != "DELETE" || rt.Path != share.Path {
			continue
		}
		gone, err := t.Send(ctx, o.Owner, rt, o, "withdraw the share")
		if err != nil {
			return err
		}
		if !gone.OK() {
			t.Unknown(rt.String(), "the owner's own withdrawal was answered %d", gone.Status)
			return nil
		}
		after, err := get(path, "open the link after its withdrawal")
		if err != nil {
			return err
		}
		if hits := oracle.Find(witness, after); len(hits) > 0 {
			t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{gone, after}, Witness: hits}, share.String(), "the link still shows the object after the share was withdrawn")
			return nil
		}
		t.Pass(lr.Seen(opened, gone, after), share.String(), "the link opens one object and dies with its withdrawal")
		return nil
	}
	t.Pass(lr.Seen(opened), share.String(), "the link opens one object only")
	return nil
}

// derivations are the ways in which a token is made of an id when nobody thought
// of guessing.
var derivations = []func(string) string{
	func(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) },
	func(id string) string { return url.PathEscape(base64.StdEncoding.EncodeToString([]byte(id))) },
	func(id string) string { return hex.EncodeToString([]byte(id)) },
	func(id string) string { h := md5.Sum([]byte(id)); return hex.EncodeToString(h[:]) },  //nolint:gosec // what careless applications use
	func(id string) string { h := sha1.Sum([]byte(id)); return hex.EncodeToString(h[:]) }, //nolint:gosec // likewise
	func(id string) string { h := sha256.Sum256([]byte(id)); return hex.EncodeToString(h[:]) },
}

// shared reads the link out of the reply: a URL, or a token that fills a route.
func shared(t *lr.Trial, x *lr.Exchange, o *lr.Object) (path, token string) {
	var m map[string]any
	if !x.OK() || json.Unmarshal(x.Body, &m) != nil {
		return "", ""
	}
	for _, v := range m {
		// {"data": {"token": …}}
		if in, ok := v.(map[string]any); ok {
			for k, e := range in {
				if _, had := m[k]; !had {
					m[k] = e
				}
			}
		}
	}
	for _, v := range m {
		s, ok := v.(string)
		if !ok {
			continue
		}
		u, err := url.Parse(s)
		if err != nil || !strings.Contains(u.Path, "/") || strings.Contains(u.Path, o.ID) {
			continue
		}
		p := strings.TrimPrefix(u.EscapedPath(), strings.TrimSuffix(t.Target.Base.EscapedPath(), "/"))
		for _, rt := range t.Target.Routes {
			ps := rt.PathParams()
			prefix, _, _ := strings.Cut(rt.Path, "{")
			if rt.Method == "GET" && len(ps) == 1 && strings.HasPrefix(p, prefix) && prefix != "/" && !strings.Contains(p[len(prefix):], "/") {
				return p, p[len(prefix):]
			}
		}
	}
	for _, rt := range t.Target.Routes {
		ps := rt.PathParams()
		if rt.Method != "GET" || len(ps) != 1 {
			continue
		}
		if tok, ok := m[ps[0]].(string); ok && tok != o.ID {
			return strings.Replace(rt.Path, "{"+ps[0]+"}", url.PathEscape(tok), 1), url.PathEscape(tok)
		}
	}
	for _, name := range []string{"token", "share_token", "slug", "code"} {
		tok, _ := m[name].(string)
		for _, rt := range t.Target.Routes {
			ps := rt.PathParams()
			if tok != "" && rt.Method == "GET" && len(ps) == 1 && names(rt, "shared", "share", "public", "s", "p") {
				return strings.Replace(rt.Path, "{"+ps[0]+"}", url.PathEscape(tok), 1), url.PathEscape(tok)
			}
		}
	}
	return "", ""
}
