package demo

import "sync"

// event is something that happened in a chat, as streams and sockets tell it.
type event struct {
	Name string // message, token, done, error
	Data any
}

// hub passes events of chats to those who follow them. It is safe for
// concurrent use.
type hub struct {
	mu     sync.Mutex
	chats  map[string]map[chan event]bool
	closed chan struct{}
	once   sync.Once
}

func newHub() *hub {
	return &hub{chats: map[string]map[chan event]bool{}, closed: make(chan struct{})}
}

// follow delivers the chat's events until leave is called. A follower that does
// not keep up loses events rather than hold the others up.
func (h *hub) follow(chat string) (events <-chan event, leave func()) {
	c := make(chan event, 64)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.chats[chat] == nil {
		h.chats[chat] = map[chan event]bool{}
	}
	h.chats[chat][c] = true
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.chats[chat], c)
		if len(h.chats[chat]) == 0 {
			delete(h.chats, chat)
		}
	}
}

func (h *hub) publish(chat string, e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.chats[chat] {
		select {
		case c <- e:
		default:
		}
	}
}

// Close ends every follower: a hijacked connection outlives the HTTP server.
func (h *hub) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}
