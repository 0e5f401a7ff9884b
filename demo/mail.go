package demo

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/launchready/launchready/demo/mailhost"
)

// mailFolder holds the messages that Harbor sent, beside the chatbot.
const mailFolder = "mail"

// shortKey is a public key of 1024 bits whose other half nobody has.
const shortKey = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCCV9RXKg4YKmMJt1b3c9lNNESdUVKkKp5jfwEBYiC0o+p4p7gYzK5UbQ47jkK82Z7JCIoqE+jwnF4TeZT4mB8pD6Lsp6YVcy4rUNaUlvgfwIURhQs27YaxiQfubbe/eXxZmp8eUNfquQVLPp3X/a6jK4Wl0+hTKyu0A1kUVxHd2wIDAQAB"

// zoneValues are what the zones take by name: {{value "dkim"}} is the key that
// mail is signed with, the one of the tokens: a second would cost half a second.
func (s *Server) zoneValues() (map[string]string, error) {
	record, err := mailhost.Record(&s.key.private.PublicKey)
	if err != nil {
		return nil, err
	}
	return map[string]string{"dkim": record, "bare": strings.Replace(record, `"v=DKIM1; k=rsa; `, `"`, 1), "short": shortKey}, nil
}

// openMail starts the mail servers, and writes what they sent.
func (s *Server) openMail() error {
	var err error
	if s.domain.mail, err = mailhost.Start(mailhost.Options{Domain: domainName, Authority: s.domain.authority, Flaws: s.flaws.Has}); err != nil {
		return fmt.Errorf("start the mail servers: %w", err)
	}
	s.closers = append(s.closers, s.domain.mail.Close)
	if s.estate.dir == "" {
		return nil
	}
	sent := mailhost.Messages{Domain: domainName, Key: s.key.private, Flaws: s.flaws.Has, Now: s.now()}
	return sent.Write(filepath.Join(s.estate.dir, mailFolder))
}

// pinned is one entry of the configuration's target.resolve.
type pinned struct{ Service, At string }

// pins are where single services stand that share a port of the internet.
func (s *Server) pins() []pinned {
	if s.domain.mail == nil {
		return nil
	}
	var out []pinned
	for _, service := range slices.Sorted(maps.Keys(s.domain.mail.At)) {
		out = append(out, pinned{service, s.domain.mail.At[service]})
	}
	return out
}

// mailConfig is the section domain.mail of the configuration.
func (s *Server) mailConfig() map[string]any {
	senders, selectors := []string{"spf.courier.test", "192.0.2.16/28"}, []string{mailhost.Selector, "courier1"}
	if s.flaws.Has("email/dmarc-alignment") {
		senders = append(senders, "intercom") // which was never told to sign as Harbor
	}
	if s.flaws.Has("email/dkim-revoked") {
		selectors = append(selectors, "default") // the billing job still signs with it
	}
	sample := ""
	if s.estate.dir != "" {
		sample = mailFolder
	}
	return map[string]any{
		"From": []string{"news", "notify", "billing", "harbor-post.test"}, "Senders": senders, "Selectors": selectors, "Sample": sample,
	}
}
