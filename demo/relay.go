package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"strings"
	"time"
)

// from is who Harbor's letters are from.
const from = "support@harbor.test"

// relayDeadline bounds the handing over of one letter.
const relayDeadline = 5 * time.Second

// RelayMail sets the mail server that Harbor hands its mail to, as the setting of
// an operator does: "127.0.0.1:2525", or "" for none. Harbor keeps a copy in its
// mail catcher in any case. An audit on this machine listens for mail on a port of
// its own, and its addresses are literals, NONCE@[127.0.0.1], which name no port:
// what sets both up points the one to the other.
func (s *Server) RelayMail(address string) error {
	if host, _, err := net.SplitHostPort(address); address != "" && (err != nil || !loopbackHost(host)) {
		return fmt.Errorf("mail relay %q is not on loopback", address)
	}
	s.relay.Store(address)
	return nil
}

// relayed hands the letter to the relay, where there is one.
func (s *Server) relayed(ctx context.Context, l letter) (err error) {
	to, _ := s.relay.Load().(string)
	if to == "" {
		return nil
	}
	if strings.ContainsAny(l.To, "\r\n<> ") || !strings.Contains(l.To, "@") {
		return errors.New("relay: this is not an address")
	}
	d := net.Dialer{Timeout: relayDeadline}
	conn, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		return fmt.Errorf("reach the relay: %w", err)
	}
	if err := conn.SetDeadline(time.Now().Add(relayDeadline)); err != nil {
		return errors.Join(err, conn.Close())
	}
	c, err := smtp.NewClient(conn, "localhost")
	if err != nil {
		return errors.Join(fmt.Errorf("greet the relay: %w", err), conn.Close())
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("hand a letter to the relay: %w", err), c.Close())
		}
	}()
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(l.To); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\n%s\r\n", from, l.To, l.Subject, l.Text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// loopbackHost judges the host of a relay or a page.
func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
