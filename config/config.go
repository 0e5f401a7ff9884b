// Package config reads launchready.yaml: strictly, with the position of every
// value, so that each error names its line and each value its origin. Secrets
// come in by reference only; a secret written into the file is an error that
// does not repeat it. The package turns text into values and knows none of the
// packages that use them.
package config

import (
	"time"

	lr "github.com/launchready/launchready"
)

// Config is a launchready.yaml. Doc tags are the reference: the JSON Schema and
// docs/configuration.md are printed from them.
type Config struct {
	Version    int               `yaml:"version" jsonschema:"required" doc:"Version of this file's format; 1."`
	Product    string            `yaml:"product" doc:"Name of the product in reports. Default: the target's host."`
	Target     Target            `yaml:"target" jsonschema:"required" doc:"The running application that is audited."`
	Tenants    Named[Tenant]     `yaml:"tenants" doc:"The customers whose data must stay apart; two make isolation testable."`
	SignIn     *SignIn           `yaml:"sign_in" doc:"How an identity gets its credential."`
	Refresh    *Refresh          `yaml:"refresh" doc:"How a refresh token is exchanged for a new credential. Inferred from the specification where it can be."`
	SignOut    *Call             `yaml:"sign_out" doc:"The request that ends a session. Inferred from the specification where it can be."`
	SignUp     *SignUp           `yaml:"sign_up" doc:"The request that makes a new user with a new tenant; the audit makes spare identities by it."`
	Mailbox    *Mailbox          `yaml:"mailbox" doc:"Where the mail that the application sends in this environment can be read; password resets and invitations are tested by it."`
	WhoAmI     RequestLine       `yaml:"whoami" doc:"The request that answers who the caller is, for every identity that names none. Usually inferred."`
	Identities Named[Identity]   `yaml:"identities" doc:"The users that the audit plays, by a name of your choice."`
	Access     Access            `yaml:"access" doc:"What is reachable on purpose. Patterns are METHOD /path or /path; {name} and * match one segment, ** any rest. A template of the description does not cover what the description names beside it: /users/{name} is not /users/me, and /users/* is both."`
	Objects    Named[Object]     `yaml:"objects" doc:"How objects of a kind are made, where it cannot be inferred."`
	Webhooks   Named[Webhook]    `yaml:"webhooks" doc:"Routes that take signed events of other systems, and how they are signed."`
	Chat       Chat              `yaml:"chat" doc:"How the assistant is spoken to. Usually found by itself; audit doctor prints what was found."`
	Provider   *Provider         `yaml:"provider" doc:"The model provider behind the target in this environment, or what stands in for it: how to count its calls and how to make it fail. What the product does then is tested by it."`
	Listen     Listen            `yaml:"listen" doc:"Where the audit listens for what the target sends where it should not: a request that its model was talked into, a mail."`
	Latency    Latency           `yaml:"latency" doc:"The ordinary day that the latency is measured at."`
	Domain     Domain            `yaml:"domain" doc:"The sending and serving domain."`
	Source     Source            `yaml:"source" doc:"What a live API does not show: the repository, what is shipped, what is logged."`
	Secrets    Named[KeptSecret] `yaml:"secrets" doc:"The secrets map: each server-side secret by the name of its variable, where it lives, who reads it and how old it is."`
	Database   *Database         `yaml:"database" doc:"The database behind the application, for checks of row-level security."`
	Owners     Owners            `yaml:"owners" doc:"Who fixes what, and who answers for an incident."`
	Plan       Plan              `yaml:"plan" doc:"What an hour of work costs; the plan is priced by it."`
	Deploy     Deploy            `yaml:"deploy" doc:"How a release is made and taken back."`
	Watch      Watch             `yaml:"watch" doc:"Monitors and the channels that their alerts take."`
	Budget     Budget            `yaml:"budget" doc:"Hard stops of a run."`
	FailOn     lr.Severity       `yaml:"fail_on" doc:"The least severity of a confirmed finding that makes the product not ready. Default: high."`
	Waivers    []Waiver          `yaml:"waivers" doc:"Risks that are accepted for a time; they stay visible in every report."`

	// File is the path that was read, and Dir the folder that its relative
	// paths start from.
	File string `yaml:"-"`
	Dir  string `yaml:"-"`
	// Warnings are what is legal and still likely to be wrong.
	Warnings []string `yaml:"-"`

	doc *document
}

