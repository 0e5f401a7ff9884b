package intake

import (
	"encoding/json"
	"net/url"
	"sort"
	"strings"
)

// userLogin is how one identity signs in, "" where two are the same.
type userLogin struct {
	identity string
	login    *login
}

// takeSignIn decides for one sign-in: a configuration has one. Identities that
// sign in differently stay only where they have a credential beside it.
func (in *Intake) takeSignIn(r *reading, logins []userLogin) {
	count := map[string]int{}
	same := func(s SignIn) string {
		b, err := json.Marshal(s)
		if err != nil {
			return s.Request
		}
		return string(b)
	}
	best := ""
	for _, u := range logins {
		k := same(u.login.in)
		count[k]++
		if best == "" || count[k] > count[best] {
			best = k
		}
	}
	drop := map[string]bool{}
	for _, u := range logins {
		if same(u.login.in) == best {
			if in.SignIn == nil {
				s := u.login.in
				in.SignIn = &s
				in.reach(s.Request)
			}
			continue
		}
		id := in.named(u.identity)
		if id == nil {
			continue
		}
		r.warn("%s signs in otherwise (%s) than most: not taken, launchready.yaml has one sign-in", clip(id.Name), clip(u.login.in.Request))
		delete(id.References, "password")
		id.Password = Identity{}.Password
		drop[u.identity] = !id.Means()
	}
	kept := in.Identities[:0]
	for i := range in.Identities {
		if !drop[in.Identities[i].Name] {
			kept = append(kept, in.Identities[i])
		}
	}
	in.Identities = kept
}

// reach adds the host of a request that goes elsewhere.
func (in *Intake) reach(request string) {
	_, at, _ := strings.Cut(request, " ")
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || strings.EqualFold(u.Host, hostOf(in.Target)) {
		return
	}
	for _, h := range in.Hosts {
		if h == u.Host {
			return
		}
	}
	in.Hosts = append(in.Hosts, u.Host)
	sort.Strings(in.Hosts)
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}
