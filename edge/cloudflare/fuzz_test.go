package cloudflare

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/launchready/launchready/edge"
	api "github.com/launchready/launchready/probe/cloudflare"
)

// FuzzRecord reads whatever the API says of a record: what is read can be written
// back, and reads the same again.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{
		`{"type":"A","name":"a.test","content":"192.0.2.1","ttl":1,"proxied":true}`, `{"type":"TXT","name":"a.test","content":"v=spf1 \"-all","ttl":60,"tags":["x:y"]}`,
		`{"type":"MX","name":"a.test","content":"mx.a.test","priority":10,"ttl":60}`, `{"type":"SRV","name":"_s._tcp.a.test","content":"1 5060 sip.a.test","priority":10,"ttl":60}`,
		`{"type":"CAA","name":"a.test","content":"0 issue \"x\"","ttl":60,"settings":{"a":1}}`, `{"type":"CNAME","name":"a.test","content":".","ttl":60}`, `{"type":"LOC","content":"","ttl":60}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r api.Record
		if json.Unmarshal(b, &r) != nil {
			return
		}
		v := value(r)
		k := edge.RR(r.Name, r.Type)
		back, err := record(k, v)
		if err != nil || !slices.Contains([]string{"A", "AAAA", "CNAME", "NS", "MX", "TXT"}, r.Type) {
			return
		}
		back.TTL, back.Proxied = r.TTL, r.Proxied
		if again := value(back); again.Data != v.Data || again.Extra != v.Extra {
			t.Errorf("%+v\nbecomes %+v\nand then %+v", r, v, again)
		}
	})
}

// FuzzRule reads whatever the API says of a rule.
func FuzzRule(f *testing.F) {
	f.Add([]byte(`{"id":"1","ref":"1","action":"block","expression":"true","enabled":true,"ratelimit":{"period":60,"requests_to_origin":false}}`))
	f.Add([]byte(`{"ratelimit":[],"action_parameters":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r api.Rule
		if json.Unmarshal(b, &r) != nil {
			return
		}
		data := ruleData(r)
		if data == "" || !json.Valid([]byte(data)) {
			t.Errorf("%s becomes %q", b, data)
		}
		_ = ref(r)
	})
}
