package database

import (
	"slices"
	"strings"
	"testing"
)

func TestAlwaysTrue(t *testing.T) {
	for expr, want := range map[string]bool{
		"true": true, "(true)": true, "((1 = 1))": true, "('a'::text = 'a'::text)": true, "(true OR (tenant_id = 'x'::text))": true,
		"((tenant_id = 'x'::text) OR (1 = 1))": true, "(true AND true)": true, "(NOT false)": true, "(1 <> 2)": true,
		"false": false, "": false, "(1 = 2)": false, "(tenant_id = current_setting('app.tenant'::text, true))": false, "(true AND (tenant_id = 'x'::text))": false,
		"(NOT true)": false, "(name = 'a OR true'::text)": false, `("or true" = 'x'::text)`: false, "(a = 'it''s true) OR (true'::text)": false, "(": false, "((true)": false,
		"(tenant_id = tenant_id)": false, // true but for NULL: left to what is executed
	} {
		if got := AlwaysTrue(expr); got != want {
			t.Errorf("%s: got %v, want %v", expr, got, want)
		}
	}
}

func TestMentions(t *testing.T) {
	for _, tt := range []struct {
		text, name string
		want       bool
	}{
		{"SELECT * FROM notes", "notes", true}, {`SELECT * FROM public."Notes"`, "notes", true}, {"notes_old, my_notes", "notes", false}, {"x.notes;", "notes", true}, {"", "notes", false}, {"notes", "", false}, {"ünotes", "notes", false},
	} {
		if got := Mentions(tt.text, tt.name); got != tt.want {
			t.Errorf("%q in %q: got %v", tt.name, tt.text, got)
		}
	}
}

func TestSettings(t *testing.T) {
	got := Settings(`current_setting('app.tenant'::text, true) OR Current_Setting ( 'it''s') OR current_setting('app.tenant')`)
	if want := []string{"app.tenant", "it's"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for set, want := range map[string]string{
		"SELECT set_config('app.tenant_id', $1, true)": "app.tenant_id", "SET LOCAL app.tenant = $1": "app.tenant", "set session app.current_tenant to $1": "app.current_tenant",
		`SET app."odd" = $1`: "app.odd", "SELECT become($1)": "", "": "",
	} {
		if got := (Tenancy{Set: set}).Setting(); got != want {
			t.Errorf("%s: got %q, want %q", set, got, want)
		}
	}
}

func TestUserClaim(t *testing.T) {
	for text, want := range map[string]string{
		"((auth.jwt() -> 'user_metadata'::text) ->> 'org')": "user_metadata", "raw_user_meta_data": "raw_user_meta_data", "current_setting('request.headers')": "request.headers",
		"app_metadata": "", "my_user_metadata_x": "", "": "",
	} {
		if got := UserClaim(text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestLiteralsAndNamesAreClosed(t *testing.T) {
	for in, want := range map[string]string{"a": "'a'", "it's": "'it''s'", `\'; DROP`: `E'\\''; DROP'`, "a\x00b": "'ab'"} {
		if got := Literal(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	if got := Quote("a\x00", `b"c`); got != `"a"."b""c"` {
		t.Errorf("got %s", got)
	}
}

// FuzzExpression holds that no text breaks the reader, that brackets around an
// expression change nothing, and that AND false is never true.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{"true", "((a = 'x') OR (1 = 1))", "'", `"`, "(((", "NOT NOT true", "a AND b OR c", "1 = 1 = 1", "☂ OR true"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := AlwaysTrue(s)
		if strings.ContainsAny(s, `'"()`) {
			return
		}
		if AlwaysTrue("("+s+")") != v {
			t.Errorf("%q: brackets change it", s)
		}
		if AlwaysTrue("(" + s + ") AND false") {
			t.Errorf("%q AND false is true", s)
		}
		split(s, "OR")
		Mentions(s, "a")
	})
}
