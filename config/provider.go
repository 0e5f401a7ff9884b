package config

// Provider is the model provider behind the target in this environment, or what
// stands in for it.
type Provider struct {
	Traffic RequestLine      `yaml:"traffic" jsonschema:"required" doc:"The request that tells what the provider was asked: GET /dev/provider. A full URL is allowed on a host of target.hosts."`
	Calls   string           `yaml:"calls" doc:"Where its reply counts the calls, refused ones too: a JSON pointer. Default: /calls."`
	Tokens  string           `yaml:"tokens" doc:"Where it counts the tokens of replies that were written. Without it, what an abandoned answer costs is read from the target's own count, where it has one."`
	Fail    RequestLine      `yaml:"fail" doc:"The request that makes the next calls be refused: PUT /dev/provider/fault; $status and $calls are filled in. The audit gives 429 and 500, for seconds. Without it, what the product does when its provider fails stays open."`
	JSON    any              `yaml:"json" doc:"JSON body of fail, filled in likewise: {status: $status, calls: $calls}."`
	Mend    RequestLine      `yaml:"mend" doc:"The request that makes the provider well again: DELETE /dev/provider/fault."`
	Header  HeaderLine       `yaml:"header" doc:"One header line of these requests: X-Dev-Token: ${env:NAME}."`
	Headers map[string]Value `yaml:"headers" doc:"Several header fields."`
}

// judgeProvider holds a provider that can be broken to one that can be mended.
func (c *Config) judgeProvider() {
	p := c.Provider
	if p == nil || c.failedBelow("provider") {
		return
	}
	d := c.doc
	switch {
	case !p.Fail.IsZero() && p.Mend.IsZero():
		d.fail(d.place("provider.fail"), "provider.fail breaks the provider: add provider.mend, the request that makes it well again")
	case p.Fail.IsZero() && (!p.Mend.IsZero() || p.JSON != nil):
		d.fail(d.place("provider"), "provider.mend and provider.json belong to provider.fail, the request that makes the provider fail")
	}
	c.paths("provider.fail", p.Fail.Path, words["provider"])
	for _, x := range []struct{ at, text string }{{"provider.calls", p.Calls}, {"provider.tokens", p.Tokens}} {
		if x.text != "" && x.text[0] != '/' {
			d.fail(d.place(x.at), "%s is no JSON pointer: write /calls, or /data/calls", clip(x.text))
		}
	}
}
