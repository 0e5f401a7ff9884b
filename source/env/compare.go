package env

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

var (
	surelySecret = expr.Lazy(`SECRET|PRIVATE|SERVICE_ROLE|PASSWORD`)
)

// Gap is a difference between what is read and what is declared.
type Gap struct {
	Kind  GapKind
	Name  string
	Read  *Read        // where the code asks, when it does
	Decl  *Declaration // where it is declared, when it is
	Place string       // "file:line" to show
}

// GapKind says what differs.
type GapKind string

// The gaps.
const (
	Undeclared         GapKind = "undeclared"         // required by the code, declared nowhere
	UndeclaredSoft     GapKind = "undeclared-default" // declared nowhere, the code has a default
	Unused             GapKind = "unused"             // declared, read by nothing
	MissingProduction  GapKind = "missing-production" // in the example, required, not in production's files
	LiteralSecret      GapKind = "literal-secret"     // a secret's name with a value in a manifest
	PublicSecret       GapKind = "public-secret"      // a server's secret under a public prefix
	PlaceholderLeft    GapKind = "placeholder"        // a placeholder outside an example
	DynamicUnaccounted GapKind = "dynamic"            // a computed name, which no comparison covers
)

var (
	secretWord = expr.Lazy(`(?i)(SECRET|PRIVATE_?KEY|SERVICE_ROLE|PASSWORD|PASSWD|_PW$|TOKEN|CREDENTIAL|API_?KEY|ACCESS_?KEY|SIGNING_?KEY|ENCRYPTION_?KEY|DATABASE_URL|REDIS_URL|MONGO(DB)?_URI|CONNECTION_STRING)`)
	publicWord = expr.Lazy(`(?i)(PUBLISHABLE|ANON|SITE_?KEY|DSN|MAPS|FIREBASE|POSTHOG|ANALYTICS|PUBLIC_KEY|MAPBOX|ALGOLIA_SEARCH|TOKEN_(URL|LIMIT|COUNT|EXPIRY|TTL|LIFETIME)|MAX_TOKENS?|SECRETS?_(PATH|DIR|FILE|NAME)|_TTL$|_EXPIR|_LENGTH$|_MINUTES$|_ENABLED$)`)
	serverKey  = expr.Lazy(`(?i)(OPENAI|ANTHROPIC|GROQ|MISTRAL|COHERE|GEMINI|STRIPE_SECRET|SENDGRID|RESEND|TWILIO_AUTH|AWS_SECRET|SUPABASE_SERVICE|DATABASE_URL)`)
	builtIn    = expr.Lazy(`^(NODE_ENV|PORT|HOST|CI|PATH|HOME|USER|PWD|SHELL|TZ|LANG|LC_.*|TERM|HOSTNAME|TMPDIR|TEMP|TMP|DEBUG|VERCEL|VERCEL_.*|RAILWAY_.*|RENDER|RENDER_.*|FLY_.*|K_SERVICE|K_REVISION|GITHUB_.*|RUNNER_.*|AWS_REGION|AWS_LAMBDA_.*|NEXT_RUNTIME|NEXT_PHASE|npm_.*|XDG_.*|PYTHON.*|VIRTUAL_ENV|GOPATH|APPDATA|LOCALAPPDATA|USERPROFILE|NO_COLOR|FORCE_COLOR|COLORTERM|MODE|DEV|PROD|SSR|BASE_URL)$`)
)

// Secret reports whether a name is that of a secret.
func Secret(name string) bool {
	return secretWord().MatchString(name) && !publicWord().MatchString(name)
}

// local reports a declaration for a developer's own machine: a Compose file that
// names no environment is one.
func (d *Declaration) local() bool {
	return d.Environment == "development" || d.Environment == "" && strings.Contains(d.Where, "compose")
}

// Compare puts reads beside declarations. Names are the whole repository's: where
// it holds several deployables, call it with the part of each.
func Compare(reads []Read, declarations []Declaration) []Gap {
	var out []Gap
	declared := map[string][]Declaration{}
	production := false
	for _, d := range declarations {
		declared[d.Name] = append(declared[d.Name], d)
		production = production || d.Environment == "production"
	}
	used := map[string]*Read{}
	for i := range reads {
		r := &reads[i]
		if r.Dynamic {
			out = append(out, Gap{Kind: DynamicUnaccounted, Name: r.Name, Read: r, Place: r.File})
			continue
		}
		if known := used[r.Name]; known == nil || r.Required && !known.Required {
			used[r.Name] = r
		}
	}
	for name, r := range used {
		if Public(name) && Secret(name) && (serverKey().MatchString(name) || surelySecret().MatchString(name)) {
			out = append(out, Gap{Kind: PublicSecret, Name: name, Read: r, Place: r.File})
		}
		if builtIn().MatchString(name) {
			continue
		}
		ds := declared[name]
		switch {
		case len(ds) == 0 && r.Required:
			out = append(out, Gap{Kind: Undeclared, Name: name, Read: r, Place: r.File})
		case len(ds) == 0:
			out = append(out, Gap{Kind: UndeclaredSoft, Name: name, Read: r, Place: r.File})
		case production && r.Required && !slices.ContainsFunc(ds, func(d Declaration) bool { return d.Environment == "production" || d.Environment == "" }):
			out = append(out, Gap{Kind: MissingProduction, Name: name, Read: r, Decl: &ds[0], Place: ds[0].Where})
		}
	}
	dynamic := slices.ContainsFunc(reads, func(r Read) bool { return r.Dynamic })
	for i := range declarations {
		d := &declarations[i]
		if used[d.Name] == nil && !dynamic && !builtIn().MatchString(d.Name) {
			out = append(out, Gap{Kind: Unused, Name: d.Name, Decl: d, Place: d.Where})
		}
		if d.Environment == "example" || d.Environment == "test" || d.Kind != Literal || d.Empty || d.local() {
			continue
		}
		switch {
		case d.Placeholder:
			out = append(out, Gap{Kind: PlaceholderLeft, Name: d.Name, Decl: d, Place: d.Where})
		case Secret(d.Name):
			out = append(out, Gap{Kind: LiteralSecret, Name: d.Name, Decl: d, Place: d.Where})
		}
	}
	slices.SortFunc(out, func(a, b Gap) int {
		return order(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name), strings.Compare(a.Place, b.Place))
	})
	return out
}
