package main

import (
	"net/url"
	"strings"
)

// readSchemathesisErrors reads the run report: an error of the server, an answer
// of a type that is not described, one that is not of its schema.
func readSchemathesisErrors(dir string, _ []string) ([]claim, error) {
	var r struct {
		Failures []struct {
			Type       string   `json:"type"`
			Operations []string `json:"operations"`
		} `json:"failures"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Failures {
		k, ok := map[string]kind{"ServerError": serverFault, "UndefinedContentType": mediaType, "MalformedMediaType": mediaType,
			"JsonSchemaError": errorShape, "MalformedJson": errorShape}[f.Type]
		if !ok {
			continue
		}
		for _, op := range f.Operations {
			if strings.Contains(op, " /") {
				out = append(out, claim{k, op})
			}
		}
	}
	return out, nil
}

// readNikto reads what it found at addresses, and what headers tell. Suggested
// headers and methods are of other rows.
func readNikto(dir string, routes []string) ([]claim, error) {
	var r []struct {
		Findings []struct {
			ID     string `json:"id"`
			Method string `json:"method"`
			URL    string `json:"url"`
			Msg    string `json:"msg"`
		} `json:"vulnerabilities"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, host := range r {
		for _, f := range host.Findings {
			low := strings.ToLower(f.Msg)
			switch {
			case strings.HasPrefix(f.ID, "0135"), strings.HasPrefix(f.ID, "999"), f.ID == "FAIL":
				// Headers that are missing or unusual, methods, words about the run.
				if strings.Contains(low, "server banner") {
					out = append(out, claim{shownVersion, "*"})
				}
			case strings.Contains(low, "directory indexing"):
				out = append(out, at1(listing, routes, f.Method, pathOf(f.URL)))
			case strings.Contains(low, "cors"), strings.Contains(low, "cookie"):
			default:
				out = append(out, at1(leftOver, routes, f.Method, pathOf(f.URL)))
			}
		}
	}
	return out, nil
}

// readWapiti reads vulnerabilities and anomalies by their categories.
func readWapiti(dir string, routes []string) ([]claim, error) {
	type entry struct {
		Method string `json:"method"`
		Path   string `json:"path"`
	}
	var r struct {
		Vulnerabilities map[string][]entry `json:"vulnerabilities"`
		Anomalies       map[string][]entry `json:"anomalies"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, of := range []map[string][]entry{r.Vulnerabilities, r.Anomalies} {
		for category, entries := range of {
			k, ok := map[string]kind{"Internal Server Error": serverFault, "Backup file": leftOver, "Potentially dangerous file": leftOver,
				"SQL Injection": databaseText, "Reflected Cross Site Scripting": reflected, "Information Disclosure - Full Path": "file-path",
				"Path Traversal": "file-path", "Fingerprint web server": shownVersion}[category]
			if !ok {
				continue
			}
			for _, e := range entries {
				out = append(out, at1(k, routes, e.Method, pathOf(e.Path)))
			}
		}
	}
	return out, nil
}

type owaspFinding struct {
	Check    string `json:"check_id"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	URL      string `json:"url"`
}

func owaspFindings(dir string) ([]owaspFinding, error) {
	var r struct {
		Findings []owaspFinding `json:"findings"`
	}
	err := load(dir, "out.json", &r)
	return r.Findings, err
}

// readOWASPScan reads the checks that are of the row.
func readOWASPScan(dir string, routes []string) ([]claim, error) {
	all, err := owaspFindings(dir)
	if err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range all {
		k, ok := map[string]kind{"exposed-files": leftOver, "directory-listing": listing, "reflection": reflected, "sqli-errors": databaseText}[f.Check]
		if f.Check == "disclosure" {
			out = append(out, claim{shownVersion, "*"})
		} else if ok {
			out = append(out, at1(k, routes, "GET", pathOf(f.URL)))
		}
	}
	return out, nil
}

// pathOf is the path of an address, or of what begins with one.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		path, _, _ := strings.Cut(address, "?")
		return path
	}
	return "/" + strings.TrimPrefix(u.Path, "/")
}
