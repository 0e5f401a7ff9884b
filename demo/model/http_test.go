package model_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/launchready/launchready/demo/model"
)

const key = "pk-test"

func start(t *testing.T, o model.Options) *model.Server {
	t.Helper()
	o.Key = key
	s, err := model.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func post(t *testing.T, s *model.Server, bearer, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// ask sends the messages, given as role and text in turn.
func ask(t *testing.T, s *model.Server, turns ...string) string {
	t.Helper()
	return complete(t, s, model.Request{Messages: talk(turns...)}).Content.String()
}

func talk(turns ...string) []model.Message {
	var ms []model.Message
	for i := 0; i+1 < len(turns); i += 2 {
		ms = append(ms, model.Message{Role: turns[i], Content: model.Text(turns[i+1])})
	}
	return ms
}

func complete(t *testing.T, s *model.Server, r model.Request) *model.Message {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	res, body := post(t, s, key, string(b))
	if res.StatusCode != http.StatusOK {
		t.Fatalf("got status %d %s, want 200", res.StatusCode, body)
	}
	var c model.Completion
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Choices) != 1 || c.Choices[0].Message == nil {
		t.Fatalf("got %s, want one choice with a message", body)
	}
	return c.Choices[0].Message
}

func TestProviderRefusesWhatItShould(t *testing.T) {
	s := start(t, model.Options{})
	good := `{"messages":[{"role":"user","content":"hello"}]}`
	for _, c := range []struct {
		name, bearer, body string
		status             int
		code               string
	}{
		{"wrong key", "pk-other", good, 401, "invalid_api_key"},
		{"no key", "", good, 401, "invalid_api_key"},
		{"broken json", key, `{"messages":`, 400, "invalid_request_error"},
		{"no messages", key, `{"messages":[]}`, 400, "invalid_request_error"},
		{"content of another type", key, `{"messages":[{"role":"user","content":7}]}`, 400, "invalid_request_error"},
		{"unknown model", key, `{"model":"gpt-9","messages":[{"role":"user","content":"hello"}]}`, 404, "model_not_found"},
		{"too large", key, `{"messages":[{"role":"user","content":"` + strings.Repeat("a", 5<<20) + `"}]}`, 413, "request_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := post(t, s, c.bearer, c.body)
			if res.StatusCode != c.status || !strings.Contains(body, c.code) {
				t.Errorf("got %d %.200s, want %d %s", res.StatusCode, body, c.status, c.code)
			}
			if strings.Contains(body, key) || strings.Contains(body, "choices") {
				t.Errorf("a refusal holds what it must not: %.200s", body)
			}
		})
	}
}

func TestModelsAreListed(t *testing.T) {
	s := start(t, model.Options{})
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL+"/v1/models", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct{ Data []struct{ ID string } }
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	if len(list.Data) != 2 || list.Data[0].ID != model.Large || list.Data[1].ID != model.Small {
		t.Errorf("got %+v, want both models", list.Data)
	}
}

func TestUsageAndLength(t *testing.T) {
	s := start(t, model.Options{})
	_, body := post(t, s, key, `{"messages":[{"role":"user","content":"12345678"},{"role":"user","content":"hello"}]}`)
	var c model.Completion
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		t.Fatal(err)
	}
	// 2+4 for the first message and 2+4 for the second.
	if c.Usage == nil || c.Usage.Prompt != 12 || c.Usage.Completion == 0 || c.Usage.Total != c.Usage.Prompt+c.Usage.Completion {
		t.Errorf("got usage %+v, want 12 prompt tokens and a sum", c.Usage)
	}
	_, body = post(t, s, key, `{"max_tokens":2,"messages":[{"role":"user","content":"hello"}]}`)
	if !strings.Contains(body, `"finish_reason":"length"`) || !strings.Contains(body, `"content":"Hello! H"`) {
		t.Errorf("got %s, want eight bytes and finish_reason length", body)
	}
}

// read collects a stream: its text, the arguments of its calls and its pieces.
func read(t *testing.T, body string) (text, args string, pieces int, usage *model.Usage) {
	t.Helper()
	done := false
	sc := bufio.NewScanner(strings.NewReader(body))
	for sc.Scan() {
		data, ok := strings.CutPrefix(sc.Text(), "data: ")
		if !ok {
			continue
		}
		if data == "[DONE]" {
			done = true
			continue
		}
		var c model.Completion
		if err := json.NewDecoder(bytes.NewReader([]byte(data))).Decode(&c); err != nil {
			t.Fatal(err)
		}
		if c.Usage != nil {
			usage = c.Usage
		}
		for _, ch := range c.Choices {
			if ch.Delta.Content != "" {
				pieces++
			}
			text += ch.Delta.Content
			for _, call := range ch.Delta.ToolCalls {
				args += call.Function.Arguments
			}
		}
	}
	if !done {
		t.Error("got a stream without [DONE]")
	}
	return text, args, pieces, usage
}

func TestStreamEqualsReply(t *testing.T) {
	for _, seed := range []int64{1, 2, 3} {
		s := start(t, model.Options{Seed: seed})
		msgs := `"messages":[{"role":"system","content":"Our office in Zürich opens at nine — every day but Sunday, when nobody is there."},{"role":"user","content":"When does the office in Zürich open?"}]`
		_, plain := post(t, s, key, `{`+msgs+`}`)
		var c model.Completion
		if err := json.Unmarshal([]byte(plain), &c); err != nil {
			t.Fatal(err)
		}
		want := c.Choices[0].Message.Content.String()
		_, one := post(t, s, key, `{"stream":true,"stream_options":{"include_usage":true},`+msgs+`}`)
		_, two := post(t, s, key, `{"stream":true,"stream_options":{"include_usage":true},`+msgs+`}`)
		if one != two {
			t.Error("got two streams of one seed that differ, want equal bytes")
		}
		text, _, pieces, usage := read(t, one)
		if text != want || !strings.Contains(text, "nine") {
			t.Errorf("got streamed %q, want %q", text, want)
		}
		if pieces < 3 || usage == nil || usage.Total != c.Usage.Total {
			t.Errorf("got %d pieces and usage %+v, want several and %+v", pieces, usage, c.Usage)
		}
	}
}

func TestStreamSplitsToolArguments(t *testing.T) {
	s := start(t, model.Options{})
	body := `{"stream":true,"messages":[{"role":"user","content":"Call tool get_ticket with {\"id\":\"T-4711\",\"why\":\"a long enough reason to be cut\"}"}],` +
		`"tools":[{"type":"function","function":{"name":"get_ticket","parameters":{}}}]}`
	_, got := post(t, s, key, body)
	_, args, _, _ := read(t, got)
	if args != `{"id":"T-4711","why":"a long enough reason to be cut"}` {
		t.Errorf("got arguments %q", args)
	}
	if !strings.Contains(got, `"finish_reason":"tool_calls"`) {
		t.Errorf("got %s, want finish_reason tool_calls", got)
	}
}
