package email

import (
	"net/netip"
	"strings"
)

// provider is a service that sends mail for its customers.
type provider struct {
	id        string
	name      string
	include   []string // what the customer's SPF names, where it must
	marks     []string // further domains that SPF or MX records of customers lead to
	selectors []string // where the customer's key stands
	fixed     bool     // the selectors are always these
	// own is set where the service sends with the customer's domain in MAIL FROM,
	// so that the domain's own SPF must name it; others have a return path of
	// their own or below the domain.
	own bool
}

// providers are the services whose set-up instructions are public.
func providers() []provider {
	return []provider{
		{id: "google", name: "Google Workspace", include: []string{"_spf.google.com"}, marks: []string{"google.com", "googlemail.com"}, selectors: []string{"google"}, own: true},
		{id: "microsoft", name: "Microsoft 365", include: []string{"spf.protection.outlook.com"}, marks: []string{"outlook.com"}, selectors: []string{"selector1", "selector2"}, fixed: true, own: true},
		{id: "zoho", name: "Zoho Mail", include: []string{"zoho.com", "zohomail.com", "zoho.eu", "zohomail.eu", "one.zoho.com", "one.zoho.eu"}, selectors: []string{"zoho", "zmail", "zoho1"}, own: true},
		{id: "fastmail", name: "Fastmail", include: []string{"spf.messagingengine.com"}, marks: []string{"messagingengine.com"}, selectors: []string{"fm1", "fm2", "fm3", "mesmtp"}, fixed: true, own: true},
		{id: "proton", name: "Proton Mail", include: []string{"_spf.protonmail.ch"}, marks: []string{"protonmail.ch"}, selectors: []string{"protonmail", "protonmail2", "protonmail3"}, fixed: true, own: true},
		{id: "salesforce", name: "Salesforce", include: []string{"_spf.salesforce.com"}, marks: []string{"salesforce.com"}, own: true},
		{id: "zendesk", name: "Zendesk", include: []string{"mail.zendesk.com"}, marks: []string{"zendesk.com"}, selectors: []string{"zendesk1", "zendesk2"}, fixed: true, own: true},
		{id: "ses", name: "Amazon SES", marks: []string{"amazonses.com"}},
		{id: "sendgrid", name: "SendGrid", marks: []string{"sendgrid.net"}, selectors: []string{"s1", "s2", "smtpapi", "m1"}},
		{id: "mailgun", name: "Mailgun", marks: []string{"mailgun.org"}, selectors: []string{"k1", "mailo", "pic", "smtp", "mx", "email"}},
		{id: "mailchimp", name: "Mailchimp", marks: []string{"mcsv.net"}, selectors: []string{"k1", "k2", "k3"}},
		{id: "mandrill", name: "Mandrill", marks: []string{"mandrillapp.com"}, selectors: []string{"mandrill", "mte1", "mte2"}},
		{id: "postmark", name: "Postmark", marks: []string{"mtasv.net"}, selectors: []string{"pm"}},
		{id: "brevo", name: "Brevo", marks: []string{"brevo.com", "sendinblue.com"}, selectors: []string{"mail", "brevo1", "brevo2"}},
		{id: "hubspot", name: "HubSpot", marks: []string{"hubspotemail.net"}, selectors: []string{"hs1", "hs2"}},
		{id: "resend", name: "Resend", selectors: []string{"resend"}, fixed: true},
		{id: "klaviyo", name: "Klaviyo", selectors: []string{"kl", "kl2"}},
		{id: "intercom", name: "Intercom", selectors: []string{"intercom"}, fixed: true},
	}
}

// declared is a sender as the configuration names it: a service by its id, a
// service by the domain that its SPF stands at, or an address.
type declared struct {
	text     string
	service  *provider    // nil: not one that is known
	domain   string       // of a sender that is named by its SPF
	networks netip.Prefix // of one that is named by address
}

// sender reads a declared sender. What follows a colon is the service's region.
func sender(text string) declared {
	d := declared{text: text}
	if ip, err := netip.ParseAddr(text); err == nil {
		d.networks = netip.PrefixFrom(ip, ip.BitLen())
		return d
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		d.networks = p.Masked()
		return d
	}
	id, _, _ := strings.Cut(strings.ToLower(text), ":")
	for _, p := range providers() {
		if p.id == id {
			d.service = &p
			return d
		}
	}
	if strings.Contains(id, ".") {
		d.domain = strings.TrimSuffix(id, ".")
	}
	return d
}

// known finds the service that a name belongs to.
func known(name string) *provider {
	for _, p := range providers() {
		for _, m := range append(p.include, p.marks...) {
			if within(strings.ToLower(name), m) {
				return &p
			}
		}
	}
	return nil
}

// common are selectors that people and products choose, beside the services'.
func common() []string {
	return strings.Fields("default dkim mail selector selector1 selector2 s1 s2 k1 k2 k3 key1 key2 dk mx email smtp sig1 google " +
		"everlytickey1 everlytickey2 eversrv mxvault pm postmark mandrill sendgrid mailgun mailjet sparkpost scph amazonses ses cm turbo-smtp " +
		"zoho zmail fm1 fm2 fm3 protonmail protonmail2 protonmail3 brevo1 brevo2 resend kl kl2 zendesk1 zendesk2 intercom hs1 hs2 ctct1 ctct2 sm krs dkim1 dkim2 main prod production 2024 2025 2026")
}
