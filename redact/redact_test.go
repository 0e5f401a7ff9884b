package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/redact"
)

const canary = "lr1-ab12cd-acme-7-0123456789abcdef01234567"

// token is a JWT with the algorithm, put together at run time.
func token(alg string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(`{"alg":"`+alg+`","typ":"JWT"}`)) + "." + e([]byte(`{"sub":"42"}`)) + "." + e([]byte("signature-bytes"))
}

func TestRegisteredSecretInEveryForm(t *testing.T) {
	for name, secret := range map[string]string{
		"plain word":   "hunter2hunter2",
		"url specials": "p@ss w/rd+&=%?#",
		"quotes":       `it's "quoted" \ back`,
		"html":         `<b>&'"</b>`,
		"unicode":      "pässwörd–漢字",
		"short":        "ab1!",
		"ends quote":   `abcdef"`,
		"bearer":       "Bearer " + token("RS256"),
	} {
		t.Run(name, func(t *testing.T) {
			r := redact.New(lr.NewSecret(secret))
			inJSON, err := json.Marshal(map[string]string{"k": secret})
			if err != nil {
				t.Fatal(err)
			}
			twice, err := json.Marshal(string(inJSON))
			if err != nil {
				t.Fatal(err)
			}
			texts := map[string]string{
				"plain":       "before " + secret + " after",
				"glued":       "x" + secret + "y",
				"query":       "https://h.test/?k=" + url.QueryEscape(secret) + "&l=1",
				"query lower": "https://h.test/?k=" + strings.ToLower(url.QueryEscape(secret)),
				"path":        "/a/" + url.PathEscape(secret) + "/b",
				"json":        string(inJSON),
				"json twice":  string(twice),
				"html":        "<p>" + html.EscapeString(secret) + "</p>",
				"base64":      "blob " + base64.StdEncoding.EncodeToString([]byte(secret)),
				"base64url":   "blob " + base64.URLEncoding.EncodeToString([]byte(secret)),
			}
			if strings.ToLower(secret) != secret {
				delete(texts, "query lower") // lower-casing changes the secret itself
			}
			for form, text := range texts {
				got := r.String(text)
				if got == text || !strings.Contains(got, redact.Mark) && !strings.Contains(got, "[jwt") {
					t.Errorf("%s: nothing was taken out", form)
				}
				for _, bad := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
					if strings.Contains(got, bad) {
						t.Errorf("%s: the secret is still there", form)
					}
				}
			}
		})
	}
}

func TestSecretInsideLongerBase64(t *testing.T) {
	secret := "correct-horse-battery"
	r := redact.New(lr.NewSecret(secret))
	for _, prefix := range []string{"", "u", "us", "usr", "user@acme.test:"} {
		blob := base64.StdEncoding.EncodeToString([]byte(prefix + secret + ":tail"))
		got := r.String("blob " + blob)
		if !strings.Contains(got, redact.Mark) {
			t.Errorf("prefix %q: the encoded secret survives: %s", prefix, got)
		}
		// What is left must not decode to more than a character or two of it.
		if strings.Contains(got, blob[len(blob)/2-4:len(blob)/2+4]) {
			t.Errorf("prefix %q: the middle of the blob survives", prefix)
		}
	}
}

