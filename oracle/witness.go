package oracle

import (
	"encoding/json"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

var timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?|$)`)

// Harvest lists the scalars of a JSON reply that could tell one customer's data
// from another's: ids, addresses, free text; not times, flags or enumerations.
func Harvest(x *lr.Exchange) []string {
	if x == nil {
		return nil
	}
	var v any
	if json.Unmarshal(x.Body, &v) != nil {
		return nil
	}
	var out []string
	seen := map[string]bool{}
	leaves(v, func(s string) {
		if len(out) < 200 && !seen[s] && Telling(s) {
			seen[s] = true
			out = append(out, s)
		}
	})
	return out
}

// Telling reports whether a scalar is long and various enough to be a witness:
// at least 8 characters and 2 bits a character, and not a time.
func Telling(s string) bool {
	return len(s) >= 8 && len(s) <= 4096 && entropy(s) >= 2 && !timeForm.MatchString(s)
}

func leaves(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) >= 1e9 && !moment(v) {
			f(strconv.FormatFloat(v, 'f', -1, 64))
		}
	case []any:
		for _, e := range v {
			leaves(e, f)
		}
	case map[string]any:
		for _, e := range v {
			leaves(e, f)
		}
	}
}

// moment reports a number that reads as a time between 2001 and 2096, in seconds,
// milliseconds, microseconds or nanoseconds: everything that is made in one second
// has the same. An id as long as that is mostly a text, which is no matter of this.
func moment(v float64) bool {
	for _, unit := range []float64{1, 1e3, 1e6, 1e9} {
		if s := v / unit; s >= 1e9 && s < 4e9 {
			return true
		}
	}
	return false
}

// entropy is the Shannon entropy of the bytes of s, in bits a byte.
func entropy(s string) float64 {
	var n [256]int
	for i := 0; i < len(s); i++ {
		n[s[i]]++
	}
	var h float64
	for _, c := range n {
		if c > 0 {
			p := float64(c) / float64(len(s))
			h -= p * math.Log2(p)
		}
	}
	return h
}

// Sources says where a witness may come from besides the planted canaries.
type Sources struct {
	Object  *lr.Object     // its ids and other secrets
	Known   []string       // ids and addresses of the victim's accounts
	Harvest bool           // any telling scalar of the owner's reply
	Not     []*lr.Exchange // replies to callers who may see them: what they hold is no witness
	Request string         // what the probe itself says
}

// Witness lists the values in the owner's reply that only the owner's tenant
// may see: its canaries; where none was planted, the ids and harvested values
// that no other caller sees by right and that the probe does not say itself.
func Witness(t *lr.Trial, owner *lr.Account, ownerReply *lr.Exchange, s Sources) []string {
	if ownerReply == nil || !ownerReply.OK() && ownerReply.Status != 101 {
		return nil
	}
	var out []string
	for _, c := range CanariesIn(ownerReply) {
		if t.Stage.TenantOf(c) == owner.Tenant {
			out = append(out, c)
		}
	}
	if out = Without(out, s.Request); len(out) > 0 {
		// Canaries are proof by themselves; harvested values may turn out to be
		// public after all.
		return out
	}
	var candidates []string
	if s.Object != nil {
		candidates = append(candidates, Find(s.Object.Secrets, ownerReply)...)
	}
	candidates = append(candidates, Find(s.Known, ownerReply)...)
	if s.Harvest {
		candidates = append(candidates, Harvest(ownerReply)...)
	}
	candidates = notNamed(Without(unique(candidates), s.Request), s.Request)
	for _, x := range s.Not {
		if hits := Find(candidates, x); len(hits) > 0 {
			candidates = Without(candidates, hits...)
		}
	}
	return candidates
}

// notNamed drops values that hold a segment of the request's own path: a resource
// name such as users/anna/stats says no more than the address did.
func notNamed(values []string, request string) []string {
	path, _, _ := strings.Cut(request, "\n")
	segs := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/?&=", r) })
	var out []string
next:
	for _, v := range values {
		for _, s := range segs {
			if len(s) >= 3 && strings.Contains(v, s) {
				continue next
			}
		}
		out = append(out, v)
	}
	return out
}

// Known lists the telling values of the accounts of a tenant: user and tenant
// ids and addresses, as configured and as whoami told them. Names, plans and
// settings are left out: two tenants may have the same.
func Known(t *lr.Trial, tenant string) []string {
	var out, others []string
	for _, a := range t.Target.Accounts {
		values := []string{a.UserID, a.TenantID, a.User}
		for k, v := range a.Known {
			if n := strings.ToLower(k); strings.HasSuffix(n, "id") || strings.HasSuffix(n, "email") {
				values = append(values, v)
			}
		}
		if a.Tenant != tenant {
			others = append(others, values...)
			continue
		}
		for _, v := range values {
			if Telling(v) {
				out = append(out, v)
			}
		}
	}
	sort.Strings(out)
	return minus(unique(out), others)
}

func unique(in []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range in {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// separators is made once: building a replacer costs more than using it.
var separators = strings.NewReplacer("-", "", "_", "")

// SecretField reports whether a field's name says that it holds a credential,
// which nobody else may see however public the route is.
func SecretField(name string) bool {
	n := strings.ToLower(separators.Replace(name))
	for _, w := range []string{"password", "passwd", "secret", "apikey", "privatekey", "accesstoken", "refreshtoken"} {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}
