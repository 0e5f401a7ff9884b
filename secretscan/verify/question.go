package verify

import "net/http"

// question is how one provider is asked who a key belongs to. Every one is a GET that
// its documentation describes as reading identity, scopes or a list, and costs nothing.
type question struct {
	provider string
	rules    []string // of package secretscan
	host     string
	path     string
	sign     func(*http.Request, string)
	judge    func(status int, body []byte) (Outcome, string)
}

func bearer(r *http.Request, key string) { r.Header.Set("Authorization", "Bearer "+key) }

func header(name string) func(*http.Request, string) {
	return func(r *http.Request, key string) { r.Header.Set(name, key) }
}

func questions() []question {
	return []question{
		{"github", []string{"github-pat", "github-fine-grained-pat", "github-oauth"}, "api.github.com", "/user", bearer, byStatus},
		{"gitlab", []string{"gitlab-pat", "gitlab-pat-routable"}, "gitlab.com", "/api/v4/user", header("PRIVATE-TOKEN"), byStatus},
		{"stripe", []string{"stripe-access-token", "stripe-test-token"}, "api.stripe.com", "/v1/account", func(r *http.Request, key string) { r.SetBasicAuth(key, "") }, byStatus},
		{"openai", []string{"openai-project-key", "openai-api-key"}, "api.openai.com", "/v1/models", bearer, byStatus},
		{"anthropic", []string{"anthropic-api-key"}, "api.anthropic.com", "/v1/models", func(r *http.Request, key string) {
			r.Header.Set("X-Api-Key", key)
			r.Header.Set("Anthropic-Version", "2023-06-01")
		}, byStatus},
		{"slack", []string{"slack-bot-token", "slack-user-token", "slack-legacy-bot-token"}, "slack.com", "/api/auth.test", bearer, byOK},
		{"sendgrid", []string{"sendgrid-api-token"}, "api.sendgrid.com", "/v3/scopes", bearer, byStatus},
		{"huggingface", []string{"huggingface-access-token"}, "huggingface.co", "/api/whoami-v2", bearer, byStatus},
		{"groq", []string{"groq-api-key"}, "api.groq.com", "/openai/v1/models", bearer, byStatus},
		{"replicate", []string{"replicate-api-token"}, "api.replicate.com", "/v1/account", bearer, byStatus},
		{"npm", []string{"npm-access-token"}, "registry.npmjs.org", "/-/whoami", bearer, byStatus},
	}
}

func questionOf(rule string) (question, bool) {
	for _, q := range questions() {
		for _, r := range q.rules {
			if r == rule {
				return q, true
			}
		}
	}
	return question{}, false
}
