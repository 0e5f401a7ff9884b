package assembly

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/config"
)

// overlay is the shape with what the configuration says in place of its own.
func overlay(s chat.Shape, c *config.Chat) (chat.Shape, error) {
	r := &reader{}
	if !c.Request.IsZero() {
		s.Send.Method, s.Send.Path = c.Request.Method, c.Request.Path
	}
	s.Send.Header = headers(s.Send.Header, c.Header)
	if c.Body != nil {
		s.Send.Body = plainTree(c.Body)
	}
	s.Send.Form = s.Send.Form || c.Form
	s.History = s.History || c.History
	for i, name := range modes() {
		if c.Reply.Mode == name {
			s.Mode = chat.Mode(i) //nolint:gosec // a few names
		}
	}
	for _, x := range []struct {
		to   *[]chat.Selector
		from config.Selectors
	}{
		{&s.Text, c.Reply.Text}, {&s.Error, c.Reply.Error}, {&s.Conversation, c.Reply.Conversation}, {&s.Tools, c.Reply.Tools},
		{&s.Sources, c.Reply.Sources}, {&s.InTokens, c.Reply.InTokens}, {&s.OutTokens, c.Reply.OutTokens}, {&s.Done, c.Reply.Done},
	} {
		r.selectors(x.to, x.from)
	}
	if b := c.Begin; b != nil {
		s.Begin = &chat.Template{Method: b.Request.Method, Path: b.Request.Path, Header: headers(nil, b.Header), Body: plainTree(b.Body)}
		s.Begun = []chat.Selector{{Path: []string{"id"}}}
		r.selectors(&s.Begun, b.ID)
	}
	if f := c.Follow; f != nil {
		s.Follow = &chat.Template{Method: f.Request.Method, Path: f.Request.Path, Header: headers(nil, f.Header), Body: plainTree(f.Body)}
		r.selectors(&s.Run, f.ID)
	}
	if u := c.Upload; u != nil {
		s.Upload = &chat.Upload{Path: u.Path, Field: u.Field, Form: u.Form, ID: []chat.Selector{{Path: []string{"id"}}}, Attach: plainTree(u.Attach)}
		r.selectors(&s.Upload.ID, u.ID)
		if !u.Wait.IsZero() {
			s.Upload.Wait = &chat.Template{Method: u.Wait.Method, Path: u.Wait.Path}
			r.selectors(&s.Upload.Ready, u.Ready)
		}
	}
	return s, r.err
}

// reader parses selectors and keeps the first mistake.
type reader struct{ err error }

func (r *reader) selectors(to *[]chat.Selector, from config.Selectors) {
	if len(from) == 0 {
		return
	}
	out := make([]chat.Selector, 0, len(from))
	for _, text := range from.Texts() {
		s, err := chat.ParseSelector(text)
		if err != nil && r.err == nil {
			r.err = fmt.Errorf("chat: %w", err)
		}
		out = append(out, s)
	}
	*to = out
}

func headers(own map[string]string, more map[string]config.Value) map[string]string {
	if len(more) == 0 {
		return own
	}
	out := map[string]string{}
	for k, v := range own {
		out[http.CanonicalHeaderKey(k)] = v
	}
	for k, v := range more {
		out[http.CanonicalHeaderKey(k)] = v.Template()
	}
	return out
}

// plainTree is a tree of the configuration as JSON has it.
func plainTree(t any) any { return numbers(config.Template(t)) }

func numbers(t any) any {
	switch t := t.(type) {
	case int64:
		return float64(t)
	case map[string]any:
		for k, e := range t {
			t[k] = numbers(e)
		}
	case []any:
		for i, e := range t {
			t[i] = numbers(e)
		}
	}
	return t
}

// modes are the names of the ways to frame a reply, in the order of chat.Mode.
func modes() []string {
	var out []string
	for m := chat.ByType; m <= chat.Polled; m++ {
		out = append(out, m.String())
	}
	return out
}

