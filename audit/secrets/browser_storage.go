package secrets

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/secretscan"
)

var browserStorage = &lr.Check{
	ID:    "secrets/browser-storage",
	Title: "Browsers keep no server-side secret and nobody else's token",
	Why: "What a page puts into local storage stays on the machine, readable by every script of the page, every extension and whoever sits there next. " +
		"A provider's key there is published; another user's token there is that user's account.",
	Fix: "Change the secret now and call its provider from the server. Keep the session in a cookie that scripts cannot read, " +
		"hand the page the values that it shows and no others, and clear all storage when somebody signs out.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{exposed, {Source: "CWE", ID: "922"}, asvsClient},
	Needs:    lr.Routes | lr.Credentials,
	Beside:   true,
	Run:      runBrowserStorage,
}

// doors are where pages sign in, the root first.
var doors = [...]string{"/", "/login"}

func runBrowserStorage(ctx context.Context, t *lr.Trial) error {
	s, err := engine(ctx, t)
	if err != nil {
		return err
	}
	if err := recorded(ctx, t, s); err != nil {
		return err
	}
	loaded, err := frontEnd(ctx, t)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(loaded, func(x *lr.Exchange) bool { return strings.Contains(x.Header.Get("Content-Type"), "html") }) {
		t.NotApplicable("no page is served at the root")
		return nil
	}
	if t.Browser == nil {
		t.Unknown(application, "no Chromium was found, and only a browser shows what the page keeps: install one, or name it in LAUNCHREADY_CHROMIUM")
		return nil
	}
	return oracle.Each(ctx, visitors(t.Target), func(ctx context.Context, as *lr.Account) error { return visit(ctx, t, s, as) })
}

// visitors is one ordinary account of each of the first two tenants.
func visitors(target *lr.Target) []*lr.Account {
	var out []*lr.Account
	for _, a := range target.Accounts {
		if a.Spare || len(out) == 2 || slices.ContainsFunc(out, func(o *lr.Account) bool { return o.Tenant == a.Tenant }) {
			continue
		}
		out = append(out, a)
	}
	return out
}

func visit(ctx context.Context, t *lr.Trial, s *secretscan.Scanner, as *lr.Account) error {
	kept, err := stay(ctx, t, as)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		t.Unknown(as.Name, "the browser could not be asked: %v", err)
		return nil
	}
	shown := map[string]bool{}
	for _, i := range kept.Items {
		found, err := judge(ctx, t, s, as, i)
		if err != nil {
			return err
		}
		for _, f := range found {
			subject := i.Store + " " + i.Name
			if shown[subject+f.what] {
				continue
			}
			shown[subject+f.what] = true
			f.lines = append(f.lines, fmt.Sprintf("%s, signed in as %s at %s", kept.Browser, as.Name, kept.Page))
			t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: subject, Message: f.what + " stands in the browser's storage", Fix: f.fix, Evidence: lr.Evidence{Records: f.lines}})
		}
	}
	switch {
	case !kept.SignedIn && kept.Form:
		t.Unknown(as.Name, "the page's form to sign in was filled in and did not go away")
	case !kept.SignedIn:
		t.Unknown(as.Name, "nobody could sign in on the page: no form was found at %s, and the session is no cookie; the browser loads from the target's own host only", strings.Join(doors[:], " and "))
	case len(kept.Gaps) > 0:
		t.Unknown(as.Name, "not all of it was read: %s", strings.Join(kept.Gaps, "; "))
	case len(shown) == 0:
		t.Pass(lr.Evidence{Records: []string{kept.Browser + " at " + kept.Page}}, as.Name, "signed in on the page; what the browser then keeps, %s, holds no server-side secret and nobody else's token", counts(kept.Items))
	}
	return nil
}

// stay signs in on the page: by its form, or with the session's cookie.
func stay(ctx context.Context, t *lr.Trial, as *lr.Account) (*lr.Kept, error) {
	url := func(path string) string { return t.Target.Base.JoinPath(path).String() }
	var last *lr.Kept
	if password := t.Cast.Password(as); !password.IsZero() && as.User != "" {
		for _, door := range doors {
			k, err := t.Browser.Stay(ctx, lr.Sojourn{URL: url(door), User: as.User, Password: password})
			if err != nil {
				return nil, err
			}
			if k.Form {
				return k, nil
			}
			last = k
		}
	}
	if len(as.Credential.Cookie) == 0 {
		if last != nil {
			return last, nil
		}
		return t.Browser.Stay(ctx, lr.Sojourn{URL: url("/")})
	}
	var lines []lr.Secret
	for name, v := range as.Credential.Cookie {
		line := name + "=" + v.Reveal() + "; Path=/; HttpOnly"
		if t.Target.Base.Scheme == "https" {
			line += "; Secure"
		}
		lines = append(lines, lr.NewSecret(line))
	}
	k, err := t.Browser.Stay(ctx, lr.Sojourn{URL: url("/"), Cookies: lines})
	if err == nil {
		k.SignedIn = true
	}
	return k, err
}

