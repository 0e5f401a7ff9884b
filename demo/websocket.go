package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

func (s *Server) websocketRoutes() []route {
	access := viewer
	if s.flaws.Has("auth/websocket-credential") {
		access = guest // a browser's WebSocket can send no header
	}
	return []route{{method: "GET", pattern: "/v1/ws", id: "openSocket", tag: "messages", access: access, scope: "chats:write", status: http.StatusSwitchingProtocols, handle: s.openSocket,
		summary: `A WebSocket; send {"type":"subscribe","chat_id":…} or {"type":"message","chat_id":…,"content":…}`}}
}

// socketOrder is what a client sends.
type socketOrder struct {
	Type    string `json:"type"`
	ChatID  string `json:"chat_id"`
	Content string `json:"content"`
	Token   string `json:"token"`
}

// socketNews is what it gets: events of subscribed chats, and answers.
type socketNews struct {
	Type     string    `json:"type"` // subscribed, message, token, done, error
	ChatID   string    `json:"chat_id,omitempty"`
	Messages []message `json:"messages,omitempty"`
	Data     any       `json:"data,omitempty"`
	Detail   string    `json:"detail,omitempty"`
}

// socket is one open connection.
type socket struct {
	s    *Server
	p    *principal
	conn *websocket.Conn
	// request is the one that opened it.
	request *http.Request
	leave   map[string]func() // how to leave the chats it follows

	locked bool // until a token comes
}

func (s *Server) openSocket(w http.ResponseWriter, r *http.Request) error {
	// A browser sends the cookie from a page of any origin. From another one's it
	// does not count: such a connection signs in by itself.
	locked := who(r).ByCookie && !ours(r) && !s.flaws.Has("cors/websocket-origin")
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return nil // Accept has answered
	}
	conn.SetReadLimit(64 << 10)
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	go func() {
		select {
		case <-s.live.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	so := &socket{s: s, p: who(r), locked: locked, conn: conn, request: r, leave: map[string]func(){}}
	defer so.close()
	so.serve(ctx)
	return nil
}

func (so *socket) close() {
	for _, leave := range so.leave {
		leave()
	}
	so.conn.CloseNow() //nolint:errcheck // it may be closed already
}

// serve reads orders until the client leaves.
func (so *socket) serve(ctx context.Context) {
	for {
		_, b, err := so.conn.Read(ctx)
		if err != nil {
			return
		}
		var o socketOrder
		if json.Unmarshal(b, &o) != nil {
			o.Type = ""
		}
		if so.locked && o.Type != "authenticate" {
			o.Type = "" // it is told nothing
		}
		switch o.Type {
		case "authenticate":
			err = so.authenticate(ctx, o)
		case "subscribe":
			err = so.subscribe(ctx, o)
		case "message":
			err = so.say(ctx, o)
		default:
			err = badRequest("type must be authenticate, subscribe or message")
		}
		if err == nil {
			continue
		}
		var p *problem
		detail := "something went wrong on our side"
		if errors.As(err, &p) {
			detail = p.Detail
		} else {
			so.s.log.ErrorContext(ctx, "socket order failed", "type", o.Type, "err", err)
		}
		if so.send(ctx, socketNews{Type: "error", ChatID: o.ChatID, Detail: detail}) != nil {
			return
		}
	}
}

func (so *socket) send(ctx context.Context, n socketNews) error {
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return so.conn.Write(ctx, websocket.MessageText, b)
}

// authenticate makes the connection that of the token's user.
func (so *socket) authenticate(ctx context.Context, o socketOrder) error {
	p, err := so.s.byToken(ctx, o.Token)
	if err != nil {
		return unauthorized("the token is not valid")
	}
	so.p, so.locked = p, false
	return so.send(ctx, socketNews{Type: "authenticated"})
}

// subscribe sends the chat's past, and from then on what happens in it.
func (so *socket) subscribe(ctx context.Context, o socketOrder) error {
	s := so.s
	c, err := s.chatOf(ctx, so.p.TenantID, o.ChatID)
	if err != nil && (so.p == nobody || s.flaws.Has("isolation/websocket-leak")) {
		c, err = s.chatByID(ctx, o.ChatID)
	}
	if err != nil {
		return err
	}
	if so.leave[c.ID] != nil {
		return nil
	}
	events, leave := s.live.follow(c.ID)
	so.leave[c.ID] = leave
	past, err := s.messagesOf(ctx, c.tenant, c.ID, 200)
	if err != nil {
		return err
	}
	if err := so.send(ctx, socketNews{Type: "subscribed", ChatID: c.ID, Messages: past}); err != nil {
		return err
	}
	go func() {
		for {
			select {
			case e := <-events:
				if so.send(ctx, socketNews{Type: e.Name, ChatID: c.ID, Data: e.Data}) != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return nil
}

// say adds a message; the reply comes as events, to who sent it always.
func (so *socket) say(ctx context.Context, o socketOrder) error {
	if so.p.Role < member {
		return forbidden("this needs the role member or above")
	}
	if faults := faultsOf(newMessage{o.Content}); len(faults) > 0 {
		return invalid(faults...)
	}
	c, err := so.s.chatOf(ctx, so.p.TenantID, o.ChatID)
	if err != nil {
		return err
	}
	leave, err := so.s.turnFrom(ctx, so.p, so.request, !so.s.flaws.Has("limits/socket-messages"), o.Content)
	if err != nil {
		return err
	}
	defer leave()
	m, err := so.s.converse(ctx, so.p, c, o.Content, func(text string) error {
		if so.leave[c.ID] != nil {
			return nil // it comes with the subscription
		}
		return so.send(ctx, socketNews{Type: "token", ChatID: c.ID, Data: tokenText{text}})
	})
	if err != nil || so.leave[c.ID] != nil {
		return err
	}
	return so.send(ctx, socketNews{Type: "done", ChatID: c.ID, Data: m.Reply})
}
