package callback

import (
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-smtp"

	lr "github.com/launchready/launchready"
)

// inbox takes mail for nonces that were handed out.
type inbox struct{ l *Listener }

// NewSession implements [smtp.Backend].
func (b inbox) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{l: b.l, peer: c.Conn().RemoteAddr().String()}, nil
}

type session struct {
	l      *Listener
	peer   string
	sender string
	to     []string
}

// Mail implements [smtp.Session].
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.sender = from
	return nil
}

// Rcpt refuses what is for nobody: this is no relay.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	local, _, _ := strings.Cut(to, "@")
	s.l.mu.Lock()
	_, ok := s.l.known[local]
	s.l.mu.Unlock()
	if !ok {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"} // RFC 3463, 3.2
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements [smtp.Session].
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, maxText))
	if err != nil {
		return fmt.Errorf("read mail: %w", err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return fmt.Errorf("read mail: %w", err)
	}
	for _, to := range s.to {
		local, _, _ := strings.Cut(to, "@")
		s.l.record(lr.Hit{Nonce: local, Kind: "smtp", From: s.peer, Agent: cut(s.sender, 512), Line: cut(to, 512), Text: cut(valid(b), maxText)})
	}
	return nil
}

// Reset implements [smtp.Session].
func (s *session) Reset() { s.sender, s.to = "", nil }

// Logout implements [smtp.Session].
func (s *session) Logout() error { return nil }
