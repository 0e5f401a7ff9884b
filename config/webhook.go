package config

// Webhook is a route that takes signed events of another system.
type Webhook struct {
	Request RequestLine `yaml:"request" jsonschema:"required" doc:"The request that brings an event: POST /webhooks/crm."`
	Secret  Secret      `yaml:"secret" doc:"The secret that events are signed with, by reference. Without it only unsigned events are tried."`
	Header  string      `yaml:"header" doc:"The header field that carries the signature. Default: the scheme's own."`
	Scheme  string      `yaml:"scheme" jsonschema:"enum=stripe,enum=github,enum=slack,enum=standard,enum=hex,enum=base64" doc:"How events are signed. stripe: t=SECONDS,v1=HEX over SECONDS.BODY; github: sha256=HEX over BODY; slack: v0=HEX over v0:SECONDS:BODY; standard: Standard Webhooks (Svix); hex, base64: the bare digest over BODY. Always HMAC-SHA256. Default: stripe."`
	JSON    any         `yaml:"json" doc:"JSON body of an event that changes nothing important; $id is a fresh id. Default: built from the specification."`
	Read    RequestLine `yaml:"read" doc:"A request that shows the events that were taken: GET /events. Without it, what an answer says is all that can be told."`
	Tenant  string      `yaml:"tenant" doc:"The tenant that the event is for, as whose identities read is asked. Default: the first."`
}
