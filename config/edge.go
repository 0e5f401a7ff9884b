package config

// Edge is what launchready edge is to make of the domain, and where it is kept.
type Edge struct {
	File   string `yaml:"file" doc:"A zone file of the domain, to be edited in place."`
	Server string `yaml:"server" doc:"The primary name server, address or address:port, where it takes dynamic updates (RFC 2136)."`
	Key    *TSIG  `yaml:"key" doc:"The key that updates and transfers are signed with."`

	DKIM    map[string]string `yaml:"dkim" doc:"Keys by selector: the text that the sender gives (v=DKIM1; …), or the name that it wants a CNAME to."`
	DMARC   string            `yaml:"dmarc" jsonschema:"enum=none,enum=quarantine,enum=reject" doc:"The policy to arrive at, a stage at a time: none, quarantine or reject. Default: reject."`
	Reports string            `yaml:"reports" doc:"The address that takes reports of DMARC and TLS."`
	MTASTS  string            `yaml:"mta_sts" jsonschema:"enum=testing,enum=enforce" doc:"MTA-STS: testing or enforce. Default: as it is."`
	STSHost string            `yaml:"mta_sts_host" doc:"The host that serves the policy, which mta-sts then leads to."`
	Issuers []string          `yaml:"issuers" doc:"Authorities that may issue certificates, as CAA names them: letsencrypt.org."`

	Uncached []string    `yaml:"uncached" doc:"Paths that the edge must never cache: /v1/."`
	Limits   []EdgeLimit `yaml:"limits" doc:"Rate limits of the edge."`
	WAF      bool        `yaml:"waf" doc:"Turn the edge's managed rules on."`
	Preload  bool        `yaml:"hsts_preload" doc:"Ask browsers to keep the domain in their HSTS list, which is left in months only."`
}

// TSIG is the key of a name server.
type TSIG struct {
	Name      string `yaml:"name" jsonschema:"required" doc:"The key's name."`
	Algorithm string `yaml:"algorithm" jsonschema:"enum=hmac-sha256,enum=hmac-sha384,enum=hmac-sha512" doc:"Its algorithm. Default: hmac-sha256."`
	Secret    Secret `yaml:"secret" jsonschema:"required" doc:"The key in base64, by reference."`
}

// EdgeLimit is one rate limit of the edge.
type EdgeLimit struct {
	Path     string `yaml:"path" jsonschema:"required" doc:"What it is for, a path's begin: /v1/auth/."`
	Requests int    `yaml:"requests" jsonschema:"required" doc:"Requests of one address."`
	Seconds  int    `yaml:"seconds" jsonschema:"required" doc:"In how many seconds: 10, 60, 600 …"`
}
