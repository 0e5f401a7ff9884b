package verify

// Runbook is what to do about a leaked key of a provider, in the order to do it. It is
// never done for the user: a key that is revoked before its successor is in place is an outage.
type Runbook struct {
	Provider string
	Where    string // the page that makes and revokes keys
	Steps    []string
}

// steps that hold for every provider; the place and what is special come from the table.
func steps(replace, revoke, look string) []string {
	return []string{
		"Make a new key: " + replace,
		"Put it where the application reads it (secret store, deployment), deploy, and see that requests succeed with it.",
		"Revoke the old key: " + revoke,
		"Look for what was done with it: " + look,
		"Write down when it leaked, who could read it, and when it was revoked. Removing it from a file or from history does not undo the leak.",
	}
}

// RunbookOf returns what to do about a key of a provider; for one that is not known, what
// holds for all.
func RunbookOf(provider string) Runbook {
	at := func(where, replace, revoke, look string) Runbook {
		return Runbook{provider, where, steps(replace, revoke, look)}
	}
	switch provider {
	case "github":
		return at("github.com/settings/tokens", "a fine-grained token with the fewest repositories and rights, and an end date.", "Delete on the same page; for an application, revoke its installation's tokens.", "the security log of the account and the audit log of the organisation, by token.")
	case "gitlab":
		return at("gitlab.com/-/user_settings/personal_access_tokens", "a token of a project or a group, not of a person.", "Revoke on the same page.", "audit events of the group, and its CI variables.")
	case "stripe":
		return at("dashboard.stripe.com/apikeys", "a restricted key with the rights that the service uses.", "Roll key, with expiry now; roll the signing secret of webhooks on its own page.", "developer logs of the dashboard: requests that your servers did not send, refunds, payouts.")
	case "openai":
		return at("platform.openai.com/api-keys", "a key of a service account in a project with a budget.", "Delete on the same page.", "usage by key and by hour; a jump is theft.")
	case "anthropic":
		return at("console.anthropic.com/settings/keys", "a key in a workspace with a spend limit.", "Disable, then delete.", "usage and cost by key.")
	case "slack":
		return at("api.slack.com/apps", "reinstall the application, which makes a new token.", "call auth.revoke with the old token, or uninstall and install again.", "access logs of the workspace; messages and files that the bot's scopes could read.")
	case "sendgrid":
		return at("app.sendgrid.com/settings/api_keys", "a key with Mail Send only.", "Delete on the same page.", "activity: mail that you did not send harms the reputation of your domain.")
	case "huggingface":
		return at("huggingface.co/settings/tokens", "a fine-grained token.", "Invalidate on the same page.", "repositories that the token could write: models and data sets may have been changed.")
	case "groq", "replicate", "mistral", "cohere", "pinecone", "openrouter", "xai", "langfuse":
		return at("the provider's console, API keys", "one for each environment, with a spend limit where there is one.", "Delete it in the console.", "usage by key; for a store of vectors or traces also what was read: it holds your customers' texts.")
	case "aws":
		return at("IAM, Users, Security credentials", "better none: a role. Otherwise a second access key.", "Deactivate, wait for errors, delete. Attach AWSDenyAll at once where it is in use by others.", "CloudTrail by access key id: new users, roles, instances, regions.")
	case "google":
		return at("console.cloud.google.com/apis/credentials", "a key restricted to the APIs and to the referrers or addresses that use it.", "Delete on the same page.", "metrics of the APIs by credential, and the bill.")
	case "npm":
		return at("npmjs.com/settings/~/tokens", "a granular token, or trusted publishing without one.", "Delete on the same page.", "versions that you did not publish.")
	case "supabase":
		return at("supabase.com/dashboard/project/_/settings/api-keys", "a secret key; the old service_role token only goes with the JWT secret.", "Disable the key, or rotate the JWT secret, which signs everybody out.", "logs of the API: it passes row level security, so take all rows for read.")
	}
	return at("", "where it is issued, with the fewest rights that work and an end date.", "where it was issued.", "the logs of what it opens, from the day of the leak on.")
}
