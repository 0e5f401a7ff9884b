package secretscan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
)

// all returns "word@end" of each hit, sorted.
func all(t *testing.T, words []string, fold bool, data string) []string {
	t.Helper()
	a, err := newAutomaton(words, fold)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	a.scan([]byte(data), func(w uint16, end int) { out = append(out, fmt.Sprintf("%s@%d", words[w], end)) })
	sort.Strings(out)
	return out
}

func TestAutomaton(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []string
		fold  bool
		data  string
		want  string
	}{
		{"words in one another", []string{"he", "she", "hers", "his"}, false, "ushers", "he@4 hers@6 she@4"},
		{"both cases", []string{"key"}, true, "KEY Key kEy", "key@11 key@3 key@7"},
		{"one case", []string{"key"}, false, "KEY key", "key@7"},
		{"bytes of no word", []string{"a"}, true, "\x00\xffa\x80", "a@3"},
		{"nothing to look for", nil, true, "abc", ""},
		{"an empty word never matches", []string{"", "b"}, true, "abc", "b@2"},
		{"the same word twice", []string{"b", "b"}, true, "abc", "b@2 b@2"},
		{"no data", []string{"b"}, true, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(all(t, c.words, c.fold, c.data), " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAutomatonIsLikeTheSlowWay(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcA-"[r.IntN(5)]
		}
		return string(b)
	}
	for range 300 {
		var words []string
		for range 1 + r.IntN(8) {
			words = append(words, strings.ToLower(letters(1+r.IntN(4))))
		}
		data := letters(60)
		var want []string
		for _, w := range words {
			for end := len(w); end <= len(data); end++ {
				if strings.EqualFold(data[end-len(w):end], w) {
					want = append(want, fmt.Sprintf("%s@%d", w, end))
				}
			}
		}
		sort.Strings(want)
		if got := all(t, words, true, data); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Fatalf("words %q in %q: got %q, want %q", words, data, got, want)
		}
	}
}

func TestAutomatonRefusesWhatDoesNotFit(t *testing.T) {
	long := make([]string, 0, 5)
	for i := range 5 {
		long = append(long, strings.Repeat(string(rune('a'+i)), 20000))
	}
	if _, err := newAutomaton(long, false); err == nil {
		t.Error("100,000 states were taken")
	}
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	if _, err := newAutomaton([]string{string(every)}, false); err == nil {
		t.Error("256 classes were taken")
	}
}

func TestShape(t *testing.T) {
	for _, c := range []struct {
		name, shape, data string
		want              int
	}{
		{"literal and run", "ab_[0-9]{3}", "ab_123", 6},
		{"too short", "ab_[0-9]{3}", "ab_12", -1},
		{"a literal in the wrong case", "ab_[0-9]{3}", "AB_123", -1},
		{"as long as it can be", "x[a-c]{1,3}", "xabcabc", 4},
		{"gives back for what follows", "x[a-c]{2,9}bb", "xaabbb", 6},
		{"no end given", "x[a]{2,}", "xaaaa", 5},
		{"alternatives", "(sk|rk)_[0-9]{1}", "rk_1", 4},
		{"a dot is a dot", "a.b", "axb", -1},
		{"one of a set", "[MNO]x", "Nx", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := parseShapes(c.shape)
			if err != nil {
				t.Fatal(err)
			}
			got := -1
			for _, s := range list {
				got = max(got, s.match([]byte(c.data), 0))
			}
			if got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
	for _, bad := range []string{"", "a[", "a[]", "a[b]{", "a[b]{x}", "a[b]{1,x}", "(a|b"} {
		if s, err := parseShapes(bad); err == nil {
			t.Errorf("%q gave %v", bad, s)
		}
	}
}

func FuzzShape(f *testing.F) {
	f.Add("ab_[0-9]{3}", "ab_123")
	f.Add("(a|b)[c]{1,}d", "accd")
	f.Fuzz(func(t *testing.T, s, data string) {
		if len(s) > 100 || strings.Count(s, "[") > 4 || strings.Count(s, "(") > 3 {
			return
		}
		list, err := parseShapes(s)
		if err != nil {
			return
		}
		for _, one := range list {
			for at := 0; at <= min(len(data), 20); at++ {
				if end := one.match([]byte(data), at); end > len(data) || end >= 0 && end < at {
					t.Fatalf("%q in %q at %d ends at %d", s, data, at, end)
				}
			}
		}
	})
}

func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for name, c := range map[string]struct {
		alphabet string
		length   int
		least    int // of 1,000
	}{
		"letters and digits, 32":   {base62, 32, 995},
		"letters and digits, 20":   {base62, 20, 990},
		"lower case and digits 32": {"abcdefghijklmnopqrstuvwxyz0123456789", 32, 990},
		"hex, 32":                  {"0123456789abcdef", 32, 990},
	} {
		n := 0
		for range 1000 {
			b := make([]byte, c.length)
			for i := range b {
				b[i] = c.alphabet[r.IntN(len(c.alphabet))]
			}
			if isRandom(string(b)) {
				n++
			}
		}
		if n < c.least {
			t.Errorf("%s: %d of 1000 are called random, want %d", name, n, c.least)
		}
	}
	for _, v := range []string{"", "a", "password", "getUserAccessToken", "application/x-www-form-urlencoded", "com.example.service.AuthenticationManager", "node_modules/typescript/lib",
		"2026-03-01T10:00:00Z", "ABCDEFGHIJKLMNOP", "aaaaaaaaaaaaaaaaaaaaaaaa", "123456789012345678", "user_password_reset_token_expires_at", "HTTP_AUTHORIZATION_BEARER"} {
		if isRandom(v) {
			t.Errorf("%q is called random", v)
		}
	}
}

func TestClassify(t *testing.T) {
	for name, want := range map[string]nameClass{
		"": noName, "name": noName, "API_KEY": tokenName, "apiKey": tokenName, "STRIPE_SECRET_KEY": tokenName, "x-api-key": tokenName, "accessToken": tokenName, "clientSecret": tokenName,
		"DB_PASSWORD": passName, "dbpassword": passName, "userPassword": passName, "PGPASSWORD": passName, "passwordHash": hashName, "password_hash": hashName, "GIT_SHA": hashName,
		"max_tokens": noName, "token_type": noName, "next_page_token": noName, "pad_token": noName, "primaryKey": noName, "cacheKey": noName, "keyboard": noName, "monkey": noName, "hotkey": noName,
		"API_KEY_ID": noName, "SECRET_NAME": noName, "TOKEN_URL": noName, "passwordLabel": noName, "auth.password.label": noName, "form.label.password": noName,
		"STRIPE_PUBLISHABLE_KEY": openName, "SUPABASE_ANON_KEY": openName, "RECAPTCHA_SITE_KEY": openName, "publicKey": openName, "PUBLIC_SECRET": tokenName,
		"key": weakName, "ENCRYPTION_KEY_BASE64": tokenName, "session": weakName, "API_KEY_PROD": tokenName,
	} {
		if got := classify(name); got != want {
			t.Errorf("%q: got %d, want %d", name, got, want)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	s, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	text := bytes.Repeat([]byte("func (s *Server) handle(w http.ResponseWriter, r *http.Request) { key := r.Header.Get(\"X-Key\"); if key == \"\" { return } }\n"), 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.e.walk(&document{format: source}, text, s.options.Now)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
