package env

import "strings"

// sdk is a library that calls a service which wants a key, as its own documentation
// has it. Services that need none where they usually run (AWS, Google Cloud), and keys
// that are public by design (DSNs, analytics), are left out: their absence proves nothing.
type sdk struct {
	service string
	words   []string          // one of them is in the name of its own variable
	modules map[string]string // what is imported to the language; a trailing / or . or \ stands for all below it
	makes   []string          // constructors and functions that are given the key; "" the module itself
	reads   string            // the variable that the library reads by itself where it is given no key; "" none
	keys    []string          // names of the argument or property
}

const (
	inScript = "javascript"
	inPython = "python"
	inGo     = "go"
	inRuby   = "ruby"
	inPHP    = "php"
	inJVM    = "jvm"
)

func sdks() []sdk {
	return []sdk{
		{"OpenAI", []string{"OPENAI"}, map[string]string{"openai": inScript + inPython, "github.com/openai/openai-go": inGo, "github.com/sashabaranov/go-openai": inGo, "ruby/openai": inRuby, "ruby-openai": inRuby, `OpenAI\`: inPHP, "com.openai.": inJVM}, []string{"OpenAI", "AsyncOpenAI", "NewClient"}, "OPENAI_API_KEY", []string{"apiKey", "api_key"}},
		{"Anthropic", []string{"ANTHROPIC", "CLAUDE"}, map[string]string{"@anthropic-ai/sdk": inScript, "anthropic": inPython + inRuby, "github.com/anthropics/anthropic-sdk-go": inGo, `Anthropic\`: inPHP, "com.anthropic.": inJVM}, []string{"Anthropic", "AsyncAnthropic", "NewClient"}, "ANTHROPIC_API_KEY", []string{"apiKey", "api_key"}},
		{"Stripe", []string{"STRIPE"}, map[string]string{"stripe": inScript + inPython + inRuby, "github.com/stripe/stripe-go/": inGo, `Stripe\`: inPHP, "com.stripe.": inJVM}, []string{"Stripe", "StripeClient", "NewClient"}, "", []string{"api_key", "apiKey", "Key"}},
		{"SendGrid", []string{"SENDGRID"}, map[string]string{"@sendgrid/mail": inScript, "sendgrid": inPython, "sendgrid-ruby": inRuby, "github.com/sendgrid/sendgrid-go": inGo, `SendGrid`: inPHP, "com.sendgrid.": inJVM}, []string{"SendGridAPIClient", "setApiKey", "NewSendClient"}, "", []string{"api_key"}},
		{"Twilio", []string{"TWILIO"}, map[string]string{"twilio": inScript, "twilio.rest": inPython, "twilio-ruby": inRuby, "github.com/twilio/twilio-go": inGo, `Twilio\`: inPHP, "com.twilio.": inJVM}, []string{"twilio", "Client", "NewRestClient", "NewRestClientWithParams"}, "TWILIO_AUTH_TOKEN", []string{"authToken", "password"}},
		{"Resend", []string{"RESEND"}, map[string]string{"resend": inScript + inPython + inRuby, "github.com/resend/resend-go/": inGo, `Resend\`: inPHP, "com.resend.": inJVM}, []string{"Resend", "NewClient"}, "RESEND_API_KEY", []string{"api_key"}},
		{"Postmark", []string{"POSTMARK"}, map[string]string{"postmark": inScript + inRuby, "postmarker": inPython, "github.com/keighl/postmark": inGo, `Postmark\`: inPHP, "com.postmarkapp.": inJVM}, []string{"ServerClient", "PostmarkClient", "NewClient"}, "", []string{"server_token"}},
		{"Slack", []string{"SLACK"}, map[string]string{"@slack/web-api": inScript, "@slack/bolt": inScript, "slack_sdk": inPython, "slack_bolt": inPython, "github.com/slack-go/slack": inGo, "slack-ruby-client": inRuby, "com.slack.api.": inJVM}, []string{"WebClient", "AsyncWebClient", "App", "New"}, "", []string{"token"}},
		{"Pinecone", []string{"PINECONE"}, map[string]string{"@pinecone-database/pinecone": inScript, "pinecone": inPython, "github.com/pinecone-io/go-pinecone/": inGo, "io.pinecone.": inJVM}, []string{"Pinecone", "NewClient"}, "PINECONE_API_KEY", []string{"apiKey", "api_key", "ApiKey"}},
		{"Cohere", []string{"COHERE"}, map[string]string{"cohere-ai": inScript, "cohere": inPython, "github.com/cohere-ai/cohere-go/": inGo, "com.cohere.": inJVM}, []string{"CohereClient", "CohereClientV2", "Client", "ClientV2", "NewClient"}, "CO_API_KEY", []string{"token", "api_key"}},
		{"Mistral", []string{"MISTRAL"}, map[string]string{"@mistralai/mistralai": inScript, "mistralai": inPython}, []string{"Mistral"}, "", []string{"apiKey", "api_key"}},
		{"Groq", []string{"GROQ"}, map[string]string{"groq-sdk": inScript, "groq": inPython}, []string{"Groq", "AsyncGroq"}, "GROQ_API_KEY", []string{"apiKey", "api_key"}},
		{"Replicate", []string{"REPLICATE"}, map[string]string{"replicate": inScript + inPython, "github.com/replicate/replicate-go": inGo}, []string{"Replicate", "Client", "NewClient"}, "REPLICATE_API_TOKEN", []string{"auth", "api_token"}},
		{"Langfuse", []string{"LANGFUSE"}, map[string]string{"langfuse": inScript + inPython}, []string{"Langfuse"}, "LANGFUSE_SECRET_KEY", []string{"secretKey", "secret_key"}},
		{"Plaid", []string{"PLAID"}, map[string]string{"plaid": inScript + inPython + inRuby, "github.com/plaid/plaid-go/": inGo, "com.plaid.": inJVM}, nil, "", nil},
		{"HubSpot", []string{"HUBSPOT"}, map[string]string{"@hubspot/api-client": inScript, "hubspot": inPython, "hubspot-api-client": inRuby, `HubSpot\`: inPHP}, []string{"Client", "HubSpot"}, "", []string{"accessToken", "access_token"}},
		{"Intercom", []string{"INTERCOM"}, map[string]string{"intercom-client": inScript, "intercom": inPython + inRuby}, []string{"IntercomClient", "Intercom"}, "", []string{"token"}},
		{"Clerk", []string{"CLERK"}, map[string]string{"@clerk/clerk-sdk-node": inScript, "@clerk/backend": inScript, "clerk_backend_api": inPython, "github.com/clerk/clerk-sdk-go/": inGo}, []string{"createClerkClient", "Clerk"}, "CLERK_SECRET_KEY", []string{"secretKey", "bearer_auth"}},
		{"WorkOS", []string{"WORKOS"}, map[string]string{"@workos-inc/node": inScript, "workos": inPython + inRuby, "github.com/workos/workos-go/": inGo, `WorkOS\`: inPHP}, []string{"WorkOS", "WorkOSClient"}, "WORKOS_API_KEY", []string{"api_key"}},
		{"LaunchDarkly", []string{"LAUNCHDARKLY", "LD_SDK"}, map[string]string{"@launchdarkly/node-server-sdk": inScript, "ldclient": inPython, "github.com/launchdarkly/go-server-sdk/": inGo, "ldclient-rb": inRuby, `LaunchDarkly\`: inPHP, "com.launchdarkly.": inJVM}, []string{"init", "LDClient", "MakeClient"}, "", nil},
		{"ElevenLabs", []string{"ELEVENLABS", "ELEVEN_LABS"}, map[string]string{"@elevenlabs/elevenlabs-js": inScript, "elevenlabs": inScript + inPython}, []string{"ElevenLabsClient", "ElevenLabs"}, "ELEVENLABS_API_KEY", []string{"apiKey", "api_key"}},
		{"Deepgram", []string{"DEEPGRAM"}, map[string]string{"@deepgram/sdk": inScript, "deepgram": inPython}, []string{"createClient", "DeepgramClient"}, "DEEPGRAM_API_KEY", []string{"key", "api_key"}},
	}
}

// sdkOf finds the library that a module belongs to.
func sdkOf(all []sdk, module, language string) *sdk {
	for i := range all {
		for m, in := range all[i].modules {
			if !strings.Contains(in, language) {
				continue
			}
			name := strings.TrimPrefix(m, "ruby/")
			below := name + "/"
			switch {
			case strings.HasSuffix(name, "/"), language == inPHP, language == inJVM:
				below = name
			case language == inPython:
				below = name + "."
			case language == inRuby:
				below = name + "\x00"
			}
			if module == strings.TrimSuffix(name, "/") || strings.HasPrefix(module, below) {
				return &all[i]
			}
		}
	}
	return nil
}

func (s *sdk) own(variable string) bool {
	for _, w := range s.words {
		if strings.Contains(strings.ToUpper(variable), w) {
			return true
		}
	}
	return s.reads != "" && variable == s.reads
}
