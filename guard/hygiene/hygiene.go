// Package hygiene keeps an application's internals out of its answers.
package hygiene

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/launchready/launchready/guard"
)

// Tap takes away headers and rewrites errors.
type Tap struct {
	Hide     []string          // headers of the upstream that no caller needs
	Security map[string]string // headers set where the upstream does not
	Scrub    bool              // errors that tell of internals are replaced
}

// Name is the protection's.
func (Tap) Name() string { return "hygiene" }

// longest is how much of an error is looked at; a longer one is replaced.
const longest = 64 << 10

// internals are what frameworks, databases and runtimes write into errors.
var internals = regexp.MustCompile(`(?i)traceback \(most recent|goroutine \d+|\bat [^\n]{1,200}\([^\n)]{1,200}:\d+|file "[^"\n]{1,200}", line \d+|` +
	`[\w/.-]+\.(go|py|js|ts|rb|java|php|cs):\d+|sqlstate|sqlite|sql logic error|unterminated quoted string|ora-\d{5}|you have an error in your sql|syntax error at or near|pq: |violates [a-z ]{1,40}constraint|` +
	`(^|[\s"':(=])(/(home|var|srv|usr|opt|app|root|tmp|etc)/[\w.-]+|[a-z]:\\\\?\w+)|no such file or directory|<!doctype html|<html`)

// providers are what model providers and the libraries that call them say, in
// words that no product says of itself.
var providers = regexp.MustCompile(`(?i)(api|platform|help|console|generativelanguage|[\w-]*aiplatform|api-inference)\.(openai|anthropic|mistral|cohere|groq|googleapis|together|deepseek|fireworks|replicate|huggingface)\.(com|ai|co|xyz)|` +
	`openai\.azure\.com|bedrock(-runtime)?\.[a-z0-9-]{4,30}\.amazonaws|openrouter\.ai/|incorrect api key provided|invalid x-api-key|you exceeded your current quota|does not exist or you do not have access to it|` +
	`maximum context length is \d|in organization org-|\borg-[a-z0-9]{16,}\b|\b(openai|anthropic|mistralai|cohere|groq|litellm|langchain|llama_index)\.\w{2,40}(error|exception)\b|overloaded_error|prompt is too long: \d|` +
	`deploymentnotfound|llm provider not provided|try pulling it first`)

// Tap reads no body of an answer that is no error.
func (t Tap) Tap(x *guard.Exchange, r *http.Response) error {
	for _, h := range t.Hide {
		r.Header.Del(h)
	}
	for k, v := range t.Security {
		if r.Header.Get(k) == "" {
			r.Header.Set(k, v)
		}
	}
	if !t.Scrub || r.StatusCode < 400 || x.Request.Method == http.MethodHead {
		return nil
	}
	// An error that comes as events is none that a reader of events takes (WHATWG HTML, 9.2.3),
	// and one without an end is not waited for.
	endless := r.ContentLength < 0 && strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "text/event-stream")
	if r.StatusCode < 500 && r.Header.Get("Content-Encoding") == "" && !endless {
		b, err := io.ReadAll(io.LimitReader(r.Body, longest+1))
		if err != nil {
			return err
		}
		if len(b) <= longest && !internals.Match(b) && !providers.Match(b) && bytes.IndexByte(b, 0) < 0 { // UTF-16 has zeros
			_ = r.Body.Close() // it was read to its end
			if kind := r.Header.Get("Content-Type"); !strings.Contains(kind, "json") && len(b) > 0 && (b[0] == '{' || b[0] == '[') && json.Valid(b) {
				r.Header.Set("Content-Type", "application/json") // it was that of the answer which it is not
			}
			r.Body = io.NopCloser(bytes.NewReader(b))
			return nil
		}
	}
	_ = r.Body.Close()
	b, err := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(r.StatusCode), "status": r.StatusCode, "instance": "urn:incident:" + x.ID})
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	r.ContentLength = int64(len(b))
	r.TransferEncoding = nil
	r.Header.Set("Content-Length", strconv.Itoa(len(b)))
	r.Header.Set("Content-Type", "application/problem+json")
	for _, h := range []string{"Content-Encoding", "Content-Disposition", "Etag", "Last-Modified", "Trailer"} {
		r.Header.Del(h)
	}
	for k, v := range r.Header {
		if k != "Set-Cookie" && k != "Location" && slices.ContainsFunc(v, func(s string) bool { return internals.MatchString(s) || providers.MatchString(s) }) {
			delete(r.Header, k)
		}
	}
	return nil
}
