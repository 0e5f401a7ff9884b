package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// What a tool reports is read from the file that it writes for programs. Only
// what fails the tool's own gate counts, and only what is of the rows compared:
// a missing header may be true, but nobody asked here.

// reader turns a tool's report into claims. routes tell which operation a path
// with keys in it is of.
type reader func(dir string, routes []string) ([]claim, error)

// readLaunchReady reads the JSON report: what is confirmed.
func readLaunchReady(dir string, _ []string) ([]claim, error) {
	var r lr.Report
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, row := range r.Rows {
		for _, check := range row.Checks {
			for _, f := range check.Findings {
				if f.Confidence != lr.Confirmed {
					continue
				}
				out = append(out, ownClaim(check.ID, f.Subject))
			}
		}
	}
	return out, nil
}

// ownClaim translates a finding of the audit: its check has one kind, and its
// subject is a route or the application.
func ownClaim(check, subject string) claim {
	c := claim{kind: kind(check), route: "*"}
	if f := faultOf(check); len(f.kinds) > 0 {
		c.kind = f.kinds[0]
	}
	if method, rest, ok := strings.Cut(subject, " "); ok && strings.HasPrefix(rest, "/") && method == strings.ToUpper(method) {
		c.route = subject
		path, what, _ := strings.Cut(rest, " ")
		switch {
		case c.kind == graphQL:
			c.route = method + " " + path + " " + strings.TrimPrefix(check, "auth/graphql-")
		case what != "":
			c.route = method + " " + path
		}
	}
	return c
}

