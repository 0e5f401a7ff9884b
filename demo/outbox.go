package demo

import (
	"crypto/subtle"
	"net/http"
	"sync"
)

// outbox catches the mail that Harbor sends, as staging systems do.
type outbox struct {
	mu    sync.Mutex
	mails []letter
}

type letter struct {
	ID      string            `json:"id"`
	To      string            `json:"to"`
	Subject string            `json:"subject"`
	Text    string            `json:"text"`
	Links   map[string]string `json:"links,omitempty"`
	SentAt  string            `json:"sent_at"`
}

const outboxSize = 1000

func newOutbox() *outbox { return &outbox{} }

func (o *outbox) send(l letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.mails) >= outboxSize {
		o.mails = append(o.mails[:0], o.mails[outboxSize/2:]...)
	}
	o.mails = append(o.mails, l)
}

// to lists the mails to an address, newest first.
func (o *outbox) to(address string) []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := []letter{}
	for i := len(o.mails) - 1; i >= 0; i-- {
		if o.mails[i].To == address {
			out = append(out, o.mails[i])
		}
	}
	return out
}

// forDevelopers opens what is no part of the API, with a token of its own.
func (s *Server) forDevelopers(r *http.Request) error {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Dev-Token")), []byte(s.devToken)) == 0 {
		return unauthorized("this needs the developers' token")
	}
	return nil
}

// showOutbox is the mail catcher. It is no part of the API and opens with a
// token of its own.
func (s *Server) showOutbox(w http.ResponseWriter, r *http.Request) error {
	if err := s.forDevelopers(r); err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[letter]{Data: s.outbox.to(r.URL.Query().Get("to"))})
}
