package mailhost

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// Selector is where the key stands that the demo's mail is signed with.
const Selector = "harbor1"

// Messages are the mail that the demo sent.
type Messages struct {
	Domain string
	Key    *rsa.PrivateKey
	Flaws  func(id string) bool
	Now    time.Time
}

// message is one of them, and how a flaw changes it.
type message struct {
	file, subject, text string
	fields              string   // beside the usual ones
	signed              []string // the fields that are signed
	domain              string   // that signs
	sender, host, ip    string   // who hands it over
	id                  bool     // it has a Message-ID
	changed             bool     // on its way, after it was signed
}

// all is what a mail library signs by itself.
func all() []string {
	return []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Reply-To"}
}

// list are the messages, with the flaws that are on.
func (m Messages) list() []message {
	usual := func(file, subject, text string) message {
		return message{file: file, subject: subject, text: text, signed: all(), domain: m.Domain, sender: "bounces@" + m.Domain, host: "out1." + m.Domain, ip: "192.0.2.16", id: true}
	}
	invitation := usual("invitation.eml", "You are invited to Harbor", "Acme has invited you. Follow the link in Harbor to join.")
	invoice := usual("invoice.eml", "Your invoice", "Your invoice for November is ready.")
	reset := usual("reset.eml", "Set a new password", "Somebody asked for a new password. The link is good for an hour.")
	notice := usual("notice.eml", "A ticket was answered", "Your ticket has a new answer.")
	digest := usual("digest.eml", "Your week at Harbor", "Twelve conversations, three tickets.")
	news := usual("news.eml", "What is new in Harbor", "Search is faster, and answers cite their sources.")
	news.fields = "List-Id: <news." + m.Domain + ">\r\nList-Unsubscribe: <https://www." + m.Domain + "/unsubscribe/3f2a>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
	if m.flaw("email/sample-dkim") {
		invoice.changed = true // a gateway puts its footer below
	}
	if m.flaw("email/sample-spf") {
		invitation.host, invitation.ip = "web3."+m.Domain, "192.0.2.40" // the application server sends by itself
	}
	if m.flaw("email/sample-alignment") {
		reset.domain, reset.sender, reset.host, reset.ip = "", "bounce-17@spf.courier.test", "out.courier.test", "198.51.100.9"
	}
	if m.flaw("email/sample-signature") {
		digest.signed = []string{"From", "Date"}
	}
	if m.flaw("email/bulk-sender") {
		notice.id = false
	}
	if m.flaw("email/one-click-unsubscribe") {
		news.fields = "List-Id: <news." + m.Domain + ">\r\nList-Unsubscribe: <mailto:unsubscribe@" + m.Domain + ">\r\n"
	}
	return []message{invitation, invoice, reset, notice, digest, news}
}

func (m Messages) flaw(id string) bool { return m.Flaws != nil && m.Flaws(id) }

// Write puts the messages into a folder, as they were received.
func (m Messages) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the folder of messages: %w", err)
	}
	for i, msg := range m.list() {
		b, err := m.received(msg, i)
		if err != nil {
			return fmt.Errorf("message %s: %w", msg.file, err)
		}
		if err := os.WriteFile(filepath.Join(dir, msg.file), b, 0o600); err != nil {
			return fmt.Errorf("write a message: %w", err)
		}
	}
	return nil
}

// received is a message with what the sender and the receiver put on top.
func (m Messages) received(msg message, i int) ([]byte, error) {
	at := m.Now.UTC().Add(-time.Hour).Format(time.RFC1123Z)
	var b strings.Builder
	fmt.Fprintf(&b, "From: Harbor <hello@%s>\r\nTo: reader@stranger.test\r\nSubject: %s\r\nDate: %s\r\n", m.Domain, msg.subject, at)
	if msg.id {
		fmt.Fprintf(&b, "Message-ID: <%d.harbor@%s>\r\n", i+1, m.Domain)
	}
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n%s\r\n%s\r\n", msg.fields, msg.text)
	text := b.String()
	if msg.domain != "" {
		var out bytes.Buffer
		err := dkim.Sign(&out, strings.NewReader(text), &dkim.SignOptions{
			Domain: msg.domain, Selector: Selector, Signer: m.Key, HeaderKeys: msg.signed,
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		})
		if err != nil {
			return nil, err
		}
		text = out.String()
	}
	if msg.changed {
		text += "\r\n-- \r\nThis message was scanned.\r\n"
	}
	return fmt.Appendf(nil, "Return-Path: <%s>\r\nReceived: from %s (%s [%s])\r\n\tby mx.stranger.test with ESMTPS id %d\r\n\tfor <reader@stranger.test>; %s\r\n%s",
		msg.sender, msg.host, msg.host, msg.ip, i+1, at, text), nil
}

// Record is the key record of a public key, as a zone file has it: strings of at
// most 255 bytes.
func Record(key *rsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("write a key record: %w", err)
	}
	text := "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	var parts []string
	for len(text) > 255 {
		parts, text = append(parts, `"`+text[:255]+`"`), text[255:]
	}
	return strings.Join(append(parts, `"`+text+`"`), " "), nil
}
