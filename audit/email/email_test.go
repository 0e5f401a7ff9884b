package email_test

import (
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/email"
)

// TestClean puts every check to the domain that is right: each passes, whatever
// others were asked before.
func TestClean(t *testing.T) {
	w := good(t)
	w.domain.Sample = sent(t, nil)
	target := w.target(t)
	memo := &lr.Memo{}
	for _, c := range email.Row().Checks {
		got := asked(t, c, target, memo)
		if len(got) == 0 {
			t.Errorf("%s says nothing", c.ID)
		}
		for _, line := range got {
			if !strings.HasPrefix(line, "passed ") {
				t.Errorf("%s: %s", c.ID, line)
			}
		}
	}
}
