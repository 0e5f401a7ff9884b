package demo

import (
	"io"
	"net/mail"
	"strings"
	"unicode"
)

// sendInvitation sends the letter of an invitation.
func (s *Server) sendInvitation(l letter, name string) {
	if s.flaws.Has("input/header-injection") {
		s.sendRaw("To: "+l.To+"\r\nSubject: "+greeting(name)+"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+l.Text, l)
		return
	}
	l.Subject = greeting(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, name))
	s.outbox.send(l)
}

func greeting(name string) string {
	if name == "" {
		return "You are invited to Harbor"
	}
	return name + ", you are invited to Harbor"
}

// sendRaw hands a message to the mail server, which delivers it to whom its
// header names.
func (s *Server) sendRaw(raw string, l letter) {
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return
	}
	text, err := io.ReadAll(m.Body)
	if err != nil {
		return
	}
	l.Subject, l.Text = m.Header.Get("Subject"), string(text)
	for _, field := range []string{"To", "Cc", "Bcc"} {
		list, err := m.Header.AddressList(field)
		if err != nil {
			continue
		}
		for _, a := range list {
			l.ID, l.To = s.newID("mail"), a.Address
			s.outbox.send(l)
		}
	}
}
