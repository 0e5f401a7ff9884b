package sarif

// The parts of SARIF 2.1.0 (OASIS, errata 01) that a report needs. Numbers in
// comments are sections of that standard.

type log struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []run  `json:"runs"`
}

type run struct {
	Tool               tool                `json:"tool"`
	AutomationDetails  automation          `json:"automationDetails"`
	Invocations        []invocation        `json:"invocations"`
	OriginalURIBaseIDs map[string]location `json:"originalUriBaseIds"`
	ColumnKind         string              `json:"columnKind"`
	Results            []result            `json:"results"`
	Properties         map[string]any      `json:"properties"`
}

type tool struct {
	Driver driver `json:"driver"`
}

type driver struct {
	Name           string `json:"name"`
	FullName       string `json:"fullName"`
	Version        string `json:"version"`
	InformationURI string `json:"informationUri"`
	Rules          []rule `json:"rules"`
}

// rule is a reportingDescriptor (3.49).
type rule struct {
	ID                   string         `json:"id"`
	Name                 string         `json:"name"`
	ShortDescription     message        `json:"shortDescription"`
	FullDescription      message        `json:"fullDescription"`
	Help                 message        `json:"help"`
	HelpURI              string         `json:"helpUri"`
	DefaultConfiguration configuration  `json:"defaultConfiguration"`
	Properties           ruleProperties `json:"properties"`
}

type configuration struct {
	Level string `json:"level"`
}

// ruleProperties are the ones that GitHub code scanning reads.
type ruleProperties struct {
	Tags      []string `json:"tags"`
	Precision string   `json:"precision"`
	Severity  string   `json:"security-severity"`
}

type message struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type automation struct {
	ID string `json:"id"`
}

type invocation struct {
	ExecutionSuccessful bool           `json:"executionSuccessful"`
	ExitCode            int            `json:"exitCode"`
	ExitDescription     string         `json:"exitCodeDescription"`
	StartTime           string         `json:"startTimeUtc,omitempty"`
	EndTime             string         `json:"endTimeUtc,omitempty"`
	Notifications       []notification `json:"toolExecutionNotifications"`
}

type notification struct {
	Level   string   `json:"level"`
	Message message  `json:"message"`
	Rule    *ruleRef `json:"associatedRule,omitempty"`
}

type ruleRef struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
}

type result struct {
	RuleID        string            `json:"ruleId"`
	RuleIndex     int               `json:"ruleIndex"`
	Kind          string            `json:"kind"`
	Level         string            `json:"level"`
	Message       message           `json:"message"`
	Locations     []location        `json:"locations"`
	Fingerprints  map[string]string `json:"partialFingerprints"`
	BaselineState string            `json:"baselineState,omitempty"`
	Suppressions  []suppression     `json:"suppressions"`
	Request       *webRequest       `json:"webRequest,omitempty"`
	Response      *webResponse      `json:"webResponse,omitempty"`
	Properties    map[string]any    `json:"properties"`
}

// location is also used for a base of addresses, which has a description alone.
type location struct {
	Physical    *physical `json:"physicalLocation,omitempty"`
	Logical     []logical `json:"logicalLocations,omitempty"`
	Description *message  `json:"description,omitempty"`
}

type physical struct {
	Artifact artifact `json:"artifactLocation"`
}

type artifact struct {
	URI       string `json:"uri"`
	URIBaseID string `json:"uriBaseId"`
}

type logical struct {
	Name               string `json:"name"`
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

type suppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}

type webRequest struct {
	Protocol string            `json:"protocol,omitempty"`
	Version  string            `json:"version,omitempty"`
	Target   string            `json:"target,omitempty"`
	Method   string            `json:"method,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Body     *content          `json:"body,omitempty"`
}

type webResponse struct {
	Protocol   string            `json:"protocol,omitempty"`
	Version    string            `json:"version,omitempty"`
	StatusCode int               `json:"statusCode,omitempty"`
	Reason     string            `json:"reasonPhrase,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       *content          `json:"body,omitempty"`
}

type content struct {
	Text string `json:"text"`
}
