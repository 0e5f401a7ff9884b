package config

import (
	"maps"
	"strings"
	"testing"
)

// TestPorts holds the one mapping whose keys are numbers.
func TestPorts(t *testing.T) {
	for _, tc := range []struct {
		name, ports string
		want        map[int]int
		err         string
	}{
		{"several", "{443: 8443, 53: 5353}", map[int]int{443: 8443, 53: 5353}, ""},
		{"a quoted number is one", `{"25": 2525}`, map[int]int{25: 2525}, ""},
		{"none", "{}", map[int]int{}, ""},
		{"a word", "{https: 8443}", nil, `"https" is no number`},
		{"too large", "{443: 70000}", nil, "a port is a number from 1 to 65535"},
		{"no port", "{0: 80}", nil, "a port is a number from 1 to 65535"},
		{"a number too large for any machine", "{99999999999999999999: 80}", nil, "is no number"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := parse(t, head+"domain: {name: acme.test, ports: "+tc.ports+"}\n")
			switch {
			case tc.err != "":
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %q in it", err, tc.err)
				}
			case err != nil:
				t.Error(err)
			case !maps.Equal(c.Domain.Ports, tc.want):
				t.Errorf("got %v, want %v", c.Domain.Ports, tc.want)
			}
		})
	}
}