// keeping is one thing that should not be kept.
type keeping struct {
	what  string
	fix   string
	lines []string
}

// judge says what of a stored value should not be there. The session of whoever signed in is
// expected; so is every key that is public by design.
func judge(ctx context.Context, t *lr.Trial, s *secretscan.Scanner, as *lr.Account, i lr.Stored) ([]keeping, error) {
	value := i.Value.Reveal()
	var out []keeping
	for _, a := range t.Target.Accounts {
		if a.User != as.User && a.Name != as.Name && holdsSession(value, a, as) {
			out = append(out, keeping{"a token of another user, " + a.Name + ",", "", []string{i.Store + " " + i.Name + ": the credential of " + a.Name}})
		}
	}
	res, err := s.Scan(ctx, storedName(i), strings.NewReader(value))
	if err != nil {
		return nil, err
	}
	for _, f := range res.Findings {
		if !serverSide(f) {
			continue
		}
		out = append(out, keeping{kind(f), rotation(f.Provider), []string{i.Store + " " + i.Name + ": " + f.Rule + ": " + f.Masked}})
	}
	proof, err := ownValues(ctx, t, s)
	if err != nil || proof == nil {
		return out, err
	}
	leaks, _, err := proof.Search(ctx, storedName(i), strings.NewReader(value))
	for _, l := range leaks {
		out = append(out, keeping{"the value of " + l.Name + ", in " + l.Form + " form,", "", []string{fmt.Sprintf("%s %s: the value of %s, in %s form", i.Store, i.Name, l.Name, l.Form)}})
	}
	return out, err
}

// serverSide reports a key that no browser should have. A session is a person's own, and a
// random value may be one: only what is a provider's by its form, or opens all rows, counts.
func serverSide(f secretscan.Finding) bool {
	service := f.Rule == "jwt" && strings.Contains(f.Reason, "service_role")
	return f.Verdict == secretscan.Secret && (f.Provider != "" || service) && !slices.Contains(usersOwn[:], f.Rule)
}

// recorded searches what the owner recorded of browsers: HAR files and storage states.
func recorded(ctx context.Context, t *lr.Trial, s *secretscan.Scanner) error {
	for _, p := range t.Target.Material.Sessions {
		name := filepath.Base(p)
		res, err := one(ctx, s, p)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			t.Unknown(name, "%s does not exist", name)
			continue
		case err != nil:
			t.Unknown(name, "%v", err)
			continue
		}
		res.Findings = slices.DeleteFunc(res.Findings, func(f secretscan.Finding) bool { return !serverSide(f) })
		tell(ctx, t, res, name, "a recording of a browser")
	}
	return nil
}

// usersOwn are the rules for what a provider gives a person, who may keep it.
var usersOwn = [...]string{"google-oauth-access-token", "google-oauth-refresh-token", "slack-session-token", "slack-session-cookie"}

// storedName names a value as a file, so that JSON is read as such.
func storedName(i lr.Stored) string {
	name := i.Store + "/" + i.Name
	if v := strings.TrimSpace(i.Value.Reveal()); strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") {
		name += ".json"
	}
	return name
}

// leastToken is the length from which a value is a token and stands nowhere by chance.
const leastToken = 20

var compact = regexp.MustCompile(`[\w-]{10,}\.([\w-]{10,})\.[\w-]{10,}`)

// holdsSession reports a credential of other's in the value: the very one that this run
// has, or a signed token that names other and not the one who is signed in.
func holdsSession(value string, other, own *lr.Account) bool {
	c := other.Credential
	secrets := []lr.Secret{c.Token, c.Refresh}
	for _, v := range c.Cookie {
		secrets = append(secrets, v)
	}
	for _, s := range secrets {
		if v := s.Reveal(); len(v) >= leastToken && strings.Contains(value, v) && v != own.Credential.Token.Reveal() {
			return true
		}
	}
	for _, m := range compact.FindAllStringSubmatch(value, 50) {
		payload, err := base64.RawURLEncoding.DecodeString(m[1])
		if err == nil && names(payload, other) && !names(payload, own) {
			return true
		}
	}
	return false
}

// names reports that a payload has an account's id or address as a value of its own.
func names(payload []byte, a *lr.Account) bool {
	for _, v := range []string{a.UserID, a.User} {
		if len(v) >= 5 && bytes.Contains(payload, []byte(`"`+v+`"`)) {
			return true
		}
	}
	return false
}

func counts(items []lr.Stored) string {
	n := map[string]int{}
	for _, i := range items {
		n[i.Store]++
	}
	return fmt.Sprintf("%d values of local storage, %d of session storage, %d of IndexedDB and %d cookies", n["localStorage"], n["sessionStorage"], n["IndexedDB"], n["cookie"])
}
