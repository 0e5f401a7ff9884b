package launchready

import (
	"fmt"
	"time"
)

// ReportSchema names the contract of Report; scripts depend on it.
const ReportSchema = "launchready.report/v1"

// Readiness is the verdict of a whole run.
type Readiness string

const (
	Ready           Readiness = "ready"
	ReadyWithRisks  Readiness = "ready-with-accepted-risks"
	NotReady        Readiness = "not-ready"
	NotEnoughTested Readiness = "not-enough-tested"
)

// Report is the result of a run: the product. Every other format is drawn from
// it. Nothing in it needs redaction any more.
type Report struct {
	Schema      string      `json:"schema"`
	Run         string      `json:"run"`
	Product     string      `json:"product"`
	Target      string      `json:"target"`
	Environment string      `json:"environment,omitempty"`
	Config      string      `json:"config,omitempty"` // the configuration file, from the root of its repository
	Started     time.Time   `json:"started"`
	Seconds     float64     `json:"seconds"`
	Requests    int         `json:"requests"`
	SpentUSD    float64     `json:"spent_usd"`
	Readiness   Readiness   `json:"readiness"`
	Reasons     []string    `json:"reasons"`           // what decided the readiness, worst first
	Partial     bool        `json:"partial,omitempty"` // not every row was asked for: never "ready"
	Only        []string    `json:"only,omitempty"`    // the ids that were asked for; empty: all there are
	Interrupted bool        `json:"interrupted,omitempty"`
	Tool        string      `json:"tool"`
	Seed        int64       `json:"seed"`
	FailOn      Severity    `json:"fail_on"`
	Waivers     []Waiver    `json:"waivers"`
	Plan        []WorkItem  `json:"plan"`
	RedFlags    []RedFlag   `json:"red_flags,omitempty"` // what calls for a senior engineer
	Rates       *Rates      `json:"rates,omitempty"`     // what an hour costs, when the owner said so
	Coverage    Coverage    `json:"coverage"`
	Warnings    []string    `json:"warnings,omitempty"` // what the run repaired or passed over
	Orphans     []string    `json:"orphans,omitempty"`  // objects that teardown could not remove
	Rows        []RowReport `json:"rows"`
	Baseline    *Baseline   `json:"baseline,omitempty"` // when the run was compared with an earlier one
	// Routes are the operations that the run knew of, for a policy in front of them.
	Routes []RouteReport `json:"routes,omitempty"`
	// Assistant is what is known of the target's assistant, when somebody asked it.
	Assistant *AssistantReport `json:"assistant,omitempty"`
	// Front and Description are for that policy, too: nil where nothing is known.
	Front       *FrontReport       `json:"front,omitempty"`
	Description *DescriptionReport `json:"description,omitempty"`
}

// RouteReport is one operation of the surface, with what its owner and its
// description say of it.
type RouteReport struct {
	Method  string   `json:"method"`
	Path    string   `json:"path"` // a template below the target's address, or a pattern of the owner's with a final **
	Kind    string   `json:"kind,omitempty"`
	Secured bool     `json:"secured,omitempty"` // the description says that it needs a credential, callers sent one, or it says so of no route and this is none for strangers
	Takes   []string `json:"takes,omitempty"`   // ways of a credential: "bearer", "header X-API-Key", "cookie session"
	Public  bool     `json:"public,omitempty"`  // answers anyone, on purpose
	Admin   bool     `json:"admin,omitempty"`   // for privileged roles only
	Shared  bool     `json:"shared,omitempty"`  // readable across tenants, on purpose
	// Rehearsal is what an audit asks beside the application, as a mail catcher.
	Rehearsal bool `json:"rehearsal,omitempty"`
	Declared  bool `json:"declared,omitempty"` // the description names it

	Names  []Place   `json:"names,omitempty"`  // objects that a request names
	Makes  []Place   `json:"makes,omitempty"`  // where the answer names what was made, or the caller's own
	Shows  []Listing `json:"shows,omitempty"`  // where the answer holds several objects
	Tenant []Place   `json:"tenant,omitempty"` // where a request or an answer says whose it is

	MaxFile int `json:"max_file,omitempty"` // bytes that the description allows a file
}