// Target is the running application.
type Target struct {
	URL         URL               `yaml:"url" jsonschema:"required" doc:"Base URL of the application."`
	Spec        Spec              `yaml:"spec" doc:"The API's description: an OpenAPI document, a Postman collection, a HAR recording of a session, or a list of routes (METHOD /path, one a line, with an example of the JSON body after it where there is one), as a path from this file's folder or a URL; or the list of routes itself. Told apart by content. Default: the places where applications usually serve it."`
	Environment string            `yaml:"environment" jsonschema:"enum=development,enum=test,enum=staging,enum=production" doc:"development, test, staging or production. production asks before anything is created. Default: inferred from the host name."`
	Hosts       []string          `yaml:"hosts" doc:"Further hosts that requests may go to. Nothing else is ever contacted."`
	Headers     map[string]Value  `yaml:"headers" doc:"Header fields sent with every request: a preview password, a tenant selector."`
	CAFile      string            `yaml:"ca_file" doc:"PEM file of certificate authorities to trust beside the system's."`
	Resolve     map[string]string `yaml:"resolve" doc:"Addresses to use for host names instead of DNS: host or host:port to address or address:port."`
	GraphQL     string            `yaml:"graphql" doc:"Path of the GraphQL endpoint. Default: looked for at /graphql."`
}

// Tenant is a customer of the audited product.
type Tenant struct {
	ID  string `yaml:"id" doc:"The application's own id of the tenant. Default: learned from whoami or the token."`
	URL URL    `yaml:"url" doc:"The tenant's own address, where tenants live on subdomains."`
}

// Access states what is reachable on purpose.
type Access struct {
	Public []Pattern `yaml:"public" doc:"Answers anyone."`
	Admin  []Pattern `yaml:"admin" doc:"For privileged roles only."`
	Shared []Pattern `yaml:"shared" doc:"The same for every tenant."`
}

// Object says how objects of a kind are made.
type Object struct {
	Create RequestLine       `yaml:"create" doc:"The request that makes one."`
	Body   map[string]any    `yaml:"body" doc:"Fields of its JSON body; $user, $tenant, $name and $role are filled in. Default: built from the specification."`
	ID     string            `yaml:"id" doc:"JSON pointer to the id in the reply."`
	Marker string            `yaml:"marker" doc:"The field that takes a free text, which the audit recognises again."`
	Read   RequestLine       `yaml:"read" doc:"The request that reads one; {id} is its id."`
	IDs    map[string]string `yaml:"ids" doc:"Ids of existing objects by tenant, where the audit cannot make its own."`
}

// Latency says what an ordinary day is.
type Latency struct {
	Rate Rate `yaml:"rate" doc:"Chat messages in a time, from all users together, on an ordinary day: 5/s, 120/m. Default: 5/s."`
}

// Domain is the domain name that customers and their mail servers see.
type Domain struct {
	Name       string      `yaml:"name" doc:"The domain; none to leave the rows email and https out. Default: the one that the target's host is registered under."`
	Hosts      []string    `yaml:"hosts" doc:"Names below the domain that the product uses: www, app, api. Default: the domain, www and the target's host."`
	Canonical  string      `yaml:"canonical" doc:"The host that pages are read at; the others redirect there."`
	Parked     []string    `yaml:"parked" doc:"Further domains of yours that send no mail."`
	Tenants    string      `yaml:"tenants" doc:"The name below which every label is a tenant's, where that is so on purpose: app.example.com."`
	Mail       Mail        `yaml:"mail" doc:"Mail sent from the domain."`
	Origins    []string    `yaml:"origins" doc:"Servers behind the edge that only the edge should reach: addresses or host names, with a port where it is not 443."`
	Cloudflare *Cloudflare `yaml:"cloudflare" doc:"Reads the settings of the zone, to compare them with what the outside sees."`
	Edge       Edge        `yaml:"edge" doc:"What launchready edge makes of the domain, and where it is kept."`
	Resolver   string      `yaml:"resolver" doc:"The name server to ask, address or address:port. Default: the machine's."`
	Ports      map[int]int `yaml:"ports" doc:"Ports that stand for those of the internet, in a rehearsal: {443: 8443, 80: 8080, 25: 2525, 53: 5353}."`
}

// Mail names the services that send for the domain.
type Mail struct {
	From      []string `yaml:"from" doc:"Further names that mail is sent from, below the domain or beside it: news, mail.example.com."`
	Senders   []string `yaml:"senders" doc:"Services that send mail for the domain: google, microsoft, sendgrid, …"`
	Selectors []string `yaml:"selectors" doc:"DKIM selectors to look up beside the senders' usual ones."`
	Sample    string   `yaml:"sample" doc:"File of a message that the product sent to an outside mailbox, as received (.eml), or a folder of such files."`
	Reports   []string `yaml:"reports" doc:"DMARC aggregate reports (XML, gzip or zip), for the selectors and senders that receivers saw."`
}

// Cloudflare is how the zone's settings are read.
type Cloudflare struct {
	Token Secret `yaml:"token" doc:"An API token, by reference. Reading needs Zone:Read, Zone Settings:Read, DNS:Read, Zone WAF:Read and Cache Rules:Read."`
	Zone  string `yaml:"zone" doc:"The zone's id. Default: looked up by the domain's name."`
	API   string `yaml:"api" doc:"Address of the API. Default: https://api.cloudflare.com/client/v4"`
}