// Described is the section of the configuration that gives the shape back. What
// a shape was given in secret is not in it: it never came from one.
func Described(s chat.Shape) config.Chat {
	c := config.Chat{Preset: "custom", Request: requestLine(s.Send), Header: values(s.Send.Header), Body: written(s.Send.Body), Form: s.Send.Form, History: s.History}
	if slices.Contains(chat.PresetNames(), s.Name) {
		c.Preset = s.Name
	}
	if s.Mode != chat.ByType {
		c.Reply.Mode = s.Mode.String()
	}
	c.Reply.Text, c.Reply.Error, c.Reply.Conversation = texts(s.Text), texts(s.Error), texts(s.Conversation)
	c.Reply.Tools, c.Reply.Sources, c.Reply.Done = texts(s.Tools), texts(s.Sources), texts(s.Done)
	c.Reply.InTokens, c.Reply.OutTokens = texts(s.InTokens), texts(s.OutTokens)
	if b := s.Begin; b != nil {
		c.Begin = &config.Begin{Request: requestLine(*b), Header: values(b.Header), Body: written(b.Body), ID: texts(s.Begun)}
	}
	if f := s.Follow; f != nil {
		c.Follow = &config.Follow{Request: requestLine(*f), Header: values(f.Header), Body: written(f.Body), ID: texts(s.Run)}
	}
	if u := s.Upload; u != nil {
		c.Upload = &config.Upload{Path: u.Path, Field: u.Field, Form: u.Form, ID: texts(u.ID), Attach: written(u.Attach), Ready: texts(u.Ready)}
		if u.Wait != nil {
			c.Upload.Wait = requestLine(*u.Wait)
		}
	}
	return c
}

func requestLine(t chat.Template) config.RequestLine {
	if t.Method == "" {
		t.Method = http.MethodPost
	}
	return config.RequestLine{Method: t.Method, Path: t.Path}
}

func texts(sel []chat.Selector) config.Selectors {
	var out config.Selectors
	for _, s := range sel {
		out = append(out, config.Selector(s.String()))
	}
	return out
}

func values(h map[string]string) map[string]config.Value {
	if len(h) == 0 {
		return nil
	}
	out := map[string]config.Value{}
	for k, v := range h {
		out[k] = config.Value{Written: dollars(v)}
	}
	return out
}

// written is a tree as a file holds it: whole numbers without a point, and a
// dollar sign that begins no variable doubled.
func written(t any) any {
	switch t := t.(type) {
	case string:
		return dollars(t)
	case float64:
		if t == math.Trunc(t) && math.Abs(t) < 1e15 {
			return int64(t)
		}
	case map[string]any:
		out := make(map[string]any, len(t))
		for k, e := range t {
			out[k] = written(e)
		}
		return out
	case []any:
		out := make([]any, 0, len(t))
		for _, e := range t {
			out = append(out, written(e))
		}
		return out
	}
	return t
}

func dollars(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		switch n := chat.Variable(s); {
		case n > 0:
			b.WriteString(s[:n])
			s = s[n:]
		case strings.HasPrefix(s, "$$"):
			b.WriteString("$$")
			s = s[2:]
		default:
			b.WriteString("$$")
			s = s[1:]
		}
	}
	return b.String() + s
}

// Price is what the model behind the target costs, as far as the configuration
// says, and whether nobody said so.
func Price(c *config.Config) (p chat.Price, guessed bool) { return price(c) }

// price is what a request to the model is counted at, and whether nobody said so.
func price(c *config.Config) (p chat.Price, guessed bool) {
	o := c.Chat.Price
	model := o.Model
	if body, ok := c.Chat.Body.(map[string]any); ok && model == "" {
		model, _ = body["model"].(string)
	}
	p, listed := chat.PriceOf(model)
	if !listed {
		p = chat.Usual()
	}
	guessed = !listed && (o.In == 0 || o.Out == 0)
	for _, x := range []struct {
		to   *float64
		from float64
	}{{&p.InPerMTok, o.In}, {&p.OutPerMTok, o.Out}} {
		if x.from > 0 {
			*x.to = x.from
		}
	}
	if o.Context > 0 {
		p.Context = o.Context
	}
	if o.Output > 0 {
		p.Output = o.Output
	}
	return p, guessed
}
