package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo/nameserver"
)

// Of the domain that measureNames audits.
const (
	domainNames = 200
	domainDelay = 50 * time.Millisecond
)

// nameChecks ask name servers alone.
const nameChecks = "https/delegation,https/lame-server,https/name-server-takeover,https/dangling-cname,https/dangling-service,https/wildcard-record,https/apex-and-www,https/expected-name," +
	"https/internal-address,https/zone-transfer,https/open-recursion,https/ttl,https/zone-timers,https/cname-beside,https/dnssec,https/dnssec-chain,https/dnssec-parameters,https/caa,https/txt-secret," +
	"https/stale-verification,https/service-binding,https/ipv6"

// measureNames audits a domain of many names whose servers take a while to answer:
// the checks that ask name servers alone, and both rows whole, with a page at each name.
func measureNames(ctx context.Context, s *settings) error {
	for _, only := range []string{nameChecks, "email,https"} {
		if err := measureDomain(ctx, s, only); err != nil {
			return err
		}
	}
	return nil
}

func measureDomain(ctx context.Context, s *settings, only string) error {
	what := "the checks of names"
	if only != nameChecks {
		what = "the rows email and https, a page at each name"
	}
	var walls, cpus []time.Duration
	var peaks []int64
	var requests []int
	for n := range s.runs {
		a, err := auditNames(ctx, s, filepath.Join(s.dir, fmt.Sprintf("names-%d-%d", len(only), n)), only)
		if err != nil {
			return err
		}
		walls, cpus, peaks, requests = append(walls, a.wall), append(cpus, a.cpu), append(peaks, a.peak), append(requests, a.report.Requests)
	}
	return table(s, fmt.Sprintf("%s, a domain of %d names, answers after %s, medians of %d", what, domainNames, domainDelay, s.runs),
		[]string{"names", "questions", "wall s", "CPU s", "peak MB"},
		[][]string{{fmt.Sprint(domainNames), fmt.Sprint(median(requests)), seconds(median(walls)), seconds(median(cpus)), megabytes(median(peaks))}})
}

// auditNames serves the domain and an application from this process, and audits
// them from another.
func auditNames(ctx context.Context, s *settings, dir, only string) (a audited, err error) {
	names, err := nameserver.Start(nameserver.Options{Zones: largeDomain(domainNames), Delay: domainDelay})
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, names.Close()) }()
	_, stop, err := synthetic(dir, minRoutes)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	file := filepath.Join(dir, "launchready.yaml")
	config, err := os.ReadFile(file)
	if err != nil {
		return a, err
	}
	var hosts []string
	for i := range domainNames - 2 {
		hosts = append(hosts, fmt.Sprintf("h%d", i))
	}
	config = fmt.Appendf(config, "domain: {name: large.test, hosts: [www, %s], resolver: \"%s\", ports: {53: %d}}\n", strings.Join(hosts, ", "), names.Resolver(), names.Port())
	if only != nameChecks {
		w, err := openWeb("large.test", filepath.Join(dir, "ca.pem"))
		if err != nil {
			return a, err
		}
		defer w.Close() //nolint:errcheck // it was asked all
		config = bytes.Replace(config, []byte("ports: {"), fmt.Appendf(nil, "ports: {443: %d, 80: %d, ", w.secure, w.plain), 1)
		config = bytes.Replace(config, []byte("\ntarget: {"), fmt.Appendf(nil, "\ntarget: {ca_file: %q, ", w.caFile), 1)
	}
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return a, err
	}
	if a, err = auditIn(ctx, s, dir, "--only", only); err != nil || only != nameChecks {
		return a, err
	}
	for _, row := range a.report.Rows {
		for _, c := range row.Checks {
			if c.Verdict != lr.Passed {
				return a, fmt.Errorf("the domain is right, and %s is %s: %s", c.ID, c.Verdict, c.Reason)
			}
		}
	}
	return a, nil
}

// largeDomain are the zones of a domain of so many names, and those above.
func largeDomain(n int) map[string]string {
	var b strings.Builder
	b.WriteString("@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300\n@ IN NS ns1\n@ IN NS ns2\nns1 IN A 127.0.0.2\nns2 IN A 127.0.0.3\n@ IN A 127.0.0.1\nwww IN A 127.0.0.1\n@ IN CAA 0 issue \"letsencrypt.org\"\n")
	for i := range n - 2 {
		fmt.Fprintf(&b, "h%d IN A 127.0.0.1\n", i)
	}
	const above = "@ IN SOA ns.test. hostmaster.test. 1 7200 3600 1209600 300\n@ IN NS ns.test.\n"
	return map[string]string{
		".":          "; ds: test.\n" + above + "test. IN NS ns.test.\nns.test. IN A 127.0.0.4\n",
		"test":       "; ds: large.test\n" + above + "ns IN A 127.0.0.4\nlarge IN NS ns1.large.test.\nlarge IN NS ns2.large.test.\nns1.large IN A 127.0.0.2\nns2.large IN A 127.0.0.3\n",
		"large.test": b.String(),
	}
}
