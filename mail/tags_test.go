package mail_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/launchready/launchready/mail"
)

func TestParseTags(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"v=1; a=b", "v=1@0,2 a=b@5,7"},
		{" v = 1 ;\r\n\ta=b=c; ", "v=1@1,5 a=b=c@11,13"},
		{"a=;b= x y ", "a=@0,2 b=x y@3,6"},
		{"", ""},
		{";", "!0"},
		{"a;b=1", "!0 b=1@2,4"},
		{"1=2;=3;a-b=4;_=5", "!0 !4 !8 !13"},
		{"a=\x00;b=\x80;c=\x7f", "!2 !6 !10"},
	} {
		tags, errs := mail.ParseTags(c.in)
		var got []string
		for _, e := range errs {
			got = append(got, fmt.Sprintf("!%d", e.At))
		}
		for _, g := range tags {
			got = append(got, fmt.Sprintf("%s=%s@%d,%d", g.Name, g.Value, g.At, g.ValueAt))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q: got %q, want %q", c.in, s, c.want)
		}
	}
	tags, errs := mail.ParseTags(strings.Repeat("a=b;", 20_000))
	if len(tags) != 500 || len(errs) != 1 {
		t.Errorf("%d tags, %d errors", len(tags), len(errs))
	}
}

func FuzzTags(f *testing.F) {
	f.Add("v=DKIM1; k=rsa; p=abc==")
	f.Fuzz(func(t *testing.T, s string) {
		tags, errs := mail.ParseTags(s)
		for _, g := range tags {
			if s[g.At:g.At+len(g.Name)] != g.Name || s[g.ValueAt:g.ValueAt+len(g.Value)] != g.Value {
				t.Errorf("%+v is not where it says", g)
			}
		}
		for _, e := range errs {
			if e.At < 0 || e.At > len(s) {
				t.Errorf("%+v is outside", e)
			}
		}
	})
}
