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
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/launchready/launchready/demo/model"
)

// provider is the client of the model provider.
type provider struct {
	at        atomic.Pointer[modelAt]
	http      *http.Client
	asking    func()        // counts a question
	longest   int           // tokens of an answer
	unbounded bool          // an answer for which nobody said how long is as long as the model likes
	yields    bool          // to a client that wants more
	tries     int           // of one call
	pause     time.Duration // between them, at least
	own       *model.Server // nil where the options name another
}

// modelAt is where the provider is asked, and by which key.
type modelAt struct{ base, key string }

// Provider is the address of the model provider, before /v1, and Harbor's key.
func (s *Server) Provider() (base, key string) {
	at := s.provider.at.Load()
	return at.base, at.key
}

// AskModelAt has Harbor ask its model at another address from now on, as its
// operator does by the settings of the provider's client.
func (s *Server) AskModelAt(base, key string) {
	s.provider.at.Store(&modelAt{strings.TrimSuffix(base, "/"), key})
}

// longestAnswer caps an answer, in tokens.
const longestAnswer = 1000

// longestWriting is how long the demo's own model writes at a long answer.
const longestWriting = 480 * time.Millisecond

// providerDeadline bounds one completion.
const providerDeadline = 60 * time.Second

// newProvider connects to the provider that the options name, or starts one on
// loopback.
func (s *Server) newProvider(o Options) (*provider, error) {
	at := &modelAt{strings.TrimSuffix(o.ModelURL, "/"), "sk-harbor-" + s.derived("provider")}
	p := &provider{asking: s.figures.asking, longest: longestAnswer,
		unbounded: s.flaws.Has("limits/output-length"), yields: s.flaws.Has("limits/client-max-tokens"), tries: 2, pause: 150 * time.Millisecond}
	if s.flaws.Has("limits/retry-storm") {
		p.tries, p.pause = 12, 0
	}
	if o.ModelURL == "" {
		obeys := o.Susceptibility
		if obeys == 0 {
			obeys = 1
		}
		m, err := model.New(model.Options{Seed: s.seed, Key: at.key, Log: s.log, Susceptibility: obeys, Longest: longestWriting})
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, m.Close)
		at.base, p.own = m.URL, m
	}
	p.at.Store(at)
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
	after  time.Duration // when it wants to be asked again
}

func (e *providerError) Error() string { return fmt.Sprintf("ask the model: status %d", e.status) }

// capped is how many tokens an answer may have, from what the client wants.
func (p *provider) capped(want int) int {
	if want == 0 && !p.unbounded || want > p.longest && !p.yields {
		return p.longest
	}
	return want
}

// send asks the provider, and once more where it was busy or broken; the caller
// closes the reply's body.
func (p *provider) send(ctx context.Context, req model.Request) (*http.Response, error) {
	p.asking()
	req.MaxTokens = p.capped(req.MaxTokens)
	if req.Model == "" {
		req.Model = model.Small
	}
	b, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		res, err := p.once(ctx, b)
		var refused *providerError
		if err == nil || n >= p.tries || !errors.As(err, &refused) || !refused.passes() {
			return res, err
		}
		if p.pause > 0 && refused.after > mostRest {
			return res, err // the user is told sooner than the provider wants to be asked
		}
		if !resting(ctx, p.pause) {
			return nil, ctx.Err()
		}
	}
}

// mostRest is how long a user waits for a provider that is busy.
const mostRest = 500 * time.Millisecond

// passes reports a refusal that may be over in a moment.
func (e *providerError) passes() bool {
	return e.status == http.StatusTooManyRequests || e.status >= http.StatusInternalServerError
}

// resting waits, unless the caller goes.
func resting(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// once sends one call.
func (p *provider) once(ctx context.Context, b []byte) (*http.Response, error) {
	at := p.at.Load()
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, at.base+"/v1/chat/completions", bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out.Header.Set("Authorization", "Bearer "+at.key)
	out.Header.Set("Content-Type", "application/json")
	res, err := p.http.Do(out)
	if err != nil {
		return nil, fmt.Errorf("ask the model: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		said, err := io.ReadAll(io.LimitReader(res.Body, 16<<10))
		after, _ := strconv.Atoi(res.Header.Get("Retry-After")) // 0 where it says nothing
		return nil, errors.Join(&providerError{res.StatusCode, said, time.Duration(after) * time.Second}, err)
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
