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

// Harbor hands its mail to a relay where one is set (Options.Relay), and keeps it
// in its mail catcher in any case. A letter to an address literal on loopback,
// user@[127.0.0.1], is what a relay of an audit on this machine takes.

// from is who Harbor's letters are from.
const from = "support@harbor.test"

// relayDeadline bounds the handing over of one letter.
const relayDeadline = 5 * time.Second

// relayed hands the letter to the relay, where there is one.
func (s *Server) relayed(ctx context.Context, l letter) (err error) {
	if s.relay == "" {
		return nil
	}
	if strings.ContainsAny(l.To, "\r\n<> ") || !strings.Contains(l.To, "@") {
		return errors.New("relay: this is not an address")
	}
	d := net.Dialer{Timeout: relayDeadline}
	conn, err := d.DialContext(ctx, "tcp", s.relay)
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
