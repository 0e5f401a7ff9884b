package auth

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// weakSecrets are the secrets of tutorials, templates and libraries' examples.
// They are asked offline, against the run's own token.
var weakSecrets = strings.Fields(`
secret Secret SECRET secret123 secretkey secret_key secret-key SecretKey SECRET_KEY secretKey mysecret my_secret my-secret mysecretkey
my_secret_key my-secret-key mySecretKey supersecret super_secret super-secret supersecretkey super-secret-key superSecretKey topsecret
verysecret verysecretkey thisisasecret thisisasecretkey this-is-a-secret this_is_a_secret_key notsosecret shhhhh shhhhhhared-secret
jwt JWT jwtsecret jwt_secret jwt-secret jwtSecret JWT_SECRET jwt_secret_key jwt-secret-key JWT_SECRET_KEY jwtsecretkey jwtkey jwt_key
jwttoken token token_secret tokensecret access access_token_secret accesstokensecret refresh_token_secret ACCESS_TOKEN_SECRET
key Key mykey my_key privatekey private_key private-key privateKey signingkey signing_key signing-key hmac hmacsecret sharedsecret
shared-secret shared_secret appsecret app_secret app-secret APP_SECRET APP_KEY session_secret sessionsecret session-secret cookie_secret
auth auth_secret authsecret auth-secret AUTH_SECRET NEXTAUTH_SECRET server_secret client_secret api api_key apikey api_secret apisecret
password Password password1 password123 P@ssw0rd passw0rd pass pass123 passphrase letmein welcome qwerty qwerty123 abc123 admin admin123
root test test123 testing testsecret test_secret test-secret test_key testkey demo demosecret dev development devsecret dev-secret
dev_secret staging production prod local localhost example example_key sample changeme change_me change-me CHANGEME changeit
change-this change_this_secret changethis ChangeMe please-change-me replace_me replaceme replace-me your_secret your-secret yoursecret
your_secret_key your-secret-key your_jwt_secret your-jwt-secret your_jwt_secret_key your-256-bit-secret your-384-bit-secret
your-512-bit-secret your-super-secret-key your-secret-key-here yoursecretkey YOUR_SECRET_KEY random randomkey random-key none null
undefined empty default default_secret default-secret defaultsecret insecure insecure-secret insecure_secret_key unsafe
keyboardcat foo bar foobar foobarbaz hello helloworld hello-world 123 1234 12345 123456 1234567 12345678 123456789 1234567890
0123456789 00000000 0000000000000000 00000000000000000000000000000000 aaaaaaaa abcdefgh abcdefghijklmnopqrstuvwxyz
abcdefghijklmnopqrstuvwxyz123456 0123456789abcdef0123456789abcdef gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr9C django django-insecure flask
fastapi express nodejs spring springboot laravel rails golang gin echo fiber nestjs supabase firebase hasura postgrest vampi
super-secret-jwt-token-with-at-least-32-characters-long
09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7
`)

// phrases are weak secrets with spaces in them.
var phrases = []string{"", " ", "keyboard cat", "super secret", "my secret key", "this is a secret", "secret key", "top secret", "shared secret", "change me", "your secret here"}

// candidates lists the secrets to try: the dictionary, and words that anyone
// would try for this product.
func candidates(t *lr.Target) []string {
	out := append(append([]string(nil), weakSecrets...), phrases...)
	var words []string
	if t.Product != "" {
		words = append(words, t.Product, strings.ToLower(t.Product), strings.ToLower(strings.ReplaceAll(t.Product, " ", "")), strings.ToLower(strings.ReplaceAll(t.Product, " ", "-")))
	}
	if t.Base != nil {
		words = append(words, t.Base.Hostname())
		words = append(words, strings.Split(t.Base.Hostname(), ".")...)
	}
	for _, w := range words {
		for _, tail := range []string{"", "secret", "-secret", "_secret", "key", "-key", "_key", "123", "-jwt", "_jwt"} {
			out = append(out, w+tail)
		}
	}
	return out
}
