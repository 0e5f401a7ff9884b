package oracle

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"regexp"
	"strconv"

	lr "github.com/launchready/launchready"
)

// Missing returns an object of the same form whose keys name nothing: each
// letter and digit of the object's own key is changed, separators and the prefix
// stay. Keys of the parents stay too, so that only the object is missing. The
// same object gives the same answer.
func Missing(o *lr.Object) *lr.Object {
	m := *o
	m.Keys = make(map[string]string, len(o.Keys))
	for k, v := range o.Keys {
		m.Keys[k] = v
		if v == o.ID {
			m.Keys[k] = nonexistent(v)
		}
	}
	m.ID = nonexistent(o.ID)
	m.Canaries, m.Secrets, m.Body, m.Made = nil, nil, nil, false
	return &m
}

// MissingFor is Missing for what the route addresses: a list of children, and
// whatever else hangs on a parent, is asked below a parent that does not exist.
func MissingFor(rt *lr.Route, o *lr.Object) *lr.Object {
	m := Missing(o)
	ps := rt.PathParams()
	if len(ps) == 0 {
		return m
	}
	res := rt.Keys[ps[len(ps)-1]].Resource
	if v := o.Keys[res]; v != "" && res != o.Resource {
		m.Keys = maps.Clone(o.Keys)
		m.Keys[res] = nonexistent(v)
	}
	return m
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func nonexistent(id string) string {
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		// Small enough for 32-bit keys, far above what a test system holds.
		return strconv.FormatInt(1_700_000_000+n%300_000_000, 10)
	}
	sum := sha256.Sum256([]byte("missing " + id))
	b := []byte(id)
	start := prefix(id)
	uuid := uuidForm.MatchString(id)
	for i := start; i < len(b); i++ {
		if uuid && (i == 14 || i == 19) {
			continue // version and variant (RFC 9562, section 4): some refuse others by form
		}
		r := sum[i%len(sum)]
		switch c := b[i]; {
		case c >= '0' && c <= '9':
			b[i] = '0' + r%10
		case c >= 'a' && c <= 'f':
			b[i] = 'a' + r%6
		case c >= 'g' && c <= 'z':
			b[i] = 'g' + r%20
		case c >= 'A' && c <= 'F':
			b[i] = 'A' + r%6
		case c >= 'G' && c <= 'Z':
			b[i] = 'G' + r%20
		}
	}
	if string(b) == id {
		return id + "0"
	}
	return string(b)
}

// prefix is the length of a typed id's prefix: "chat_", "ten-", not more than
// half of it.
func prefix(id string) int {
	for i := 0; i < len(id)/2; i++ {
		if id[i] == '_' || id[i] == '-' || id[i] == ':' {
			return i + 1
		}
		if id[i] < 'a' || id[i] > 'z' {
			return 0
		}
	}
	return 0
}

func decodeJSON(x *lr.Exchange) (any, bool) {
	if x == nil {
		return nil, false
	}
	var v any
	if json.Unmarshal(x.Body, &v) != nil {
		return nil, false
	}
	return v, true
}
