package secretscan

import "strings"

// nameClass is what the name of a variable, a field or a header says of its value.
type nameClass int

const (
	noName    nameClass = iota // says nothing, or that it is no secret
	weakName                   // "key", "auth", "session": only a random value counts
	tokenName                  // "api_key", "token", "secret"
	passName                   // "password": a person may have chosen it
	hashName                   // "sha256", "etag"
	openName                   // "publishable_key", "site_key": meant to be seen
)

// wordsOf splits a name at its separators and changes of case.
func wordsOf(name string) []string {
	var out []string
	start := 0
	flush := func(end int) {
		if end > start {
			out = append(out, strings.ToLower(name[start:end]))
		}
		start = end
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case !isLetter(c) && !isDigit(c):
			flush(i)
			start = i + 1
		case i > start && c >= 'A' && c <= 'Z' && (name[i-1] >= 'a' && name[i-1] <= 'z' || isDigit(name[i-1])):
			flush(i)
		case i > start && c >= 'a' && c <= 'z' && i-1 > start && name[i-1] >= 'A' && name[i-1] <= 'Z' && name[i-2] >= 'A' && name[i-2] <= 'Z':
			flush(i - 1) // "APIKey": API, Key
		}
	}
	flush(len(name))
	return out
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

var (
	// trailing words say where or in which form, and not what.
	trailing = set(`value val default prod production dev development staging stage live local env var b64 base64 raw str string plain plaintext text
		old new current previous primary secondary main backup 1 2 3 01 02 v1 v2 v3 encoded literal const here override fallback bytes`)
	// endings of names whose values are no secrets, whatever stands before.
	harmless = set(`id ids name names path paths file files filename url uri href link endpoint type types kind label labels title header headers field fields prefix
		suffix regex pattern format length len size count limit max min ttl expiry expires expiration exp expire timeout age date time at in error errors message msg hint help
		description desc placeholder enabled disabled required valid visible policy rule rules strength length index idx position offset method provider store storage manager service
		handler factory class interface schema model dto request response input form page view screen route info data config configuration options option settings params param
		reset validator validation generator source algorithm algo alg version status state mode scope scopes role user username email owner issuer audience usage cost budget
		count total price used remaining rate template arn ref reference secretname map list array set dict table column row pair pairs event events listener callback hook fn func
		function code codes lifetime duration revoked rotation refresh location dir directory folder bucket region zone selector alias display color icon button placeholder
		test case example sample symbol symbols word words char chars stream reader writer parser cache pool queue counter bits curve vault engine backend client server host hostname
		domain port protocol created updated tip tips question answer confirm confirmation confirmed again repeat mismatch match matches changed change attempts permission permissions`)
	hashes     = set(`hash sha sha1 sha224 sha256 sha384 sha512 md5 digest checksum checksums etag fingerprint fingerprints integrity commit revision rev thumbprint crc blake2 blake3 hashes sum shasum oid sri`)
	passwords  = set(`password passwd pwd passphrase pass passcode pw passwort motdepasse contrasena senha userpass dbpass`)
	tokens     = set(`token apikey accesskey secretkey privatekey secret secrets credential credentials creds apisecret apitoken authtoken accesstoken authkey signingkey bearer jwt pat`)
	plainKinds = set(`page next continuation start end pad eos bos unk special mask sync cancellation pagination stop sep cls csrf xsrf cursor design first last prev previous current input output prompt
		completion total max min num tokenizer syntax lexer parse parsed raw quote string identifier keyword operator sequence image class separator delimiter empty dummy vocabulary prefix suffix
		skip new line ctx context cancel space white whitespace`)
	plainKeys = set(`primary foreign public cache sort partition query storage row group map hot shortcut object i18n trans translation index lookup route state prop props react data item dict json
		event message config setting field column unique natural composite hash range registry locale sub parent child node entity record property attribute tab menu step section parameter
		context dedupe dedup idempotency compare order session search filter type enum name label text lang language meta metadata header cookie widget component feature flag metric
		tag attr param variable var env file path url resource bucket blob s3 redis lock job queue topic routing binding binary shard bind rel relation ref reference link value
		first last prev next current left right up down enter escape arrow function modifier ctrl shift alt command media min max any all each no other the a is by on of for to in
		host ssh gpg pgp verify verification verifying store stored keyboard key press long short selected active expanded default unknown missing invalid duplicate same new old virtual
		tree leaf merkle song music piano musical color style class css theme dom xml yaml toml ini properties preference preferences pref prefs settings option tracking analytics`)
	opened   = set(`publishable public pub anon site sitekey measurement dsn publickey clientid client_id appid`)
	secretly = set(`secret private password passwd token credential signing encryption master service admin access api auth webhook server jwt hmac account shared cipher crypto aes`)
)

// classify says what a name tells of its value.
func classify(name string) nameClass {
	ws := wordsOf(name)
	for len(ws) > 1 && trailing[ws[len(ws)-1]] {
		ws = ws[:len(ws)-1]
	}
	if len(ws) == 0 {
		return noName
	}
	for _, w := range ws[:len(ws)-1] {
		if w == "label" || w == "labels" || w == "placeholder" || w == "i18n" || w == "translation" || w == "tooltip" || w == "aria" || w == "validation" || w == "example" {
			return noName
		}
	}
	last := ws[len(ws)-1]
	before := ""
	if len(ws) > 1 {
		before = ws[len(ws)-2]
	}
	open := false
	for _, w := range ws {
		if opened[w] {
			open = true
		}
	}
	switch {
	case hashes[last]:
		return hashName
	case harmless[last]:
		return noName
	case passwords[last] || strings.HasSuffix(last, "password") || strings.HasSuffix(last, "passwd") || strings.HasSuffix(last, "passphrase"):
		if (last == "pass" || last == "pw") && len(ws) == 1 {
			return weakName
		}
		return passName
	case tokens[last] || strings.HasSuffix(last, "apikey") || strings.HasSuffix(last, "secretkey") || strings.HasSuffix(last, "accesskey") || strings.HasSuffix(last, "authtoken") || strings.HasSuffix(last, "accesstoken") ||
		strings.HasSuffix(last, "secret") || strings.HasSuffix(last, "token"):
		if last == "token" && plainKinds[before] {
			return noName
		}
		if open && !strings.Contains(last, "secret") {
			return openName
		}
		if last == "jwt" || last == "pat" || last == "bearer" {
			return weakName
		}
		return tokenName
	case last == "key" || last == "keys" || strings.HasSuffix(last, "key"):
		if open {
			return openName
		}
		if secretly[before] || len(ws) > 2 && (ws[len(ws)-3] == "secret" || ws[len(ws)-3] == "api") {
			return tokenName
		}
		if plainKeys[before] || last != "key" && last != "keys" && plainKeys[strings.TrimSuffix(last, "key")] || last == "keys" || last == "monkey" || last == "hotkey" {
			return noName
		}
		return weakName
	case last == "auth" || last == "authorization" || last == "session" || last == "sid" || last == "sessionid" || last == "pepper" || last == "cookie" || last == "role" && before == "service" || last == "dsn":
		if open {
			return openName
		}
		return weakName
	}
	return noName
}