// Source is the application's repository and what it writes.
type Source struct {
	Repository string   `yaml:"repository" doc:"Folder of the repository; none to leave it out. Default: this file's folder, where it is in a git repository."`
	Bundles    []string `yaml:"bundles" doc:"Folders and archives of what browsers get: dist, .next/static, build.tar.gz."`
	Images     []string `yaml:"images" doc:"Saved container images (docker save) and other archives that are shipped."`
	Logs       []string `yaml:"logs" doc:"Files and folders that the application and its CI write, to search for secrets and security events."`
	Sessions   []string `yaml:"sessions" doc:"Recordings (HAR) and storage states of browsers, to search for secrets."`
	Guards     []string `yaml:"guards" doc:"Names of functions in the source that let nobody pass who is not signed in, where they cannot be told by what they do."`
}

// KeptSecret is a line of the secrets map.
type KeptSecret struct {
	Value   Secret   `yaml:"value" doc:"The value, by reference: ${env:NAME} or file:PATH. It is looked for in what is shipped, logged and answered, and never stored."`
	Kept    string   `yaml:"kept" doc:"Where it lives: a vault, the platform's settings."`
	Readers []string `yaml:"readers" doc:"Who reads it: services and people."`
	Rotated Date     `yaml:"rotated" doc:"The day it was last changed, as 2027-01-31."`
	Pasted  *bool    `yaml:"pasted" doc:"Whether it stood in a chat, a ticket or a screenshot since it was last changed."`
}

// Database is the database behind the application.
type Database struct {
	URL    Value    `yaml:"url" jsonschema:"required" doc:"Connection URL, by reference: ${env:NAME} or file:PATH. Its role must be able to read the catalogue, and to act as the application's."`
	Role   string   `yaml:"role" doc:"The role that the application works as. Default: the URL's own."`
	Tenant string   `yaml:"tenant" doc:"The statement by which the application sets the tenant, with $1 for its id: SELECT set_config('app.tenant_id', $1, true)."`
	Unset  string   `yaml:"unset" doc:"The statement that takes the tenant back, where the end of a transaction does not."`
	Column []string `yaml:"column" doc:"Names of the columns that hold a tenant's id. Default: tenant_id, org_id, organization_id, account_id, workspace_id, company_id, customer_id."`
	Shared []string `yaml:"shared" doc:"Tables that belong to no tenant."`
}

// Owners names people.
type Owners struct {
	Default   string            `yaml:"default" doc:"Who owns a finding that has no other owner."`
	Backup    string            `yaml:"backup" doc:"Who steps in."`
	Rows      map[string]string `yaml:"rows" doc:"Who fixes what a row of the scorecard finds, by the row's id: auth, isolation, email."`
	Incidents map[string]string `yaml:"incidents" doc:"Who acts, by kind of incident: outage, leak, abuse, key-exposed."`
	Minutes   int               `yaml:"minutes" doc:"Minutes within which they act. A buyer expects 15."`
}

// Deploy says how a release is made and taken back.
type Deploy struct {
	Release  string      `yaml:"release" doc:"Command that releases."`
	Rollback string      `yaml:"rollback" doc:"Command that takes the last release back."`
	Health   RequestLine `yaml:"health" doc:"Request that tells that the release is alive."`
}

// Watch names monitors and channels.
type Watch struct {
	Monitors []any `yaml:"monitors" doc:"What is watched."`
	Channels []any `yaml:"channels" doc:"Where alerts go."`
}

// Budget bounds a run; each bound is a hard stop.
type Budget struct {
	Requests    int     `yaml:"requests" doc:"Requests. Default: 20000."`
	Rate        Rate    `yaml:"rate" doc:"Requests in a time: 50/s, 600/m; 0 is no limit. Default: 50/s."`
	Concurrency int     `yaml:"concurrency" doc:"Requests at the same time. Default: 16."`
	Minutes     float64 `yaml:"minutes" doc:"Wall time. Default: 15."`
	USD         float64 `yaml:"usd" doc:"US dollars that the model may cost; 0 asks it nothing. A request is counted at its worst, see chat.price, until the reply tells its usage. Default: 1."`
	Tokens      int     `yaml:"tokens" doc:"Tokens that the model may take, prompts and replies together. Default: as many as the money allows."`
}

// Wall is the bound on wall time.
func (b Budget) Wall() time.Duration { return time.Duration(b.Minutes * float64(time.Minute)) }

// Waiver accepts a risk until a day.
type Waiver struct {
	Check   string `yaml:"check" jsonschema:"required" doc:"Id of the check."`
	Subject string `yaml:"subject" doc:"Where: a subject as the report names it (GET /v1/chats/{id}), or a pattern (/v1/reports/**). Default: every finding of the check."`
	Reason  string `yaml:"reason" jsonschema:"required" doc:"Why the risk is accepted."`
	Owner   string `yaml:"owner" jsonschema:"required" doc:"Who accepts it."`
	Until   Date   `yaml:"until" jsonschema:"required" doc:"The last day it holds: YYYY-MM-DD. After it the finding counts again, and a warning says so."`
}