// AssistantReport is how the target's assistant was spoken to and what came of
// it. No verdict rests on it.
type AssistantReport struct {
	Subject   string   `json:"subject,omitempty"` // the endpoint: "POST /v1/ask"
	Preset    string   `json:"preset,omitempty"`  // the shape it has: "openai", "auto"
	Reason    string   `json:"reason,omitempty"`  // why none was found
	Computes  []string `json:"computes,omitempty"`
	Remembers bool     `json:"remembers,omitempty"`
	Uploads   bool     `json:"uploads,omitempty"`
	Streams   bool     `json:"streams,omitempty"`
	Twins     []string `json:"twins,omitempty"` // other ways to the same model
	Calls     int      `json:"calls"`           // requests that reached the model, or may have
	Guessed   int      `json:"guessed"`         // of them counted at the worst: their replies told no usage
	Tokens    int      `json:"tokens"`
	*Utility
}

// Utility is what ordinary questions of a customer came to.
type Utility struct {
	Asked    int `json:"asked"`
	Answered int `json:"answered"`
	Refused  int `json:"refused"` // declined in words
	Failed   int `json:"failed"`  // no answer, or an error
}

// Coverage is how much of the surface the run could decide on.
type Coverage struct {
	Routes     int `json:"routes"`     // routes of the surface
	Probed     int `json:"probed"`     // routes that got at least one probe
	Conclusive int `json:"conclusive"` // routes with at least one passed or failed outcome
}

// RowReport is a row's verdict and the checks behind it.
type RowReport struct {
	ID      string        `json:"id"`
	Title   string        `json:"title"`
	Pass    string        `json:"pass,omitempty"` // when the row passes
	Verdict Verdict       `json:"verdict"`
	Reason  string        `json:"reason,omitempty"`
	Checks  []CheckReport `json:"checks"`
}

// CheckReport is a check's verdict, its findings and why it matters.
type CheckReport struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Why      string   `json:"why,omitempty"`
	Verdict  Verdict  `json:"verdict"`
	Severity Severity `json:"severity"`
	Required bool     `json:"required"`
	Mutates  bool     `json:"mutates,omitempty"` // it changes or deletes something, so that asking it needs --mutate
	Reason   string   `json:"reason,omitempty"`
	Seconds  float64  `json:"seconds"`
	Asked    int      `json:"asked"`          // subjects that were asked
	Passed   int      `json:"passed"`         // of them right
	Open     []string `json:"open,omitempty"` // subjects that could not be asked, with the reason
	Rate     *Rate    `json:"rate,omitempty"`
	Latency  *Latency `json:"latency,omitempty"`
	// Allowance is what one caller was let do, where the check asked that.
	Allowance *Allowance `json:"allowance,omitempty"`
	Findings  []Finding  `json:"findings"`
	Refs      []Ref      `json:"refs,omitempty"`
	Waived    *Waiver    `json:"waived,omitempty"`
}

// Rate is the result of a statistical check.
type Rate struct {
	Hits    int     `json:"hits"`
	N       int     `json:"n"`
	Upper95 float64 `json:"upper95"`
}

// What an allowance is of.
const (
	AllowanceUser         = "user"         // questions of one user
	AllowanceOrganisation = "organisation" // of several users of one organisation
	AllowancePrompt       = "prompt"       // the largest questions of one user
	AllowanceAnswer       = "answer"       // the longest answer
)

// Allowance is what a burst was let do: what abuse costs is worked out from it.
// Where tokens were not told by the target, they are counted as four bytes each.
type Allowance struct {
	Of           string  `json:"of"`
	Sent         int     `json:"sent"`
	Taken        int     `json:"taken"`
	Refused      int     `json:"refused"`
	Seconds      float64 `json:"seconds,omitempty"`       // from the first request to the last answer
	Wait         float64 `json:"wait_seconds,omitempty"`  // that a refusal names; 0 where none does
	PromptTokens int     `json:"prompt_tokens,omitempty"` // of one question; 0 where not known
	ReplyTokens  int     `json:"reply_tokens,omitempty"`  // of one answer
	Told         bool    `json:"told,omitempty"`          // the target told the tokens
}

// Latency is what a load at a steady rate met.
type Latency struct {
	PerSecond float64   `json:"per_second"` // requests that were sent
	N         int       `json:"n"`
	Errors    int       `json:"errors"`            // without an answer, or refused
	Streams   bool      `json:"streams"`           // the reply comes in pieces
	Decisive  Quantiles `json:"decisive"`          // what the verdict rests on: the first byte of streams, else the whole, less the provider's share
	First     Quantiles `json:"first_byte"`        // of the reply's body
	Last      Quantiles `json:"last_byte"`         // the whole reply
	Provider  Quantiles `json:"provider"`          // the model provider's share, as Server-Timing tells it; zero where it does not
	Connect   Quantiles `json:"connect"`           // name, connection and TLS, of requests that made one
	Buckets   []Bucket  `json:"buckets,omitempty"` // the decisive times
}

