package redact

import "testing"

func TestSecretName(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "new_password": true, "newPassword": true, "DB_PASSWORD": true, "X-Api-Key": true, "apiKey": true, "api.key": true,
		"access_token": true, "shareToken": true, "Set-Cookie": true, "client_secret": true, "session_id": true, "otp": true,
		"": false, "name": false, "tokens": false, "max_tokens": false, "token_type": false, "passwordless": false, "secretary": false,
		"idempotency-key": false, "Sec-WebSocket-Key": false, "email": false, "password_changed_at": false, "k": false, "-": false,
	} {
		if got := secretName(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

func TestFieldsKeepTheirPlace(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing to mask is the same text", `{"a":"b","c":[1,2]}`, `{"a":"b","c":[1,2]}`},
		{"two members", `{"token":"a","secret":"b"}`, `{"token":"[secret]","secret":"[secret]"}`},
		{"blanks before and after the colon", "\"token\" :\n \"a\"", "\"token\" :\n \"[secret]\""},
		{"object value", `{"token":{"id":1}}`, `{"token":{"id":1}}`},
		{"at the very end", `{"token":`, `{"token":`},
		{"name without a start", `password":"a"`, `password":"[secret]"`},
		{"form after form", "token=a&token=b;token=c", "token=[secret]&token=[secret];token=[secret]"},
		{"empty form value", "token=&a=b", "token=&a=b"},
		{"header among headers", "A: b\r\nX-Auth-Token: c\r\nD: e", "A: b\r\nX-Auth-Token: [secret]\r\nD: e"},
		{"header in the middle of a line is prose", "he said token: yes", "he said token: yes"},
		{"curl's markers", "> Authorization: Bearer abc\n< Set-Cookie: a=b; Secure", "> Authorization: Bearer [secret]\n< Set-Cookie: a=[secret]; Secure"},
		{"cookie without a name", "Cookie: abc", "Cookie: [secret]"},
		{"a signature outside of a link", "sig=abc", "sig=abc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fields(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
