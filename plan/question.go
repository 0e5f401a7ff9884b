package plan

// Question is one of the self-assessment: what the scorecard asks, of somebody
// who has nothing set up. Yes is the good answer to each.
type Question struct {
	ID       string `json:"id"`
	Row      string `json:"row"` // the row of the scorecard
	Text     string `json:"text"`
	How      string `json:"how"`    // how to find out
	Why      string `json:"why"`    // what no costs
	Weight   int    `json:"weight"` // by impact: 10 customer data, 7 money or the sale, 4 harm under a condition, 2 trust
	Critical bool   `json:"critical,omitempty"`
	RedFlag  string `json:"red_flag,omitempty"` // raised by no
	Hand     string `json:"hand"`               // what to do by hand
	Verbs    []Verb `json:"-"`
}

// Verb is what a verb of Launch Ready does about it.
type Verb struct {
	Name string // "audit"
	Args string // "--only auth --mutate"
	Does string // "finds the routes that answer anyone"
}

// Weights of impact.
const (
	data  = 10 // customer data is read or changed by strangers
	money = 7  // money is lost, or the sale
	harm  = 4  // harm under a condition
	trust = 2  // trust
)

var questions = [...]Question{
	{ID: "auth", Row: "auth", Weight: data, Critical: true,
		Text: "Does every API route, streams and WebSockets included, refuse a caller without a valid login?",
		How:  "Call a route of each kind with curl and no token, then with a token whose last letter you changed.",
		Why:  "An open route needs no attacker, only a link.",
		Hand: "Put authentication in front of all routes, and name the open ones.",
		Verbs: []Verb{{"audit", "--only auth --mutate", "finds the routes that answer anyone"},
			{"guard", "", "asks for a valid credential in front of every route"}}},
	{ID: "auth-in-one-place", Row: "auth", Weight: money, RedFlag: ScatteredAuth,
		Text: "Is it decided in one place who may do what, and not in each route?",
		How:  "Look for the function that every route passes. If you find several, the answer is no.",
		Why:  "What is decided in many places is forgotten in one of them, with each new route.",
		Hand: "Move the decision into one layer: who calls, what their role may do, whose data it is.",
		Verbs: []Verb{{"audit", "--only auth,isolation --mutate", "finds the routes where a decision is missing"},
			{"guard", "", "makes the decision once, in front"}}},
	{ID: "tenant-filter", Row: "isolation", Weight: data, Critical: true,
		Text: "Does every database query for customer data filter by the tenant of the signed-in user?",
		How:  "Sign up as a second customer and ask for an id of the first, by API and in the chat.",
		Why:  "One customer who reads another's chats ends the product.",
		Hand: "Put the tenant of the verified token into every query, or switch row-level security on.",
		Verbs: []Verb{{"audit", "--only isolation --mutate", "asks for one tenant's objects as the other"},
			{"guard", "", "binds each object to its tenant in front"}}},
	{ID: "secrets", Row: "secrets", Weight: data, Critical: true, RedFlag: UnknownSecrets,
		Text: "Do you know where every secret lives, with none in the repository, its history, logs or the browser's code?",
		How:  "List the keys that you would replace tonight, with their places; search the history and the built page for them.",
		Why:  "A key that leaked once is everybody's, and costs what it can buy.",
		Hand: "List every secret with place and owner, move them into one store, replace what was ever in the repository.",
		Verbs: []Verb{{"audit", "--only secrets", "searches repository, history, logs and bundle"},
			{"handover", "", "lists the secrets' places for the next person"}}},
	{ID: "validation", Row: "input", Weight: harm,
		Text: "Is every public input, uploads included, checked against a schema and limited in size?",
		How:  "Send invalid JSON, a text of a megabyte and a file of the wrong kind, and look for a 400 or 413.",
		Why:  "Hostile input takes the service down, or more.",
		Hand: "Validate by schema at the border, refuse unknown fields, bound every size.",
		Verbs: []Verb{{"audit", "--only input --mutate", "sends hostile input"},
			{"guard", "", "validates by the API's description in front"}}},
	{ID: "limits", Row: "limits", Weight: money,
		Text: "Are requests limited by address, user and customer, and is there a cap on what the model may cost?",
		How:  "Send two hundred requests in a minute and look for a 429; look for the cap at your model provider.",
		Why:  "One script, or one loop, spends the month's budget in a night.",
		Hand: "Set limits at the gateway, and a spending cap at the provider tonight.",
		Verbs: []Verb{{"audit", "--only limits", "tries the limits"},
			{"guard", "", "holds limits and a cap on spending in front"}}},
	{ID: "errors", Row: "hygiene", Weight: harm,
		Text: "Do errors in production show no stack trace, query, path or provider's text?",
		How:  "Break a request on purpose and read the whole answer, header included.",
		Why:  "Errors tell an attacker where to look next, and a reviewer how carefully you work.",
		Hand: "Answer with an id, log the rest under it, switch debug pages off.",
		Verbs: []Verb{{"audit", "--only hygiene --mutate", "provokes errors and reads them"},
			{"guard", "", "replaces errors in front"}}},
	{ID: "cors", Row: "cors", Weight: harm,
		Text: "May only pages of origins that you name read the API's replies in a browser?",
		How:  "Send a request with the header Origin: https://evil.example and look at Access-Control-Allow-Origin.",
		Why:  "Any page that a customer opens could read their chats.",
		Hand: "List your origins; never answer with the caller's, nor * with credentials.",
		Verbs: []Verb{{"audit", "--only cors", "asks from other origins"},
			{"guard", "", "answers for the origins that you name"}}},
	{ID: "mail", Row: "email", Weight: money,
		Text: "Do SPF, DKIM and DMARC all pass for mail from your domain?",
		How:  "Send a mail to yourself at another provider and read Authentication-Results in its header.",
		Why:  "Without them anyone writes to your customers in your name, and your own mail is lost as spam.",
		Hand: "Publish the three records for each service that sends for you.",
		Verbs: []Verb{{"audit", "--only email", "reads the records as a receiver does"},
			{"edge", "plan", "plans and publishes the records"}}},
	{ID: "https", Row: "https", Weight: money,
		Text: "Is everything served by HTTPS, does HTTP redirect, and does every subdomain lead to something that you own?",
		How:  "Open the http:// address; list your DNS records and open each name.",
		Why:  "A forgotten subdomain is a stranger's page under your name.",
		Hand: "Redirect at the edge, send HSTS, delete the records that lead nowhere.",
		Verbs: []Verb{{"audit", "--only https", "walks names, redirects and certificates"},
			{"edge", "plan", "plans and applies DNS, TLS and redirects"}}},
	{ID: "monitoring", Row: "monitoring", Weight: money,
		Text:  "Would a person be alerted within five minutes if the chat stopped, or if sign-ins failed?",
		How:   "Stop it in staging and look at the clock.",
		Why:   "Customers find the outage before you do.",
		Hand:  "Set an outside check every minute that calls a phone, for the chat and for errors.",
		Verbs: []Verb{{"watch", "", "monitors, and reaches a person within five minutes"}}},
	{ID: "model-tools", Row: "model", Weight: data, Critical: true, RedFlag: OpenTools,
		Text: "May the model call only tools on a list, with the rights of the signed-in user?",
		How:  "Find the place where a tool's name from the model is turned into a call.",
		Why:  "A sentence in a document then acts for your customer.",
		Hand: "List the tools and their arguments; let the server decide as the user, not the model.",
		Verbs: []Verb{{"audit", "--only model", "tries injected instructions"},
			{"guard", "", "lets only listed tools through"}}},
	{ID: "model-data", Row: "model", Weight: data, Critical: true, RedFlag: UnfilteredData,
		Text: "Is customer data filtered to the caller's own, and to what the answer needs, before it goes into a prompt?",
		How:  "Log one whole prompt in staging and read it.",
		Why:  "What is in the prompt is in the answer, sooner or later.",
		Hand: "Filter by tenant and field between the data and the prompt.",
		Verbs: []Verb{{"audit", "--only model", "asks the model for another tenant's data"},
			{"guard", "", "filters what goes to the model"}}},
	{ID: "latency", Row: "latency", Weight: trust,
		Text: "Does the 95th percentile of normal chat requests begin to answer within 500 ms?",
		How:  "Look at the slowest twentieth of last week's requests, not at the average.",
		Why:  "A chat that waits feels broken, and the buyer's trial says so.",
		Hand: "Measure time to first byte, stream the reply, and look at what comes before the model.",
		Verbs: []Verb{{"audit", "--only latency --load", "measures it, part by part"},
			{"watch", "", "keeps measuring"}}},
	{ID: "rollback", Row: "operations", Weight: harm,
		Text: "Have you taken a release back in the last three months, on purpose or not, within minutes?",
		How:  "Do it in staging now, with a clock.",
		Why:  "The first roll-back should not be the one that counts.",
		Hand: "Write the command down and rehearse it, the database's change included.",
		Verbs: []Verb{{"drill", "rollback", "rehearses it and keeps the proof"},
			{"handover", "", "puts the runbook into the pack"}}},
	{ID: "incident-owner", Row: "operations", Weight: money, RedFlag: NoIncidentOwner,
		Text: "Is a person named for each incident (outage, leak, abuse, exposed key) who can act within 15 minutes?",
		How:  "Ask who is called tonight, and whether that person can replace a key.",
		Why:  "An hour of nobody is what customers remember.",
		Hand: "Write four names and four numbers down, and give each the access.",
		Verbs: []Verb{{"drill", "alert", "proves that an alert reaches them"},
			{"handover", "", "puts names and runbooks into the pack"}}},
}

// Questions are the self-assessment's, in the scorecard's order.
func Questions() []Question { return append([]Question{}, questions[:]...) }