// Quantiles are times in milliseconds. Low95 and High95 bound the 95th
// percentile at 95 % confidence; 0 where the sample is too small to bound it.
type Quantiles struct {
	P50    float64 `json:"p50_ms"`
	P90    float64 `json:"p90_ms"`
	P95    float64 `json:"p95_ms"`
	P99    float64 `json:"p99_ms"`
	Low95  float64 `json:"p95_low_ms,omitempty"`
	High95 float64 `json:"p95_high_ms,omitempty"`
}

// Interval is the interval of the 95th percentile in words, "" where the sample
// bounds it from no side.
func (q Quantiles) Interval() string {
	switch {
	case q.Low95 > 0 && q.High95 > 0:
		return fmt.Sprintf(" (95 %% interval %.0f to %.0f ms)", q.Low95, q.High95)
	case q.Low95 > 0:
		return fmt.Sprintf(" (at least %.0f ms at 97.5 %%)", q.Low95)
	}
	return ""
}

// Bucket counts the times up to a bound in milliseconds, above the bucket before.
type Bucket struct {
	Upto float64 `json:"upto_ms"`
	N    int     `json:"n"`
}

// Finding is one thing that is wrong.
type Finding struct {
	ID         string         `json:"id"` // Fingerprint: stable over runs
	Confidence Confidence     `json:"confidence"`
	Severity   Severity       `json:"severity"`
	Subject    string         `json:"subject"`
	Subjects   []string       `json:"subjects,omitempty"` // of a finding of the whole application: where it showed
	Message    string         `json:"message"`
	Fix        string         `json:"fix"`
	Guard      string         `json:"guard,omitempty"`
	Evidence   []EvidenceItem `json:"evidence"`
	Replay     string         `json:"replay"`
	Refs       []Ref          `json:"refs,omitempty"`
	Rate       *Rate          `json:"rate,omitempty"`    // how often it showed, where that is left to chance
	Against    string         `json:"against,omitempty"` // what the rate says beside the baseline's
	State      string         `json:"state,omitempty"`   // new or unchanged, beside a baseline
	Waived     *Waiver        `json:"waived,omitempty"`  // the waiver that accepts it
}

// EvidenceItem is one redacted piece of evidence. Kind says which fields are set.
type EvidenceItem struct {
	Kind     string        `json:"kind"` // exchange, dns, tls, file, sql, log, timing
	Note     string        `json:"note,omitempty"`
	As       string        `json:"as,omitempty"`
	Request  string        `json:"request,omitempty"`  // request line, header, body; masked
	Response string        `json:"response,omitempty"` // status line, header, body; masked and cut
	Status   int           `json:"status,omitempty"`
	Witness  []string      `json:"witness,omitempty"` // values that decided, found in the response
	Curl     string        `json:"curl,omitempty"`    // with $TOKEN in place of the credential
	Took     time.Duration `json:"took_ns,omitempty"`
	Text     string        `json:"text,omitempty"` // records of another kind
}

// WorkItem is one line of the plan: findings that are fixed together.
type WorkItem struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Package    string   `json:"package,omitempty"` // the package of work that it belongs to
	Findings   []string `json:"findings"`          // finding ids
	Hours      float64  `json:"hours"`             // the middle of the estimate
	HoursLow   float64  `json:"hours_low,omitempty"`
	HoursHigh  float64  `json:"hours_high,omitempty"`
	Owner      string   `json:"owner,omitempty"`
	How        string   `json:"how"`                   // guard, edge, code, senior engineer
	Guard      []string `json:"guard,omitempty"`       // directives that stop findings of it until the cause is fixed
	Covered    int      `json:"covered,omitempty"`     // how many findings they stop
	HoursGuard float64  `json:"hours_guard,omitempty"` // to put them in front and ask again
	Blocks     bool     `json:"blocks,omitempty"`      // the launch waits for it
	Steps      []string `json:"steps,omitempty"`
	Worst      Severity `json:"worst"`
}

// RedFlag is a sign that the findings have a cause which no single fix removes.
// It is raised on evidence only.
type RedFlag struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Evidence []string `json:"evidence"` // what raised it, a line each
	Advice   string   `json:"advice"`
}

// Rates are what an hour of work costs.
type Rates struct {
	Currency string  `json:"currency"`              // ISO 4217
	Hour     float64 `json:"hour"`                  // of whoever knows the code
	Senior   float64 `json:"senior_hour,omitempty"` // of a senior engineer; 0 is the same
}
