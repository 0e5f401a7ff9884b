package oracle

import (
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestHarvestLeavesTimesOut: whatever is made in the same second has the same
// time, so that a time tells nobody's data apart.
func TestHarvestLeavesTimesOut(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"an id":                     {`{"id": "inv_7c1f0a93"}`, []string{"inv_7c1f0a93"}},
		"a number that is none":     {`{"phone": 49301234567}`, []string{"49301234567"}},
		"a date":                    {`{"at": "2026-11-26T20:42:10Z"}`, nil},
		"seconds":                   {`{"created_at": 1795739833}`, nil},
		"milliseconds":              {`{"created_at": 1795739833123}`, nil},
		"microseconds":              {`{"created_at": 1795739833123456}`, nil},
		"nanoseconds":               {`{"created_at": 1795739833123456789}`, nil},
		"a key as long as a moment": {`{"id": "1795739833123456789"}`, []string{"1795739833123456789"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Harvest(&lr.Exchange{Status: 200, Body: []byte(c.body)}); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
