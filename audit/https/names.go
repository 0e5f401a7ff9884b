package https

import lr "github.com/launchready/launchready"

// names are the checks of the domain's names.
func names() []*lr.Check {
	return []*lr.Check{
		delegation,
		lameServer,
		nameServerTakeover,
		danglingCNAME,
		danglingService,
		danglingAddress,
		wildcardRecord,
		apexAndWWW,
		expectedName,
		internalAddress,
		zoneTransfer,
		openRecursion,
		ttl,
		zoneTimers,
		cnameBeside,
		dnssec,
		dnssecChain,
		dnssecParameters,
		caa,
		caaIssuer,
		txtSecret,
		staleVerification,
		serviceBinding,
		ipv6,
	}
}

// What several checks rest on.
var (
	rfcConcepts   = lr.Ref{Source: "RFC", ID: "1034"}
	rfcSecondary  = lr.Ref{Source: "RFC", ID: "2182"}
	rfcClarify    = lr.Ref{Source: "RFC", ID: "2181"}
	rfcDNSSEC     = lr.Ref{Source: "RFC", ID: "9364"}
	rfcCAA        = lr.Ref{Source: "RFC", ID: "8659"}
	cweTakeover   = lr.Ref{Source: "CWE", ID: "350"}
	cweExposed    = lr.Ref{Source: "CWE", ID: "200"}
	asvsTakeover  = lr.Ref{Source: "ASVS", ID: "v5.0.0-13.4.1"}
	mvspTransport = lr.Ref{Source: "MVSP", ID: "v3-2.3"}
)
