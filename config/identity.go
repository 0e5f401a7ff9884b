package config

// Call is a request with a body, as sign-in and its kin send it. Written as a
// bare string it is the request line alone.
type Call struct {
	Request RequestLine      `yaml:"request" doc:"Method and path: POST /auth/login. A full URL is allowed where another host answers."`
	JSON    any              `yaml:"json" doc:"JSON body. Filled in where it says $user, $password, $tenant, $name, $role, $token, $refresh; $$ is a dollar sign."`
	Form    map[string]Value `yaml:"form" doc:"Form body, instead of json; filled in likewise."`
	Headers map[string]Value `yaml:"headers" doc:"Further header fields of the request."`
}

// SignIn is how an identity gets its credential.
type SignIn struct {
	Call         `yaml:",inline"`
	Page         string  `yaml:"page" doc:"Path of an HTML sign-in form, fetched first for its hidden fields; request and form then override its action and fields."`
	Basic        bool    `yaml:"basic" doc:"Send user and password as HTTP basic authentication instead of a body."`
	OAuth2       *OAuth2 `yaml:"oauth2" doc:"Get the token by an OAuth 2.0 grant; request is the token endpoint."`
	Token        Place   `yaml:"token" doc:"Where the reply holds the token: a JSON pointer (/access_token), header:NAME, cookie:NAME, or cookie for a session of all cookies that are set. Default: inferred from the first reply."`
	RefreshToken Place   `yaml:"refresh_token" doc:"Where the reply holds the refresh token. Default: inferred."`
	Expires      Place   `yaml:"expires" doc:"Where the reply holds the token's life in seconds. Default: inferred."`
	Send         Send    `yaml:"send" doc:"How the token is sent: a header line with {token} in it, Cookie: NAME={token}, or query: NAME={token}. Default: Authorization: Bearer {token}, or the cookie where the token came as one."`
}

// OAuth2 is a grant of RFC 6749.
type OAuth2 struct {
	Grant        string `yaml:"grant" jsonschema:"required,enum=client_credentials,enum=password" doc:"client_credentials (the identity's user and password are the client's) or password."`
	ClientID     string `yaml:"client_id" doc:"Client id for the password grant."`
	ClientSecret Secret `yaml:"client_secret" doc:"Client secret for the password grant."`
	Client       string `yaml:"client" jsonschema:"enum=header,enum=body" doc:"Where the client's id and secret are sent: header or body. Default: header."`
	Scope        string `yaml:"scope" doc:"Scopes, separated by spaces."`
	Audience     string `yaml:"audience" doc:"Audience parameter."`
}

// Refresh is how a refresh token is exchanged.
type Refresh struct {
	Call `yaml:",inline"`
}

// SignUp is how a new user with a new tenant is made.
type SignUp struct {
	Call `yaml:",inline"`
}

// Mailbox is where mail of the application can be read.
type Mailbox struct {
	Request RequestLine      `yaml:"request" jsonschema:"required" doc:"The request that answers with the messages to $user: GET /dev/outbox?to=$user."`
	Header  HeaderLine       `yaml:"header" doc:"One header line: X-Dev-Token: ${env:NAME}."`
	Headers map[string]Value `yaml:"headers" doc:"Several header fields."`
}

// Identity is a user that the audit plays.
type Identity struct {
	Tenant       string           `yaml:"tenant" doc:"Name of the tenant. Default: the tenant that the identity's name starts with."`
	Role         string           `yaml:"role" doc:"Role in the tenant. Default: the rest of the identity's name, or member."`
	ID           string           `yaml:"id" doc:"The application's own id of the user. Default: learned from whoami or the token."`
	User         string           `yaml:"user" doc:"Login name, usually an e-mail address."`
	Password     Secret           `yaml:"password" doc:"Password, by reference."`
	Token        Secret           `yaml:"token" doc:"Token or API key, by reference, instead of signing in."`
	RefreshToken Secret           `yaml:"refresh_token" doc:"Refresh token that belongs to token, by reference; with refresh it keeps the identity signed in."`
	Cookie       Value            `yaml:"cookie" doc:"Whole session cookie, NAME=VALUE, by reference, instead of signing in."`
	Headers      map[string]Value `yaml:"headers" doc:"Header fields sent with every request of this identity. One with a secret's name is a credential."`
	Send         Send             `yaml:"send" doc:"How the token is sent, where it differs from sign_in: X-API-Key: {token}."`
	WhoAmI       RequestLine      `yaml:"whoami" doc:"The request that answers who the caller is. Usually inferred."`
	ExpiredToken Secret           `yaml:"expired_token" doc:"A token of this identity whose time is over, by reference; the check of expiry asks with it."`
	Spare        bool             `yaml:"spare" doc:"The audit may sign this identity out, disable it or delete it."`
}
