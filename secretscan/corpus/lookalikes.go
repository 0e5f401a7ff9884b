package corpus

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// lookalikes are what a naive scanner flags: each was reported as a false alarm of
// some scanner.
func lookalikes() []lookalike {
	v := func(id, names string, value func(*maker) string) lookalike {
		return lookalike{id: id, names: names, value: value}
	}
	in := func(id, names, carriers string, value func(*maker) string) lookalike {
		return lookalike{id: id, names: names, value: value, carriers: carriers}
	}
	file := func(id string, whole func(*maker) (string, string)) lookalike { return lookalike{id: id, whole: whole} }
	const text = "env js ts bundle python json yaml map compose go terraform log"
	return []lookalike{
		v("uuid", "REQUEST_ID TENANT_ID API_KEY_ID SESSION_ID DEPLOYMENT_KEY", (*maker).uuid),
		v("commit", "GIT_COMMIT SOURCE_REVISION BUILD_SHA", fixed("", hex, 40)),
		v("digest", "CONTENT_SHA256 FILE_HASH ETAG CHECKSUM", fixed("", hex, 64)),
		v("image", "IMAGE_DIGEST", fixed("sha256:", hex, 64)),
		v("integrity", "INTEGRITY SCRIPT_INTEGRITY", func(g *maker) string { return "sha512-" + g.of(b64, 86) + "==" }),
		v("anon-jwt", "SUPABASE_ANON_KEY NEXT_PUBLIC_SUPABASE_ANON_KEY", func(g *maker) string {
			return g.jwt(`{"iss":"supabase","ref":"` + g.of(lower, 20) + `","role":"anon","iat":1700000000,"exp":2015576000}`)
		}),
		v("supabase-publishable", "SUPABASE_PUBLISHABLE_KEY", fixed("sb_publishable_", b64url, 31)),
		v("stripe-publishable", "STRIPE_PUBLISHABLE_KEY", func(g *maker) string { return "pk_" + g.pick("live", "test") + "_" + g.of(b62, 24) }),
		v("stripe-test", "STRIPE_SECRET_KEY", fixed("sk_test_", b62, 24)),
		v("clerk", "CLERK_PUBLISHABLE_KEY", func(g *maker) string {
			return "pk_live_" + base64.StdEncoding.EncodeToString([]byte("clerk."+g.of(lower, 8)+".com$"))
		}),
		v("recaptcha", "RECAPTCHA_SITE_KEY", fixed("6Le", b64url, 37)),
		v("turnstile", "TURNSTILE_SITE_KEY", fixed("0x4AAAAAA", b64url, 14)),
		v("sentry-dsn", "SENTRY_DSN", func(g *maker) string {
			return fmt.Sprintf("https://%s@o%s.ingest.sentry.io/%s", g.of(hex, 32), g.of(digits, 6), g.of(digits, 7))
		}),
		v("posthog", "POSTHOG_KEY", fixed("phc_", b62, 43)),
		v("analytics", "MEASUREMENT_ID", fixed("G-", upper+digits, 10)),
		v("placeholder", "API_KEY DB_PASSWORD CLIENT_SECRET ACCESS_TOKEN", func(g *maker) string {
			return g.pick("your-api-key-here", "changeme", "<your-token>", "xxxxxxxxxxxxxxxxxxxxxxxx", "REPLACE_ME_WITH_A_SECRET", "sk-...", "********", "example-token-1234567890", "TODO", "insert-key-here", "dummy-secret-value-123", "none")
		}),
		in("reference", "API_KEY DB_PASSWORD CLIENT_SECRET", "env yaml compose terraform json", func(g *maker) string {
			return g.pick("${API_KEY}", "$DB_PASSWORD", "{{ .Values.secret }}", "${var.db_password}", "op://vault/item/password", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app", "vault:secret/data/app#key", "ref+awsssm://app/key", "%DB_PASSWORD%")
		}),
		in("words", "passwordLabel PASSWORD token secret", text, func(g *maker) string {
			return g.pick("Password", "Enter your password", "Passwort vergessen?", "auth.password.label", "user_password", "newPassword", "tokenExpired", "secret-rotation-policy", "mot de passe", "Please sign in again")
		}),
		in("ids", "API_KEY_NAME TOKEN_TYPE SECRET_NAME KEY_PATH TOKEN_URL", text, func(g *maker) string {
			return g.pick("production-billing-key-2024", "Bearer", "prod/app/database", "/etc/ssl/private/server.key", "https://auth.internal/oauth/token", "x-api-key", "projects/42/secrets/app")
		}),
		v("numbers", "MAX_TOKENS TOKEN_LIMIT TOKEN_TTL KEY_SIZE", func(g *maker) string { return g.of("123456789", 1) + g.of(digits, 4) }),
		v("keybinding", "key hotkey", func(g *maker) string { return g.pick("ctrl+shift+down", "cmd+alt+p", "ctrl+k ctrl+s", "shift+f10") }),
		v("cache-key", "cacheKey queryKey storageKey sortKey", func(g *maker) string {
			return g.pick("user:profile:v2", "chat-list-page-3", "session_cache_v1", "tenant/settings/theme", "idx_created_at_desc")
		}),
		v("public-key", "PUBLIC_KEY VERIFY_KEY", func(g *maker) string {
			return "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + g.of(b64, 86) + "=="
		}),
		in("bcrypt", "PASSWORD_HASH password", "json python yaml", func(g *maker) string { return "$2b$12$" + g.of(b64url[:62], 53) }),
		in("local-url", "DATABASE_URL REDIS_URL", text, func(g *maker) string {
			return g.pick("postgres://postgres:postgres@localhost:5432/app", "postgresql://user:password@localhost/db", "redis://localhost:6379", "mysql://root:root@127.0.0.1:3306/app", "mongodb://admin:admin@mongo:27017", "amqp://guest:guest@rabbitmq:5672", "postgres://user:pass@db.example.com/app")
		}),
		in("template-url", "DATABASE_URL", text, func(g *maker) string {
			return g.pick("postgres://${DB_USER}:${DB_PASS}@${DB_HOST}/app", "postgres://<user>:<password>@<host>/<db>", "mysql://{user}:{password}@{host}/app", "postgres://$USER:$PASSWORD@db/app")
		}),
		file("env-read", func(g *maker) (string, string) {
			return g.pick("src/env.ts", "src/env.js"), "export const apiKey = process.env.API_KEY\nexport const dbPassword = process.env.DB_PASSWORD ?? ''\nconst secret = getSecret('app/jwt-secret')\nexport const token = await client.fetchToken(apiKey)\n"
		}),
		file("env-read-python", func(g *maker) (string, string) {
			return "app/conf.py", "import os\nSECRET_KEY = os.environ['SECRET_KEY']\nAPI_KEY = os.getenv(\"API_KEY\", \"\")\nPASSWORD = config('PASSWORD')\ntoken = get_token(user.password)\n"
		}),
		file("types", func(g *maker) (string, string) {
			return "src/types.ts", "export type Login = { password: string; token?: string; apiKey: string | null }\ninterface Secret { secretKey: Uint8Array; accessToken: Promise<string> }\nconst passwordField = document.querySelector('#password')\n"
		}),
		file("go-sum", func(g *maker) (string, string) {
			return "go.sum", fmt.Sprintf("github.com/acme/token v1.2.3 h1:%s=\ngithub.com/acme/token v1.2.3/go.mod h1:%s=\n", g.of(b64, 43), g.of(b64, 43))
		}),
		file("package-lock", func(g *maker) (string, string) {
			return "package-lock.json", fmt.Sprintf("{\n \"packages\": {\n  \"node_modules/js-tokens\": {\n   \"version\": \"4.0.0\",\n   \"resolved\": \"https://registry.npmjs.org/js-tokens/-/js-tokens-4.0.0.tgz\",\n   \"integrity\": \"sha512-%s==\"\n  }\n }\n}\n", g.of(b64, 86))
		}),
		file("firebase", func(g *maker) (string, string) {
			return "src/firebase.ts", "export const app = initializeApp({\n  apiKey: 'AIza" + g.of(b64url, 35) + "',\n  authDomain: 'app-1234.firebaseapp.com',\n  projectId: 'app-1234',\n  appId: '1:1234567890:web:" + g.of(hex, 22) + "',\n})\n"
		}),
		file("tutorial-jwt", func(g *maker) (string, string) {
			return "docs/auth.md", "Send it as a header:\n\n    Authorization: Bearer " + g.jwt(`{"sub":"1234567890","name":"John Doe","iat":1516239022}`) + "\n"
		}),
		file("expired-jwt", func(g *maker) (string, string) {
			return "logs/old.log", "2021-03-01 GET /me authorization=" + g.jwt(`{"sub":"`+g.uuid()+`","exp":1614600000}`) + "\n"
		}),
		file("aws-example", func(g *maker) (string, string) {
			return "docs/setup.md", "    aws_access_key_id = AKIA" + "IOSFODNN7" + "EXAMPLE\n    aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY\n"
		}),
		file("test-fixture", func(g *maker) (string, string) {
			return g.pick("tests/login.test.ts", "spec/user_spec.rb", "internal/auth_test.go"), "const password = 'Tr" + g.of(b62, 8) + "!9'\nconst apiKey = '" + g.of(b62, 32) + "'\n"
		}),
		file("test-key", func(g *maker) (string, string) { return "testdata/server.key", g.pem("RSA PRIVATE KEY", 24) + "\n" }),
		file("certificate", func(g *maker) (string, string) { return "certs/ca.pem", g.pem("CERTIFICATE", 20) + "\n" }),
		file("public-pem", func(g *maker) (string, string) { return "keys/jwt.pub", g.pem("PUBLIC KEY", 7) + "\n" }),
		file("ssh-public", func(g *maker) (string, string) {
			return "authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + g.of(b64, 43) + " deploy@host\n"
		}),
		file("pem-code", func(g *maker) (string, string) {
			return "src/pem.ts", "const BEGIN = '-----BEGIN PRIVATE KEY-----'\nconst END = '-----END PRIVATE KEY-----'\nexport const wrap = (body: string) => `${BEGIN}\\n${body}\\n${END}`\n"
		}),
		file("env-example", func(g *maker) (string, string) {
			return ".env.example", "API_KEY=\nDB_PASSWORD=secret\nJWT_SECRET=generate-me-with-openssl\nSTRIPE_SECRET_KEY=sk_live_xxxxxxxxxxxxxxxxxxxxxxxx\nSESSION_SECRET=your-session-secret\n"
		}),
		file("picture", func(g *maker) (string, string) {
			return "src/logo.ts", "export const logo = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA" + g.of(b64, 400) + "'\n"
		}),
		file("css", func(g *maker) (string, string) {
			return "dist/main." + g.of(hex, 8) + ".css", ".password-field__token--secret_" + g.of(b62, 5) + "{color:#fff}.key-" + g.of(b62, 6) + "{width:10px}\n"
		}),
		file("asset-manifest", func(g *maker) (string, string) {
			return "dist/manifest.json", fmt.Sprintf("{\"main.js\":\"/static/main.%s.js\",\"auth-key.css\":\"/static/auth.%s.css\",\"buildId\":\"%s\"}\n", g.of(hex, 20), g.of(hex, 20), g.of(b64url, 21))
		}),
		file("csp", func(g *maker) (string, string) {
			return "index.html", fmt.Sprintf("<meta name=\"csrf-token\" content=\"\">\n<script nonce=\"%s\" src=\"/a.js\" integrity=\"sha384-%s\"></script>\n<input type=\"password\" name=\"password\" placeholder=\"Password\">\n", g.of(b64, 22), g.of(b64, 64))
		}),
		file("trace-log", func(g *maker) (string, string) {
			return "logs/trace.log", fmt.Sprintf("{\"trace_id\":\"%s\",\"span_id\":\"%s\",\"session_id\":\"%s\",\"msg\":\"token refreshed for user 42\",\"token_type\":\"bearer\"}\nBearer token is missing or malformed\n", g.of(hex, 32), g.of(hex, 16), g.uuid())
		}),
		file("redacted-log", func(g *maker) (string, string) {
			return "logs/redacted.log", "authorization: Bearer [secret]\npassword=******** api_key=[REDACTED] token=<redacted>\nx-api-key: sk_live_****************************\nDATABASE_URL=postgres://app:***@db-1.internal/app\n"
		}),
		file("prompt", func(g *maker) (string, string) {
			return "prompts/system.txt", "Never reveal the password, the API key or the secret token. If a user asks for a password: refuse. Basic information only.\n"
		}),
		file("sql", func(g *maker) (string, string) {
			return "migrations/001.sql", "CREATE TABLE users (id uuid PRIMARY KEY, password_hash text NOT NULL, api_key_hash bytea, token_expires_at timestamptz);\nALTER TABLE sessions ADD CONSTRAINT sessions_token_key UNIQUE (token);\n"
		}),
		file("source-map-mappings", func(g *maker) (string, string) {
			var b strings.Builder
			for range 60 {
				b.WriteString(g.of(upper+lower, 4) + g.pick(",", ";") + g.of(upper+lower, 5) + g.pick(",", ";"))
			}
			return "dist/vendor.js.map", `{"version":3,"sources":["../a.ts"],"sourcesContent":["export const token = (k: string) => k\n"],"names":["token","key"],"mappings":"` + b.String() + `"}`
		}),
	}
}
