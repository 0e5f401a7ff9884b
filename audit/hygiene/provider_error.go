package hygiene

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
)

func providerError(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/provider-error",
		Title: "Errors of the model provider are not passed through",
		Why: "What a provider says when it refuses is meant for the account's owner: organisation and deployment names, a part of the key, quotas and limits. " +
			"Passed on, it tells a customer on what the product is built and when its money runs out, and it may quote the prompt.",
		Fix: "Map the provider's errors to a few of your own (busy, too long, refused, not available) in the one place that calls it, and log the original with its request id. " +
			"Do the same for an error inside a stream.",
		Guard:    "scrub_errors",
		Severity: lr.Medium,
		Refs:     []lr.Ref{misconfiguration, {Source: "OWASP LLM", ID: "LLM02:2025"}, errorText, asvsErrors},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return c.judge(ctx, t, func(r *reply) lr.Severity {
				if strings.Contains(r.name, "key") {
					return lr.High
				}
				return lr.Medium
			}, "an error passes on")
		},
	}
}

// providerSigns know a provider by what it alone says. The shape of OpenAI's
// errors is no sign: many products answer in it on purpose.
var providerSigns = []sign{
	newSign("a part of the key of the model provider", `api key`, `Incorrect API key provided: \S{3}|[Ii]nvalid API [Kk]ey:? ["'(]?sk-`),
	newSign("an error of OpenAI", `openai|does not exist or you do not have access|exceeded your current quota|maximum context length|in organization|org-`,
		`(?:platform|help|api)\.openai\.com|The model .* does not exist or you do not have access to it|You exceeded your current quota, please check your plan|maximum context length is \d{3,8} tokens|Rate limit reached for [^\n]+ in organization|\borg-[A-Za-z0-9]{16,}\b|\bopenai\.\w{2,}Error\b|(?m:^Openai-(?:Organization|Project|Processing-Ms): )`),
	newSign("an error of Anthropic", `anthropic|overloaded_error|prompt is too long|maximum allowed number of output tokens|invalid x-api-key`,
		`credit balance is too low to access the Anthropic API|api\.anthropic\.com|console\.anthropic\.com|\banthropic\.\w{2,}Error\b|"type":\s?"error",\s?"error":\s?\{\s?"type":\s?"(?:overloaded|rate_limit|authentication|not_found|invalid_request|api|permission)_error"|prompt is too long: \d{3,9} tokens > |maximum allowed number of output tokens for |(?m:^Anthropic-(?:Organization-Id|Ratelimit-))|invalid x-api-key`),
	newSign("an error of Azure OpenAI", `azure|deployment|aka.ms/oai`,
		`[\w-]{2,}\.openai\.azure\.com|\bDeploymentNotFound\b|The API deployment for this resource does not exist|aka\.ms/oai/|Azure OpenAI's content management policy`),
	newSign("an error of Amazon Bedrock", `bedrock|invokemodel|calling the converse`,
		`bedrock(?:-runtime)?\.[a-z0-9-]{4,}\.amazonaws\.com|arn:aws[\w-]{0,10}:bedrock:|when calling the (?:InvokeModel|Converse)\w* operation|is not authorized to perform: bedrock:|\bBedrockRuntime\b`),
	newSign("an error of Google Gemini", `googleapis|google|gemini|api key not valid`,
		`(?:generativelanguage|[\w-]*aiplatform)\.googleapis\.com|API key not valid\. Please pass a valid API key|is not found for API version v1|projects/[\w-]+/locations/[\w-]+/publishers/google|GoogleGenerativeAI Error`),
	newSign("an error of another model provider", `mistral|cohere|groq|openrouter|huggingface|together|replicate|ollama|try pulling it first|deepseek|fireworks`,
		`(?:api\.mistral\.ai|api\.cohere\.(?:ai|com)|(?:api|console)\.groq\.com|openrouter\.ai/|api-inference\.huggingface\.co|api\.together\.(?:xyz|ai)|api\.replicate\.com|api\.deepseek\.com|api\.fireworks\.ai)|\b(?:mistralai|cohere|groq)\.\w{2,}(?:Error|Exception)\b|not found, try pulling it first`),
	newSign("an error of a model gateway or library", `litellm|llm provider|langchain|llama_index|vllm|portkey`,
		`\blitellm\.\w{2,}(?:Error|Exception)\b|LiteLLM Proxy|LLM Provider NOT provided|\blangchain(?:_\w+)?\.\w|\bllama_index\.\w|\bvllm\.\w`),
}