func TestShapes(t *testing.T) {
	r := redact.New()
	jwt := token("HS256")
	for _, c := range []struct{ name, in, want string }{
		{"jwt keeps its algorithm", "got " + jwt + " back", "got [jwt:HS256] back"},
		{"jwt with alg none and no signature", jwt[:strings.LastIndex(jwt, ".")+1], "[jwt:HS256]"},
		{"jwt with a hostile algorithm", token("<script>"), "[jwt]"},
		{"authorization keeps its scheme", "Authorization: Bearer abcdef", "Authorization: Bearer [secret]"},
		{"authorization without a scheme", "authorization: abcdef", "authorization: [secret]"},
		{"authorization with a jwt", "Authorization: Bearer " + jwt, "Authorization: Bearer [jwt:HS256]"},
		{"authorization said to be nothing", "Authorization: Bearer null", "Authorization: Bearer null"},
		{"authorization empty", "Authorization: Bearer ", "Authorization: Bearer"},
		{"basic", "Authorization: Basic dXNlcjpwdw==", "Authorization: Basic [secret]"},
		{"api key header", "X-API-Key: 0123456789", "X-API-Key: [secret]"},
		{"cookie keeps names", "Cookie: sid=abc; theme=dark", "Cookie: sid=[secret]; theme=[secret]"},
		{"set-cookie keeps attributes", "Set-Cookie: sid=abc; Path=/; HttpOnly; SameSite=Lax", "Set-Cookie: sid=[secret]; Path=/; HttpOnly; SameSite=Lax"},
		{"openai key", "key sk-proj-0123456789abcdef!", "key sk-[key]!"},
		{"harbor key", `"hk_0a1b2c3d4e5f"`, `"hk_[key]"`},
		{"a word is no key", "sk-learning a task-0123456789", "sk-learning a task-0123456789"},
		{"json password", `{"password":"hunter2","name":"Ann"}`, `{"password":"[secret]","name":"Ann"}`},
		{"json camel case", `{"accessToken" : "abc"}`, `{"accessToken" : "[secret]"}`},
		{"json escapes", `{"client_secret":"a\"b\\"}`, `{"client_secret":"[secret]"}`},
		{"json number", `{"otp":123456}`, `{"otp":"[secret]"}`},
		{"json null", `{"token":null,"token_type":"Bearer"}`, `{"token":null,"token_type":"Bearer"}`},
		{"json nested", `{"log":"{\"password\":\"hunter2\"}"}`, `{"log":"{\"password\":\"[secret]\"}"}`},
		{"json cut short", `{"password":"hunt`, `{"password":"[secret]`},
		{"count of tokens stays", `{"max_tokens":256,"total_tokens":12}`, `{"max_tokens":256,"total_tokens":12}`},
		{"a value that was left out", "DB_PASSWORD=[value withheld]\nA=1\nAPI_TOKEN=[value withheld]", "DB_PASSWORD=[value withheld]\nA=1\nAPI_TOKEN=[value withheld]"},
		{"a secret behind what was left out", "password=[value withheld]hunter2 a", "password=[value withheld][secret] a"},
		{"a note that only begins like one", "password=[value with", "password=[secret] with"},
		{"form", "user=ann&password=hunter2&next=%2F", "user=ann&password=[secret]&next=%2F"},
		{"query", "GET /x?access_token=abc&limit=5 HTTP/1.1", "GET /x?access_token=[secret]&limit=5 HTTP/1.1"},
		{"signed link", "/v1/download/9?exp=1&sig=abc", "/v1/download/9?exp=1&sig=[secret]"},
		{"environment", "DB_PASSWORD=hunter2", "DB_PASSWORD=[secret]"},
		{"multipart", "Content-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--b", "Content-Disposition: form-data; name=\"password\"\r\n\r\n[secret]\r\n--b"},
		{"database url", "postgres://app:hunter2@db.test/x", "postgres://app:[secret]@db.test/x"},
		{"private key", "a -----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY----- b", "a [key] b"},
		{"e-mail stays", `{"email":"ann@acme.test"}`, `{"email":"ann@acme.test"}`},
		{"canary stays in a secret field", `{"secret":"` + canary + `"}`, `{"secret":"` + canary + `"}`},
		{"canary stays among secrets", `{"token":"abc ` + canary + ` def"}`, `{"token":"[secret]` + canary + `[secret]"}`},
		{"placeholder stays", "Authorization: Bearer $TOKEN", "Authorization: Bearer $TOKEN"},
		{"prose stays", "The key to good tokens is a secret garden.", "The key to good tokens is a secret garden."},
		{"other headers stay", "Content-Type: application/json\nIdempotency-Key: abc\nX-RateLimit-Remaining: 5", "Content-Type: application/json\nIdempotency-Key: abc\nX-RateLimit-Remaining: 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := r.String(c.in)
			if strings.TrimRight(got, " ") != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if again := r.String(got); again != got {
				t.Errorf("not idempotent: %q", again)
			}
		})
	}
}

func TestCanariesSurviveSecretsTheyContain(t *testing.T) {
	r := redact.New(lr.NewSecret("acme"), lr.NewSecret("secret"), lr.NewSecret(canary))
	got := r.String("acme " + canary + " secret")
	if want := "[secret] " + canary + " [secret]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if again := r.String(got); again != got {
		t.Errorf("not idempotent with a secret that is part of the mark: %q", again)
	}
}

