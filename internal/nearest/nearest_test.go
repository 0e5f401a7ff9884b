package nearest

import "testing"

func TestOf(t *testing.T) {
	keys := []string{"interval", "identities", "target", "sign_in", "sign_up", "auth/no-credential", "auth/alg-none"}
	for _, tc := range []struct{ name, word, want string }{
		{"doubled letter", "intervall", "interval"},
		{"transposed", "tagret", "target"},
		{"case", "Target", "target"},
		{"dash for underscore", "sign-in", "sign_in"},
		{"one off", "sign_on", "sign_in"},
		{"part of a word", "credential", "auth/no-credential"},
		{"missing letter", "auth/alg-non", "auth/alg-none"},
		{"nothing near", "zebra", ""},
		{"empty", "", ""},
		{"too far", "ident", "identities"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Of(tc.word, keys); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestHint(t *testing.T) {
	if got, want := Hint("tagret", []string{"target"}), `, did you mean "target"?`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Hint("zebra", []string{"target"}); got != "" {
		t.Errorf("got %q for a word near nothing, want none", got)
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b        string
		limit, want int
	}{
		{"", "", 5, 0}, {"abc", "abc", 5, 0}, {"abc", "acb", 5, 1}, {"abc", "abd", 5, 1},
		{"kitten", "sitting", 9, 3}, {"kitten", "sitting", 2, 2}, {"a", "abcdef", 3, 3},
	} {
		if got := distance(tc.a, tc.b, tc.limit); got != tc.want {
			t.Errorf("distance(%q, %q, %d): got %d, want %d", tc.a, tc.b, tc.limit, got, tc.want)
		}
	}
}
