package https

import lr "github.com/launchready/launchready"

// Clauses that the checks answer to.
var (
	refConfiguration    = lr.Ref{Source: "ASVS", ID: "v5.0.0-12.1.1"}
	refStrength         = lr.Ref{Source: "ASVS", ID: "v5.0.0-12.1.2"}
	refCertificate      = lr.Ref{Source: "ASVS", ID: "v5.0.0-12.2.2"}
	refPlain            = lr.Ref{Source: "ASVS", ID: "v5.0.0-12.2.1"}
	refMisconfiguration = lr.Ref{Source: "OWASP API", ID: "API8:2023"}
	refHSTS             = lr.Ref{Source: "ASVS", ID: "v5.0.0-3.4.1"}
	refHeaders          = lr.Ref{Source: "ASVS", ID: "v5.0.0-3.4.3"}
	refCookie           = lr.Ref{Source: "ASVS", ID: "v5.0.0-3.3.1"}
	refCache            = lr.Ref{Source: "ASVS", ID: "v5.0.0-14.3.2"}
)

// transport are the checks of certificates and of TLS.
func transport() []*lr.Check {
	return []*lr.Check{
		certificateTrust, certificateChain, certificateName, certificateExpiry, certificateLifetime, certificateKey, certificateSignature, certificateTransparency, certificateStaple, certificateInternalName, certificateWildcard, unknownName, encrypted, tlsVersions, tls13, tlsCiphers, tlsOrder, tlsForwardSecrecy, tlsGroups, tlsPostQuantum, tlsSignature, tlsCompression, tlsRenegotiation, tlsMasterSecret, tlsFallback,
	}
}