func TestNilAndZeroKnowShapes(t *testing.T) {
	var none *redact.Redactor
	for _, r := range []*redact.Redactor{none, {}} {
		if got := r.String(`{"password":"x1"}`); got != `{"password":"[secret]"}` {
			t.Errorf("got %s", got)
		}
	}
	if none.Strings(nil) != nil || string(none.Bytes([]byte("a"))) != "a" {
		t.Error("empty input must stay what it is")
	}
}

func TestAddWhileReading(t *testing.T) {
	r := redact.New()
	var wg sync.WaitGroup
	for i := range 8 {
		secret := fmt.Sprintf("rotated-%d-value", i)
		wg.Go(func() {
			r.Add(lr.NewSecret(secret))
			for range 50 {
				if got := r.Strings([]string{"a " + secret}); got[0] != "a [secret]" {
					t.Errorf("a secret that was added is not known: %q", got[0])
				}
			}
		})
	}
	wg.Wait()
}

// Random texts out of the pieces that rules care about: whatever they are put
// together to, redaction is idempotent and the secrets are gone.
func TestProperties(t *testing.T) {
	secrets := []string{"abc[", "s3cr3t/+val", "secret", "]tail", "[secret]", "jwt:", "Bearer"}
	r := redact.New()
	for _, s := range secrets {
		r.Add(lr.NewSecret(s))
	}
	pieces := append([]string{"Cookie: ", "Set-Cookie: a=", "Authorization: ", "Bearer ", "Basic ", "\n", "\r\n", " ", ";", "=", "&", "?", "\"", "\\\"", "\\", ":",
		`"password":"`, `"token": `, "access_token=", "sig=", "://u:", "@h", "sk-", "hk_", "0123456789abcdef", canary, "[secret]", "[key]", "[jwt]", "[jwt:HS256]", "[", "]",
		token("none"), "eyJ", ".", "null", "name=\"secret\"", "-----BEGIN PRIVATE KEY-----", "é", "\x00", "\xff"}, secrets...)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var b strings.Builder
		for range 1 + rnd.IntN(12) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		check(t, r, b.String(), "s3cr3t/+val")
		if t.Failed() {
			return
		}
	}
}

func check(t *testing.T, r *redact.Redactor, in, secret string) {
	t.Helper()
	once := r.String(in)
	if twice := r.String(once); twice != once {
		t.Errorf("not idempotent\nin    %q\nonce  %q\ntwice %q", in, once, twice)
	}
	if strings.Contains(once, secret) {
		t.Errorf("the secret is still there\nin   %q\nonce %q", in, once)
	}
	if got, want := strings.Count(once, canary), strings.Count(in, canary); got != want {
		t.Errorf("canaries: got %d, want %d\nin   %q\nonce %q", got, want, in, once)
	}
}

// Input that makes a backtracking or rescanning rule take hours: the deadline of
// the test run is the assertion.
func TestLinear(t *testing.T) {
	r := redact.New(lr.NewSecret("needle-in-haystack"))
	for name, unit := range map[string]string{"quotes": `"`, "escaped quotes": `\"`, "token heads": "eyJ.", "names": "token", "names with colons": "token:", "blanks": " ", "schemes": "://a:", "members left open": `"password":"`} {
		t.Run(name, func(t *testing.T) {
			in := strings.Repeat(unit, 1<<20/len(unit))
			if got := r.String(in); len(got) > 8*len(in) {
				t.Errorf("%d bytes became %d", len(in), len(got))
			}
		})
	}
}

func BenchmarkString(b *testing.B) {
	r := redact.New(lr.NewSecret("needle-in-haystack"), lr.NewSecret(token("RS256")))
	in := strings.Repeat(`{"id":"0b0b","name":"Ann","email":"ann@acme.test","note":"hello"},`, 1000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		r.String(in)
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"Cookie: a=b; s3cr3t/+val", `{"password":"s3cr3t\/+val"}`, canary + "s3cr3t/+val", "abc[secret]", "Authorization: Bearer " + token("HS256"), "://a:b@c:d@e"} {
		f.Add(s)
	}
	r := redact.New(lr.NewSecret("s3cr3t/+val"), lr.NewSecret("secret"))
	f.Fuzz(func(t *testing.T, in string) { check(t, r, in, "s3cr3t/+val") })
}
