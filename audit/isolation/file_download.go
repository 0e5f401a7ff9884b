package isolation

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var fileDownload = &lr.Check{
	ID:       "isolation/file-download",
	Title:    "A file's bytes go to its own tenant only",
	Why:      "Uploaded files are contracts, transcripts and exports. They are served by a route of their own, or by a signed link whose signature must name the file.",
	Fix:      "Check the tenant on the download route as on the metadata route. Sign the file's id, the tenant and the expiry together, compare in constant time, and keep the expiry short.",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsItem, {Source: "CWE", ID: "347"}},
	Needs:    lr.Routes | lr.TwoTenants,
	Run: func(ctx context.Context, t *lr.Trial) error {
		list, open := foreignReads(t, func(p oracle.Probe) bool {
			return p.Route.Kind == lr.Download && keyed(p) && !signed(p.Route) && !exports(p.Route)
		})
		links, err := signedLinks(ctx, t)
		if err != nil {
			return err
		}
		if len(links) > 0 && len(list) == 0 && len(open) == 0 {
			return nil
		}
		return ask(ctx, t, list, open)
	},
}

// signed reports whether a route takes a signature in its query.
func signed(rt *lr.Route) bool {
	for _, p := range rt.Params {
		if p.In == lr.InQuery {
			switch strings.ToLower(p.Name) {
			case "sig", "signature", "hmac", "x-amz-signature", "token":
				return true
			}
		}
	}
	return false
}

// signedLinks takes the query of the attacker's own signed link to the victim's
// file, and the victim's link with its signature changed.
func signedLinks(ctx context.Context, t *lr.Trial) ([]string, error) {
	var asked []string
	for _, p := range pairs(t) {
		for _, rt := range t.Target.Routes {
			if rt.Method != "POST" || !names(rt, "link", "sign", "signed", "url", "presign") || len(rt.PathParams()) == 0 {
				continue
			}
			theirs, own := t.Stage.Object(rt.Resource, p.victim), t.Stage.Object(rt.Resource, p.attacker)
			if theirs == nil || own == nil {
				continue
			}
			done, err := signedLink(ctx, t, rt, p, theirs, own)
			if err != nil {
				if err := open(ctx, t, rt.String(), err); err != nil {
					return asked, err
				}
			}
			if done {
				asked = append(asked, rt.String())
			}
		}
		break
	}
	return asked, nil
}

func signedLink(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair, theirs, own *lr.Object) (bool, error) {
	victimLink, err := linkFrom(ctx, t, rt, theirs)
	if err != nil || victimLink == "" {
		return false, err
	}
	ownLink, err := linkFrom(ctx, t, rt, own)
	if err != nil || ownLink == "" {
		return false, err
	}
	get := func(as *lr.Account, path, note string) (*lr.Exchange, error) {
		return t.HTTP.Do(ctx, as, &lr.Request{Method: "GET", Path: path, Note: note})
	}
	owner, err := get(nil, victimLink, "owner's own link")
	if err != nil {
		return true, err
	}
	var attacker *lr.Account
	if owner.Denied() { // a link that opens nothing alone wants the credential of who uses it
		attacker = p.attacker
		if owner, err = get(theirs.Owner, victimLink, "owner's own link, as the owner"); err != nil {
			return true, err
		}
	}
	witness := oracle.Find(theirs.Canaries, owner)
	if !owner.OK() || len(witness) == 0 {
		t.Unknown(rt.String(), "the owner's own link does not give the owner's file (status %d)", owner.Status)
		return true, nil
	}
	victimPath, victimQuery, _ := strings.Cut(victimLink, "?")
	_, ownQuery, _ := strings.Cut(ownLink, "?")
	for _, try := range []struct{ path, note string }{
		{victimPath + "?" + ownQuery, "the attacker's own signature on the victim's file"},
		{victimPath + "?" + flipSignature(victimQuery), "a changed signature"},
		{victimPath, "no signature"},
	} {
		x, err := get(attacker, try.path, try.note)
		if err != nil {
			return true, err
		}
		j := oracle.Judge(oracle.Case{Witness: witness, Probe: x, Owner: owner, Attacker: p.attacker})
		oracle.Report(t, rt.String(), j.Message("%s", try.note))
	}
	return true, nil
}

// linkFrom asks for a signed link to the object as its owner.
func linkFrom(ctx context.Context, t *lr.Trial, rt *lr.Route, o *lr.Object) (string, error) {
	x, err := t.Send(ctx, o.Owner, rt, o, "ask for a signed link")
	if err != nil || !x.OK() {
		return "", err
	}
	var v any
	if json.Unmarshal(x.Body, &v) != nil {
		return "", nil
	}
	return findLink(v, t.Target.Base), nil
}

func findLink(v any, base *url.URL) string {
	switch v := v.(type) {
	case string:
		u, err := url.Parse(v)
		if err == nil && strings.HasPrefix(u.Path, "/") && u.RawQuery != "" && (u.Host == "" || u.Host == base.Host) {
			return strings.TrimPrefix(u.EscapedPath(), strings.TrimSuffix(base.EscapedPath(), "/")) + "?" + u.RawQuery
		}
	case map[string]any:
		for _, e := range v {
			if l := findLink(e, base); l != "" {
				return l
			}
		}
	}
	return ""
}

// flipSignature changes one character in the middle of the signature.
func flipSignature(query string) string {
	parts := strings.Split(query, "&")
	for i, p := range parts {
		k, v, _ := strings.Cut(p, "=")
		if l := strings.ToLower(k); (strings.Contains(l, "sig") || l == "token" || l == "hmac") && len(v) > 4 {
			b := []byte(v)
			m := len(b) / 2
			if b[m] == 'a' {
				b[m] = 'b'
			} else {
				b[m] = 'a'
			}
			parts[i] = k + "=" + string(b)
		}
	}
	return strings.Join(parts, "&")
}
