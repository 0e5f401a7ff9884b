package chat_test

import (
	"testing"

	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/config"
)

// FuzzConfigured: what the configuration takes for a place in a reply is one, and is
// printed as it is read.
func FuzzConfigured(f *testing.F) {
	for _, s := range []string{"", "/a/*/b", "/a where /type=x,y", " where event=0", "/a where event=", "a", "/a b", "$.a", "/a where /=x", "/~0~1 where /a~1b=c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s config.Selector
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		p, err := chat.ParseSelector(string(s))
		if err != nil {
			t.Fatalf("the configuration takes %q: %v", text, err)
		}
		again, err := chat.ParseSelector(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q is printed %q, which is read %q (%v)", text, p, again, err)
		}
	})
}
