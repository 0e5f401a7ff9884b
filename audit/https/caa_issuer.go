package https

import (
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var caaIssuer = &lr.Check{
	ID:    "https/caa-issuer",
	Title: "The authority that issued the current certificate may issue the next one",
	Why: "CAA records are read when a certificate is issued, not when it is used. Where they forbid the authority of today, nothing shows until the renewal is refused, " +
		"and then the host is down for every browser at once.",
	Fix:      "Add a CAA record with the tag issue for the authority that serves this host today (issuewild, where the certificate is a wildcard), or move the host to one that the records name, before the certificate ends.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfcCAA},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachHost(ctx, t, func(ctx context.Context, c *dns.Client, h *host) error {
			if !h.Expected || len(h.Addrs()) == 0 {
				return nil
			}
			set, err := permits(ctx, c, h.Name)
			if err != nil {
				t.Unknown(h.Name, "%v", err)
				return stops(ctx, err)
			}
			if len(set.Records) == 0 {
				t.Pass(lr.Evidence{}, h.Name, "no CAA record bounds who may issue for it")
				return nil
			}
			return judgeIssuer(ctx, t, h, set)
		})
	},
}

func judgeIssuer(ctx context.Context, t *lr.Trial, h *host, set *permission) error {
	leaf, err := certificate(ctx, t, h.Name)
	if err != nil {
		t.Unknown(h.Name, "its certificate could not be read: %v", err)
		return stops(ctx, err)
	}
	issuer := issuerName(leaf)
	domains := authorityOf(leaf)
	wildcard := slices.ContainsFunc(leaf.DNSNames, func(n string) bool { return n == "*."+dns.Parent(h.Name) }) && !slices.Contains(leaf.DNSNames, h.Name)
	allowed, any := set.of(wildcard)
	records := append(slices.Clone(set.Lines), "certificate issued by "+issuer)
	switch {
	case any:
		t.Pass(said(records...), h.Name, "the CAA records at %s bound nobody", set.At)
	case slices.ContainsFunc(slices.Concat(domains, told(leaf)), func(d string) bool { return slices.Contains(allowed, d) }):
		t.Pass(said(records...), h.Name, "%s may issue for it again", issuer)
	case len(domains) == 0 && len(allowed) > 0:
		t.Unknown(h.Name, "it is not known under which domain %s looks for itself in CAA records", issuer)
	default:
		t.Fail(said(records...), h.Name, "its certificate is from %s, and the CAA records at %s allow %s alone: the next renewal will be refused", issuer, set.At, strings.Join(orNobody(allowed), ", "))
	}
	return nil
}

// certificate is the one that a host of the owner's serves, whoever issued it.
func certificate(ctx context.Context, t *lr.Trial, name string) (*x509.Certificate, error) {
	s, err := met(ctx, t, name, name)
	switch {
	case err != nil:
		return nil, err
	case s.Err != nil:
		return nil, s.Err
	case len(s.Chain) == 0:
		return nil, errors.New("the host showed no certificate")
	}
	return s.Chain[0], nil
}

func issuerName(c *x509.Certificate) string {
	if len(c.Issuer.Organization) > 0 {
		return c.Issuer.Organization[0]
	}
	return c.Issuer.CommonName
}

// authorities are the domains under which an authority looks for itself in CAA
// records, by the organization in its certificates. All of one authority's count.
var authorities = [...]struct {
	Organization string
	Domains      []string
}{
	{"Let's Encrypt", []string{"letsencrypt.org"}},
	{"Internet Security Research Group", []string{"letsencrypt.org"}},
	{"Google Trust Services", []string{"pki.goog"}},
	{"DigiCert", []string{"digicert.com", "www.digicert.com", "digicert.ne.jp", "cybertrust.ne.jp", "thawte.com", "geotrust.com", "rapidssl.com", "symantec.com", "volusion.digitalcertvalidation.com"}},
	{"GeoTrust", []string{"digicert.com", "geotrust.com"}},
	{"Thawte", []string{"digicert.com", "thawte.com"}},
	{"Sectigo", []string{"sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"}},
	{"ZeroSSL", []string{"sectigo.com", "zerossl.com"}},
	{"COMODO", []string{"sectigo.com", "comodoca.com", "comodo.com"}},
	{"GlobalSign", []string{"globalsign.com"}},
	{"Amazon", []string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}},
	{"GoDaddy", []string{"godaddy.com", "starfieldtech.com"}},
	{"Starfield", []string{"starfieldtech.com", "godaddy.com"}},
	{"Entrust", []string{"entrust.net", "affirmtrust.com"}},
	{"Microsoft", []string{"microsoft.com"}},
	{"Buypass", []string{"buypass.com", "buypass.no"}},
	{"SSL Corp", []string{"ssl.com"}},
	{"SSL Corporation", []string{"ssl.com"}},
	{"Actalis", []string{"actalis.it"}},
	{"Certum", []string{"certum.pl", "certum.eu"}},
	{"Asseco", []string{"certum.pl", "certum.eu"}},
	{"HARICA", []string{"harica.gr"}},
	{"Hellenic Academic", []string{"harica.gr"}},
	{"SwissSign", []string{"swisssign.com"}},
	{"QuoVadis", []string{"quovadisglobal.com", "digicert.com"}},
	{"IdenTrust", []string{"identrust.com"}},
	{"TrustAsia", []string{"trustasia.com", "sectigo.com", "digicert.com"}},
	{"Telekom", []string{"telesec.de"}},
	{"GEANT", []string{"sectigo.com", "harica.gr"}},
	{"Apple", []string{"apple.com"}},
}

// authorityOf are the domains of who issued a certificate; none where it is not known.
func authorityOf(c *x509.Certificate) []string {
	for _, a := range authorities {
		for _, o := range c.Issuer.Organization {
			if strings.HasPrefix(strings.ToLower(o), strings.ToLower(a.Organization)) {
				return a.Domains
			}
		}
	}
	return nil
}

// told are the domains at which the issuer says that its own certificate can be had:
// with most authorities it is the one that they look for.
func told(c *x509.Certificate) []string {
	var out []string
	for _, at := range c.IssuingCertificateURL {
		if u, err := url.Parse(at); err == nil {
			if d := registrable(strings.ToLower(u.Hostname())); d != "" {
				out = append(out, d)
			}
		}
	}
	return out
}
