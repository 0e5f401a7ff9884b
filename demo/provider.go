package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/launchready/launchready/demo/model"
)

// provider is the client of the model provider.
type provider struct {
	base, key string
	http      *http.Client
	asking    func() // counts a question
	longest   int    // tokens of an answer; 0 is as many as the model likes
}

// longestAnswer caps an answer, in tokens.
const longestAnswer = 1000

// providerDeadline bounds one completion.
const providerDeadline = 60 * time.Second

// newProvider connects to the provider that the options name, or starts one on
// loopback.
func (s *Server) newProvider(o Options) (*provider, error) {
	p := &provider{base: strings.TrimSuffix(o.ModelURL, "/"), key: "sk-harbor-" + s.derived("provider"), asking: s.figures.asking, longest: longestAnswer}
	if s.flaws.Has("limits/output-length") {
		p.longest = 0
	}
	if o.ModelURL == "" {
		obeys := o.Susceptibility
		if obeys == 0 {
			obeys = 1
		}
		m, err := model.New(model.Options{Seed: s.seed, Key: p.key, Log: s.log, Susceptibility: obeys})
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, m.Close)
		p.base = m.URL
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, DisableCompression: true}
	s.closers = append(s.closers, func() error { transport.CloseIdleConnections(); return nil })
	p.http = &http.Client{Transport: transport}
	return p, nil
}

// spokenText is a reply of the model.
type spokenText struct {
	Text   string
	Tokens int    // of prompt and reply
	Finish string // why it ended
	Calls  []model.ToolCall
}

// providerError is a refusal of the provider. What it says may quote the prompt,
// so only the status is for logs and callers.
type providerError struct {
	status int
	said   []byte
}

func (e *providerError) Error() string { return fmt.Sprintf("ask the model: status %d", e.status) }

// send asks the provider; the caller closes the reply's body.
func (p *provider) send(ctx context.Context, req model.Request) (*http.Response, error) {
	p.asking()
	if req.MaxTokens == 0 || p.longest > 0 && req.MaxTokens > p.longest {
		req.MaxTokens = p.longest
	}
	b, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+"/v1/chat/completions", bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out.Header.Set("Authorization", "Bearer "+p.key)
	out.Header.Set("Content-Type", "application/json")
	res, err := p.http.Do(out)
	if err != nil {
		return nil, fmt.Errorf("ask the model: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		said, err := io.ReadAll(io.LimitReader(res.Body, 16<<10))
		return nil, errors.Join(&providerError{res.StatusCode, said}, err)
	}
	return res, nil
}

// complete asks for a reply; with token set it streams.
func (p *provider) complete(ctx context.Context, req model.Request, token func(string) error) (spokenText, error) {
	ctx, cancel := context.WithTimeout(ctx, providerDeadline)
	defer cancel()
	if token != nil {
		req.Stream, req.StreamOptions = true, &model.StreamOptions{IncludeUsage: true}
	}
	res, err := p.send(ctx, req)
	if err != nil {
		return spokenText{}, err
	}
	defer res.Body.Close()
	if token != nil {
		return readStream(res.Body, token)
	}
	var c model.Completion
	if err := json.NewDecoder(io.LimitReader(res.Body, 4<<20)).Decode(&c); err != nil {
		return spokenText{}, fmt.Errorf("read the model's reply: %w", err)
	}
	if len(c.Choices) == 0 || c.Choices[0].Message == nil {
		return spokenText{}, fmt.Errorf("read the model's reply: no choice in it")
	}
	said := spokenText{Text: string(c.Choices[0].Message.Content), Calls: c.Choices[0].Message.ToolCalls}
	if f := c.Choices[0].FinishReason; f != nil {
		said.Finish = *f
	}
	if c.Usage != nil {
		said.Tokens = c.Usage.Total
	}
	return said, nil
}

func readStream(body io.Reader, token func(string) error) (spokenText, error) {
	var said spokenText
	var text strings.Builder
	lines := bufio.NewScanner(io.LimitReader(body, 4<<20))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if !ok {
			continue
		}
		if string(data) == "[DONE]" {
			said.Text = text.String()
			return said, nil
		}
		var c model.Completion
		if err := json.Unmarshal(data, &c); err != nil {
			return said, fmt.Errorf("read the model's stream: %w", err)
		}
		if c.Usage != nil {
			said.Tokens = c.Usage.Total
		}
		for _, ch := range c.Choices {
			if ch.FinishReason != nil {
				said.Finish = *ch.FinishReason
			}
			if ch.Delta == nil {
				continue
			}
			said.Calls = gathered(said.Calls, ch.Delta.ToolCalls)
			if ch.Delta.Content == "" {
				continue
			}
			text.WriteString(ch.Delta.Content)
			if err := token(ch.Delta.Content); err != nil {
				return said, err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return said, fmt.Errorf("read the model's stream: %w", err)
	}
	return said, fmt.Errorf("read the model's stream: %w", io.ErrUnexpectedEOF)
}

// gathered adds the pieces of tool calls to what came before: the first names
// the tool, the others bring its arguments.
func gathered(calls, pieces []model.ToolCall) []model.ToolCall {
	for _, p := range pieces {
		i := len(calls)
		if p.Index != nil {
			i = *p.Index
		}
		if i < 0 || i > len(calls) || i >= 64 {
			continue // no provider does this
		}
		if i == len(calls) {
			calls = append(calls, model.ToolCall{ID: p.ID, Type: p.Type, Function: model.Call{Name: p.Function.Name}})
		}
		calls[i].Function.Arguments += p.Function.Arguments
	}
	return calls
}
