package corpus

import (
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"strings"
)

// checksummed is a token of GitHub or npm with the CRC-32 that it ends in.
func (g *maker) checksummed(prefix string) string {
	body := g.of(b62, 30)
	n, end := crc32.ChecksumIEEE([]byte(body)), ""
	for range 6 {
		end = b62[n%62:n%62+1] + end
		n /= 62
	}
	return prefix + body + end
}

func (g *maker) pem(label string, lines int) string {
	var b strings.Builder
	b.WriteString("-----BEGIN " + label + "-----\n")
	for range lines {
		b.WriteString(g.of(b64, 64) + "\n")
	}
	b.WriteString(g.of(b64, 30) + "==\n-----END " + label + "-----")
	return b.String()
}

func (g *maker) jwt(payload string) string {
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	return head + "." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." + g.of(b64url, 43)
}

// password is one that a person chose: words, a number, a sign.
func (g *maker) password() string {
	words := []string{"Harbor", "Velvet", "Copper", "Juniper", "Falcon", "Marble", "Tundra", "Saffron", "Quartz", "Lantern"}
	switch g.IntN(3) {
	case 0:
		return g.pick(words...) + g.pick("!", "#", "$", "&", "*") + g.of(digits, 4) + g.of(lower, 2)
	case 1:
		return g.of(b62, 6) + g.pick("!", "%", "-", "_") + g.of(b62, 8)
	}
	return g.of(b62, 16)
}

func fixed(prefix, alphabet string, n int) func(*maker) string {
	return func(g *maker) string { return prefix + g.of(alphabet, n) }
}

