package main

import "strings"

// readCORScanner reads its results: a kind for each address.
func readCORScanner(dir string, routes []string) ([]claim, error) {
	var r []struct {
		URL  string `json:"url"`
		Type string `json:"type"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r {
		k, ok := map[string]kind{"reflect_origin": anyOrigin, "custom_third_parties": anyOrigin, "prefix_match": prefixOrigin, "special_characters_bypass": prefixOrigin,
			"suffix_match": suffixOrigin, "include_match": suffixOrigin, "not_escape_dot": dotOrigin, "trust_null": nullOrigin,
			"trust_any_subdomain": subdomainOrigin, "https_trust_http": schemeOrigin}[f.Type]
		if ok {
			out = append(out, at1(k, routes, "GET", pathOf(f.URL)))
		}
	}
	return out, nil
}

// readCorsy reads its report: a class for each address. It writes none when there
// is nothing to report, so that an empty one lies there before.
func readCorsy(dir string, routes []string) ([]claim, error) {
	var r map[string]struct {
		Class string `json:"class"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for address, f := range r {
		k, ok := map[string]kind{"origin reflected": anyOrigin, "third party allowed": anyOrigin, "post-domain wildcard": prefixOrigin, "unrecognized underscore": prefixOrigin,
			"broken parser": prefixOrigin, "pre-domain wildcard": suffixOrigin, "unescaped regex": dotOrigin, "null origin allowed": nullOrigin,
			"http origin allowed": schemeOrigin, "wildcard value": wildcardOrigin}[f.Class]
		if ok {
			out = append(out, at1(k, routes, "GET", pathOf(address)))
		}
	}
	return out, nil
}

// readCorsair reads the single answers: a wildcard is called misconfigured for
// every origin that was tried, and is one claim here.
func readCorsair(dir string, routes []string) ([]claim, error) {
	type answer struct {
		Allowed       string `json:"Access-Control-Allow-Origin"`
		Misconfigured bool   `json:"misconfigured"`
	}
	var r struct {
		Report []struct {
			URL    string `json:"url"`
			Verb   string `json:"verb"`
			Any    answer `json:"fake_origin"`
			Sub    answer `json:"sub-domain"`
			Before answer `json:"pre-domain"`
			After  answer `json:"post-domain"`
		} `json:"report"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Report {
		for _, a := range []struct {
			answer
			kind kind
		}{{f.Any, anyOrigin}, {f.Sub, subdomainOrigin}, {f.Before, suffixOrigin}, {f.After, prefixOrigin}} {
			switch {
			case !a.Misconfigured:
				continue
			case a.Allowed == "*":
				a.kind = wildcardOrigin
			}
			out = append(out, at1(a.kind, routes, f.Verb, pathOf(f.URL)))
		}
	}
	return out, nil
}

// readOverreacher reads its attacks by name.
func readOverreacher(dir string, routes []string) ([]claim, error) {
	var r struct {
		Results map[string][]struct {
			Method string `json:"http_method"`
			Attack string `json:"attack_name"`
			Result string `json:"attack_result"`
		} `json:"scan_res"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for address, found := range r.Results {
		for _, f := range found {
			low := strings.ToLower(f.Attack)
			k := anyOrigin
			switch {
			case strings.Contains(f.Result, "wildcard ACAO"):
				k = wildcardOrigin
			case strings.Contains(low, "null"):
				k = nullOrigin
			case strings.Contains(low, "post domain"), strings.Contains(low, "append"):
				k = prefixOrigin
			case strings.Contains(low, "pre"):
				k = suffixOrigin
			case strings.Contains(low, "dot"):
				k = dotOrigin
			}
			out = append(out, at1(k, routes, f.Method, pathOf(address)))
		}
	}
	return out, nil
}

// readOWASPScanOrigins reads its check cors. What it calls information fails no
// gate.
func readOWASPScanOrigins(dir string, routes []string) ([]claim, error) {
	all, err := owaspFindings(dir)
	if err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range all {
		if f.Check != "cors" || strings.EqualFold(f.Severity, "info") {
			continue
		}
		low, k := strings.ToLower(f.Title), anyOrigin
		switch {
		case strings.Contains(low, "wildcard"):
			k = wildcardOrigin
		case strings.Contains(low, "null"):
			k = nullOrigin
		case strings.Contains(low, "look-alike"), strings.Contains(low, "prefix"):
			k = prefixOrigin
		case strings.Contains(low, "suffix"):
			k = suffixOrigin
		case strings.Contains(low, "subdomain"):
			k = subdomainOrigin
		}
		out = append(out, at1(k, routes, "GET", pathOf(f.URL)))
	}
	return out, nil
}
