package smtp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Bounds of what is received.
const (
	mostMessage    = 25 << 20
	mostRecipients = 10
	patience       = 2 * time.Minute // for each line
)

// ErrNoMessage is a wait that ended without mail.
var ErrNoMessage = errors.New("no message came")

// Receive waits on a listener for one message and returns it as a mailbox would
// have it: with Return-Path and Received on top, which say who handed it over.
// It takes mail for anybody, offers STARTTLS with a certificate of its own making
// as receivers do, and ends with the context. It closes the listener.
func Receive(ctx context.Context, l net.Listener, name string) ([]byte, error) {
	cert, err := selfMade(name)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	b := &mailbox{name: name, got: make(chan []byte, 1)}
	s := smtp.NewServer(b)
	s.Domain, s.ReadTimeout, s.WriteTimeout = name, patience, patience
	s.MaxMessageBytes, s.MaxRecipients = mostMessage, mostRecipients
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	s.ErrorLog = log.New(io.Discard, "", 0)
	var served sync.WaitGroup
	served.Go(func() { _ = s.Serve(l) })
	defer served.Wait()
	defer l.Close() // the server may not have it yet
	defer s.Close() //nolint:errcheck // what it has to tell is that it was closed
	select {
	case message := <-b.got:
		// The sender is owed the reply to its DATA, and may say QUIT.
		leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = s.Shutdown(leave)
		return message, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait on %s: %w", l.Addr(), errors.Join(ErrNoMessage, ctx.Err()))
	}
}

// selfMade is a certificate that nobody trusts: it keeps a message from being
// read on the way, and senders of mail take it (RFC 7435).
func selfMade(name string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a key: %w", err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// mailbox takes the first message.
type mailbox struct {
	name string
	got  chan []byte
}

// NewSession implements [smtp.Backend].
func (b *mailbox) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &delivery{box: b, conn: c}, nil
}

type delivery struct {
	box    *mailbox
	conn   *smtp.Conn
	sender string
}

// Mail implements [smtp.Session].
func (d *delivery) Mail(from string, _ *smtp.MailOptions) error {
	d.sender = from
	return nil
}

// Rcpt takes everybody: what is asked is the sender's side.
func (d *delivery) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Data implements [smtp.Session]. A second message is refused for now: one was
// asked for.
func (d *delivery) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read mail: %w", err)
	}
	select {
	case d.box.got <- append([]byte(d.trace()), text...):
		return nil
	default:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "one message was waited for, and it came"}
	}
}

// Reset implements [smtp.Session].
func (d *delivery) Reset() { d.sender = "" }

// Logout implements [smtp.Session].
func (d *delivery) Logout() error { return nil }

// trace are the fields of RFC 5321 section 4.4. What the peer said of itself is
// cut to what may stand there.
func (d *delivery) trace() string {
	with := "ESMTP"
	if _, ok := d.conn.TLSConnectionState(); ok {
		with = "ESMTPS" // RFC 3848
	}
	ip := ""
	if at, err := netip.ParseAddrPort(d.conn.Conn().RemoteAddr().String()); err == nil {
		ip = at.Addr().Unmap().String()
		if at.Addr().Unmap().Is6() {
			ip = "IPv6:" + ip
		}
	}
	return fmt.Sprintf("Return-Path: <%s>\r\nReceived: from %s ([%s])\r\n\tby launchready (%s) with %s;\r\n\t%s\r\n",
		word(d.sender), word(d.conn.Hostname()), ip, word(d.box.name), with, time.Now().UTC().Format(time.RFC1123Z))
}

// word keeps what a name or an address may hold.
func word(s string) string {
	s = regexp.MustCompile(`[^A-Za-z0-9.@_+=:\[\]/~!#$%&'*^{|}-]`).ReplaceAllString(s, "")
	if s == "" {
		return ""
	}
	return strings.TrimSpace(s[:min(len(s), 254)])
}