// kinds are the secrets of the corpus, each by the documentation of who issues it.
func kinds() []kind {
	pre := func(id, names string, value func(*maker) string) kind {
		return kind{id: id, prefixed: true, names: names, value: value, carriers: everywhere + " readme message"}
	}
	own := func(id, names, carriers string, value func(*maker) string) kind {
		return kind{id: id, names: names, value: value, carriers: carriers}
	}
	const noRaw = "env js ts bundle python json yaml kubernetes map notebook har storage log dockerfile compose shell terraform go"
	return []kind{
		pre("openai-project", "OPENAI_API_KEY", func(g *maker) string { return "sk-proj-" + g.of(b64url, 74) + "T3Blbk" + "FJ" + g.of(b64url, 74) }),
		pre("openai-legacy", "OPENAI_KEY", func(g *maker) string { return "sk-" + g.of(b62, 20) + "T3Blbk" + "FJ" + g.of(b62, 20) }),
		pre("anthropic", "ANTHROPIC_API_KEY", func(g *maker) string { return "sk-ant-" + "api03-" + g.of(b64url, 93) + "AA" }),
		pre("groq", "GROQ_API_KEY", fixed("gsk_", b62, 52)),
		pre("huggingface", "HF_TOKEN", fixed("hf_", upper+lower, 34)),
		pre("replicate", "REPLICATE_API_TOKEN", fixed("r8_", b62, 37)),
		pre("pinecone", "PINECONE_API_KEY", func(g *maker) string { return "pcsk_" + g.of(b62, 6) + "_" + g.of(b62, 63) }),
		pre("langfuse", "LANGFUSE_SECRET_KEY", func(g *maker) string { return "sk-lf-" + g.uuid() }),
		pre("openrouter", "OPENROUTER_API_KEY", fixed("sk-or-v1-", hex, 64)),
		pre("xai", "XAI_API_KEY", fixed("xai-", b62, 80)),
		pre("github-pat", "GITHUB_TOKEN GH_TOKEN", func(g *maker) string { return g.checksummed("ghp_") }),
		pre("github-fine", "GITHUB_PAT", func(g *maker) string { return "github_pat_" + g.of(b62, 22) + "_" + g.of(b62, 59) }),
		pre("gitlab-pat", "GITLAB_TOKEN", fixed("glpat-", b64url, 20)),
		pre("npm", "NPM_TOKEN", func(g *maker) string { return g.checksummed("npm_") }),
		pre("stripe", "STRIPE_SECRET_KEY", fixed("sk_live_", b62, 24)),
		pre("stripe-webhook", "STRIPE_WEBHOOK_SECRET", fixed("whsec_", b62, 32)),
		pre("aws-id", "AWS_ACCESS_KEY_ID", fixed("AKIA", b32, 16)),
		pre("slack-bot", "SLACK_BOT_TOKEN", func(g *maker) string {
			return "xoxb-" + g.of(digits, 12) + "-" + g.of(digits, 12) + "-" + g.of(b62, 24)
		}),
		pre("sendgrid", "SENDGRID_API_KEY", func(g *maker) string { return "SG." + g.of(b64url, 22) + "." + g.of(b64url, 43) }),
		pre("supabase-secret", "SUPABASE_SECRET_KEY", fixed("sb_secret_", b64url, 31)),
		pre("digitalocean", "DO_TOKEN", fixed("dop_v1_", hex, 64)),
		pre("resend", "RESEND_API_KEY", func(g *maker) string { return "re_" + g.of(b62, 8) + "_" + g.of(b62, 24) }),
		pre("shopify", "SHOPIFY_TOKEN", fixed("shpat_", hex, 32)),
		pre("dockerhub", "DOCKER_TOKEN", fixed("dckr_pat_", b64url, 27)),
		pre("posthog", "POSTHOG_PERSONAL_KEY", fixed("phx_", b62, 43)),
		own("aws-secret", "AWS_SECRET_ACCESS_KEY", noRaw+" ci split base64", fixed("", b64, 40)),
		own("api-key", "API_KEY SERVICE_API_KEY BILLING_API_KEY", everywhere, fixed("", b62, 32)),
		own("hex-key", "ENCRYPTION_KEY SIGNING_SECRET", everywhere, fixed("", hex, 64)),
		own("jwt-secret", "JWT_SECRET SESSION_SECRET NEXTAUTH_SECRET", everywhere, fixed("", b62, 36)),
		own("password", "DB_PASSWORD SMTP_PASSWORD ADMIN_PASSWORD", noRaw, (*maker).password),
		own("mistral", "MISTRAL_API_KEY", everywhere, fixed("", b62, 32)),
		own("cohere", "COHERE_API_KEY", everywhere, fixed("", b62, 40)),
		own("azure-account-key", "AZURE_STORAGE_ACCOUNT_KEY", noRaw, func(g *maker) string { return g.of(b64, 86) + "==" }),
		own("client-secret", "CLIENT_SECRET OAUTH_CLIENT_SECRET", noRaw, func(g *maker) string {
			if g.IntN(2) == 0 {
				return g.uuid()
			}
			return g.of(b62, 40)
		}),
		own("postgres-url", "DATABASE_URL", noRaw+" ci base64", func(g *maker) string {
			return fmt.Sprintf("postgresql://app:%s@db-%s.internal.acme-cloud.io:5432/app", g.of(b62, 18), g.of(lower, 4))
		}),
		own("mongodb-url", "MONGODB_URI", noRaw+" ci", func(g *maker) string {
			return fmt.Sprintf("mongodb+srv://app:%s@cluster0.%s.mongodb.net/app", g.of(b62, 14), g.of(b62, 5))
		}),
		own("redis-url", "REDIS_URL", noRaw+" ci", func(g *maker) string {
			return fmt.Sprintf("rediss://default:%s@%s.upstash.io:6379", g.of(b62, 36), g.of(lower, 10))
		}),
		own("service-role", "SUPABASE_SERVICE_ROLE_KEY", everywhere, func(g *maker) string {
			return g.jwt(`{"iss":"supabase","ref":"` + g.of(lower, 20) + `","role":"service_role","iat":1700000000,"exp":2015576000}`)
		}),
		own("bearer", "TOKEN", "bearerlog bearersource", fixed("", b62, 40)),
		own("bearer-jwt", "TOKEN", "bearerlog bearersource", func(g *maker) string {
			return g.jwt(fmt.Sprintf(`{"sub":"%s","iss":"https://auth.internal","exp":2015576000}`, g.uuid()))
		}),
		own("laravel", "APP_KEY", "env compose", func(g *maker) string { return "base64:" + g.of(b64, 43) + "=" }),
		own("django", "SECRET_KEY", "python env", func(g *maker) string { return "django-insecure-" + g.of(lower+digits+"!@#%^&*(-_=+)", 50) }),
		own("private-key", "KEY", "raw", func(g *maker) string { return g.pem(g.pick("RSA ", "EC ", "", "OPENSSH ")+"PRIVATE KEY", 8+g.IntN(18)) }),
		own("service-account", "KEY", "json map", func(g *maker) string { return g.pem("PRIVATE KEY", 24) }),
		own("docker-login", "X", "dockerlogin", (*maker).password),
		own("curl-user", "X", "curluser", (*maker).password),
		own("npmrc", "X", "npmrc", func(g *maker) string { return g.uuid() }),
		own("session-cookie", "X", "cookie", func(g *maker) string { return "s%3A" + g.of(b64url, 32) + "." + g.of(b62, 43) }),
	}
}

// carrySpecial writes what has a form of its own.
func (g *maker) carrySpecial(carrier, value string) (path, text string, ok bool) {
	switch carrier {
	case "dockerlogin":
		return "ci/release.log", "+ docker login -u deploy " + g.pick("-p ", "--password ", "--password=") + "'" + value + "' registry.acme-cloud.io\nLogin Succeeded\n", true
	case "curluser":
		return "scripts/smoke.sh", "#!/bin/sh\ncurl -fsS -u 'deploy:" + value + "' https://api.acme-cloud.io/v1/status\n", true
	case "npmrc":
		return ".npmrc", "registry=https://npm.acme-cloud.io/\n//npm.acme-cloud.io/:_authToken=" + value + "\n", true
	case "cookie":
		return "logs/debug.log", "> GET /account HTTP/1.1\n> Host: app.internal\n> Cookie: theme=dark; connect.sid=" + value + "; lang=en\n>\n", true
	}
	return "", "", false
}