// readOverstep reads findings.json. A refusal of what is allowed fails no gate.
func readOverstep(dir string, routes []string) ([]claim, error) {
	var r struct {
		Findings []struct {
			Class   string `json:"vuln_class"`
			Subject string `json:"subject"`
			Method  string `json:"method"`
			Path    string `json:"path"`
		} `json:"findings"`
	}
	if err := load(dir, filepath.Join("out", "findings.json"), &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Findings {
		k, ok := map[string]kind{"BOLA": otherTenant, "BFLA": lowerRole, "privilege-escalation": lowerRole, "BOPLA": extraField}[f.Class]
		if !ok {
			continue
		}
		if f.Subject == "anon" {
			k = anonymous
		}
		out = append(out, at1(k, routes, f.Method, f.Path))
	}
	return out, nil
}

// readAuthzTrace reads the results: failures, not warnings.
func readAuthzTrace(dir string, routes []string) ([]claim, error) {
	var r struct {
		Results []struct {
			Outcome string `json:"outcome"`
			Actor   string `json:"actor"`
			Request struct {
				Method string `json:"method"`
				Path   string `json:"path"`
			} `json:"request"`
		} `json:"results"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Results {
		if f.Outcome != "fail" {
			continue
		}
		path, _, _ := strings.Cut(f.Request.Path, "?")
		k := lowerRole // another user of the same tenant
		switch f.Actor {
		case "anon":
			k = anonymous
		case "rival":
			k = otherTenant
			if strings.HasPrefix(path, "/v1/admin/") { // has no tenant in its address: the rival's own
				k = lowerRole
			}
		}
		out = append(out, at1(k, routes, f.Request.Method, path))
	}
	return out, nil
}

// readGrantTrace reads what is confirmed; the suspicious fails its gate only when
// that is asked for.
func readGrantTrace(dir string, _ []string) ([]claim, error) {
	var r struct {
		Results []struct {
			Endpoint string `json:"endpoint"`
			Check    string `json:"check"`
			Verdict  string `json:"verdict"`
		} `json:"results"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Results {
		if f.Verdict != "CONFIRMED" {
			continue
		}
		k := otherTenant
		if f.Check == "MASS_ASSIGNMENT" {
			k = extraField
		}
		out = append(out, claim{k, f.Endpoint})
	}
	return out, nil
}

// readSchemathesis reads the run report.
func readSchemathesis(dir string, _ []string) ([]claim, error) {
	var r struct {
		Failures []struct {
			Type       string   `json:"type"`
			Title      string   `json:"title"`
			Operations []string `json:"operations"`
		} `json:"failures"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Failures {
		var k kind
		switch {
		case f.Type == "ObjectLevelAuthorizationViolation":
			k = otherTenant
		case f.Type == "IgnoredAuth" && strings.Contains(f.Title, "invalid"):
			k = badToken
		case f.Type == "IgnoredAuth":
			k = anonymous
		default:
			continue
		}
		for _, op := range f.Operations {
			if strings.Contains(op, " /") { // "Stateful tests" names no operation
				out = append(out, claim{k, op})
			}
		}
	}
	return out, nil
}

// readOFFAT reads the tests that are of authorization.
func readOFFAT(dir string, routes []string) ([]claim, error) {
	var r struct {
		Results []struct {
			Test       string `json:"test_name"`
			Method     string `json:"method"`
			Endpoint   string `json:"endpoint"`
			Vulnerable bool   `json:"vulnerable"`
		} `json:"results"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Results {
		if !f.Vulnerable {
			continue
		}
		var k kind
		switch {
		case strings.HasPrefix(f.Test, "BOLA"), f.Test == "Broken Access Control":
			k = otherTenant
		case strings.HasPrefix(f.Test, "Missing Authentication"):
			k = anonymous
		case strings.HasPrefix(f.Test, "BOPLA"), strings.HasPrefix(f.Test, "Mass Assignment"):
			k = extraField
		default:
			continue
		}
		out = append(out, at1(k, routes, f.Method, f.Endpoint))
	}
	return out, nil
}

// readCerberus reads what it calls a flaw; what it wants looked at is no claim.
func readCerberus(dir string, _ []string) ([]claim, error) {
	var r struct {
		Failles []struct {
			Type     string `json:"type"`
			Endpoint string `json:"endpoint"`
		} `json:"failles"`
	}
	if err := load(dir, "rapport_audit.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Failles {
		k := otherTenant
		if f.Type == "BFLA" {
			k = lowerRole
		}
		out = append(out, claim{k, f.Endpoint})
	}
	return out, nil
}

// readVamp reads the findings of its chapters on authorization and tokens.
func readVamp(dir string, _ []string) ([]claim, error) {
	var r struct {
		Findings []struct {
			Title    string `json:"title"`
			OWASP    string `json:"owasp"`
			Endpoint string `json:"endpoint"`
		} `json:"findings"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Findings {
		chapter, _, _ := strings.Cut(f.OWASP, ":")
		var k kind
		switch {
		case strings.Contains(f.Title, "sin autenticación"):
			k = anonymous
		case chapter == "API1":
			k = otherTenant
		case chapter == "API2":
			k = lowerRole
		case chapter == "API3":
			k = extraField
		case chapter == "API5" && strings.Contains(f.Title, "expirado"):
			k = expiredToken
		case chapter == "API5":
			k = badToken
		case chapter == "API6":
			k = undeclared
		default:
			continue
		}
		out = append(out, claim{k, f.Endpoint})
	}
	return out, nil
}

// readPhaseAccess reads the findings of medium confidence and above.
func readPhaseAccess(dir string, routes []string) ([]claim, error) {
	var r struct {
		Findings []struct {
			URL        string `json:"url"`
			Method     string `json:"method"`
			Type       string `json:"type"`
			Confidence string `json:"confidence"`
		} `json:"findings"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Findings {
		if !slices.Contains([]string{"confirmed", "high", "medium"}, strings.ToLower(f.Confidence)) {
			continue
		}
		u, err := url.Parse(f.URL)
		if err != nil {
			continue
		}
		k := otherTenant
		switch strings.ToLower(f.Type) {
		case "vertical_idor":
			k = lowerRole
		case "mass_assignment":
			k = extraField
		}
		method := f.Method
		if method == "" {
			method = "GET"
		}
		out = append(out, at1(k, routes, method, u.Path))
	}
	return out, nil
}

// at1 is a claim about one request.
func at1(k kind, routes []string, method, path string) claim {
	route, _ := operationOf(routes, method, path)
	return claim{k, route}
}

// load reads a JSON file of a run.
func load(dir, name string, into any) error {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return fmt.Errorf("read what it reports: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read what it reports in %s: %w", name, err)
	}
	return nil
}
