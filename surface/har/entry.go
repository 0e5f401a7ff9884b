package har

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// notNetwork is why an entry is passed over in silence: data: and blob: URLs and
// extensions are no traffic.
const notNetwork = "not of the network"

// entry reads one entry. why says what is wrong with one that is well-formed
// JSON and no exchange.
func (p *parser) entry() (e *Entry, why string, err error) {
	e = &Entry{Number: p.number, Header: http.Header{}, Reply: http.Header{}}
	asked := false
	address := ""
	ok, err := p.object(func(key string) error {
		switch key {
		case "startedDateTime":
			s, _, err := p.text()
			if t, perr := time.Parse(time.RFC3339Nano, s); perr == nil {
				e.Started = t
			}
			return err
		case "_resourceType":
			s, _, err := p.text()
			e.Kind = strings.ToLower(clipped(s, 40))
			return err
		case "request":
			ok, err := p.object(func(key string) error { return p.request(e, &address, key) })
			asked = ok
			return err
		case "response":
			_, err := p.object(func(key string) error { return p.response(e, key) })
			return err
		case "_webSocketMessages":
			_, err := p.array(func(i int) error { return p.message(e, i) })
			return err
		}
		return p.skip()
	})
	switch {
	case err != nil:
		return nil, "", err
	case !ok:
		return nil, "it is no object", nil
	case !asked:
		return nil, "it has no request", nil
	}
	why = e.addressed(address)
	return e, why, nil
}

// addressed reads the entry's URL.
func (e *Entry) addressed(address string) (why string) {
	scheme, _, _ := strings.Cut(address, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "ws", "wss":
	case "data", "blob", "about", "file", "chrome", "chrome-extension", "moz-extension", "safari-web-extension", "devtools", "javascript":
		return notNetwork
	default:
		return "its request has no URL of the web"
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "its request has no URL that can be read"
	}
	if e.Method = strings.ToUpper(e.Method); e.Method == "" {
		return "its request has no method"
	}
	for i := range len(e.Method) {
		if c := e.Method[i]; (c < 'A' || c > 'Z') && c != '-' || i > 20 {
			return "its request has no method that could be one"
		}
	}
	e.URL = u
	return ""
}

func (p *parser) request(e *Entry, address *string, key string) (err error) {
	cut := false
	switch key {
	case "method":
		e.Method, _, err = p.text()
		return err
	case "url":
		if *address, cut, err = p.text(); cut {
			*address = "" // no server reads a URL of a megabyte
		}
		return err
	case "headers":
		return p.headers(e.Header)
	case "cookies":
		e.Cookies, err = p.pairs(e.Cookies)
		return err
	case "postData":
		_, err := p.object(func(key string) error { return p.posted(&e.Sent, key) })
		return err
	}
	return p.skip()
}

func (p *parser) posted(b *Body, key string) error {
	switch key {
	case "mimeType":
		s, _, err := p.text()
		b.Type = clipped(s, 200)
		return err
	case "text":
		s, cut, err := p.text()
		b.keep(s, cut, p.o.MaxBody)
		return err
	case "encoding", "_encoding":
		s, _, err := p.text()
		if err == nil && strings.EqualFold(s, "base64") && len(b.Text) > 0 {
			if raw, ok := decoded(string(b.Text), s); ok {
				b.Text = raw
			}
		}
		return err
	case "params":
		_, err := p.array(func(i int) error {
			var f Param
			ok, err := p.object(func(key string) error {
				s, cut, err := p.text()
				if cut {
					s = ""
				}
				switch key {
				case "name":
					f.Name = clipped(s, 400)
				case "value":
					f.Value = clipped(s, p.o.MaxBody)
				case "fileName":
					f.File = clipped(s, 400)
				case "contentType":
					f.Type = clipped(s, 200)
				}
				return err
			})
			if ok && f.Name != "" && i < maxFields {
				b.Params = append(b.Params, f)
			}
			return err
		})
		return err
	}
	return p.skip()
}

func (b *Body) keep(s string, cut bool, limit int) {
	if cut || len(s) > limit {
		b.Dropped = true
		return
	}
	b.Text = []byte(s)
}

func (p *parser) response(e *Entry, key string) error {
	switch key {
	case "status":
		s, _, err := p.text()
		if n, aerr := strconv.Atoi(s); aerr == nil {
			e.Status = n
		}
		return err
	case "headers":
		return p.headers(e.Reply)
	case "cookies":
		var err error
		e.Set, err = p.pairs(e.Set)
		return err
	case "content":
		encoding, text, cut := "", "", false
		_, err := p.object(func(key string) (err error) {
			switch key {
			case "mimeType":
				e.Content.Type, _, err = p.text()
				e.Content.Type = clipped(e.Content.Type, 200)
			case "encoding":
				encoding, _, err = p.text()
			case "text":
				text, cut, err = p.text()
			default:
				err = p.skip()
			}
			return err
		})
		if raw, ok := decoded(text, encoding); ok && !cut && len(raw) <= p.o.MaxBody {
			e.Content.Text = raw
		} else if text != "" {
			e.Content.Dropped = true
		}
		return err
	}
	return p.skip()
}

// headers reads header fields. Those of HTTP/2 that are no fields (":path") are
// left out.
func (p *parser) headers(h http.Header) error {
	n := 0
	pairs, err := p.pairs(nil)
	for _, f := range pairs {
		if n++; n <= maxFields && !strings.HasPrefix(f.Name, ":") {
			h.Add(f.Name, f.Value)
		}
	}
	return err
}

func (p *parser) pairs(out []Pair) ([]Pair, error) {
	_, err := p.array(func(i int) error {
		var f Pair
		ok, err := p.object(func(key string) error {
			s, cut, err := p.text()
			switch {
			case cut:
			case key == "name":
				f.Name = clipped(strings.TrimSpace(s), 400)
			case key == "value":
				f.Value = s
			}
			return err
		})
		if ok && f.Name != "" && len(f.Value) <= 64<<10 && len(out) < maxFields {
			out = append(out, f)
		}
		return err
	})
	return out, err
}

func (p *parser) message(e *Entry, i int) error {
	var m Message
	ok, err := p.object(func(key string) error {
		s, cut, err := p.text()
		switch {
		case cut:
		case key == "type":
			m.Sent = s == "send" || s == "request"
		case key == "opcode":
			m.Binary = s == "2"
		case key == "data" && len(s) <= p.o.MaxBody:
			m.Data = s
		}
		return err
	})
	if ok && i < maxMessages && m.Data != "" {
		e.Messages = append(e.Messages, m)
	}
	return err
}
