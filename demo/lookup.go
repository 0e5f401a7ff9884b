package demo

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/launchready/launchready/demo/model"
)

// savedFor looks for the saved prompt that fits the question, as a tool that the
// model called would, and answers with the call and its result.
func (s *Server) savedFor(ctx context.Context, tenant, question string) ([]model.Message, error) {
	saved, err := many(ctx, s.db, scanPrompt, `select `+promptColumns+` from prompts where tenant_id = ? order by number`, tenant)
	if err != nil {
		return nil, err
	}
	asked := map[string]bool{}
	for _, w := range terms(question) {
		asked[w] = true
	}
	best, most := -1, 2 // one word in common is a coincidence, two may be
	for i, p := range saved {
		seen := map[string]bool{}
		for _, w := range terms(p.Title + " " + p.Text) {
			if asked[w] {
				seen[w] = true
			}
		}
		if len(seen) > most {
			best, most = i, len(seen)
		}
	}
	if best < 0 {
		return nil, nil
	}
	p := saved[best]
	text := s.filtered(p.Title + ". " + p.Text)
	if !s.flaws.Has("model/tool-output") {
		text = marked(text)
	}
	const id = "call_saved_prompt"
	call := model.ToolCall{ID: id, Type: "function", Function: model.Call{Name: "find_saved_prompt", Arguments: jsonText(map[string]string{"words": clip(question, 200)})}}
	return []model.Message{
		{Role: "assistant", ToolCalls: []model.ToolCall{call}},
		{Role: "tool", Name: "find_saved_prompt", ToolCallID: id, Content: model.Text(fenced.Replace(text))},
	}, nil
}

// shared is an address behind a colon at the end, as a browser's share button
// leaves it.
var shared = regexp.MustCompile(`:\s*(https?://[^\s<>"')\]]+)\s*$`)

// preview puts the page that a message ends with in front of the model. Only the
// help centre's own pages are read: what stands elsewhere is nobody's order, and
// an address inside the network is nobody's business.
func (s *Server) preview(ctx context.Context, message string) string {
	m := shared.FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	u, err := url.Parse(m[1])
	if err != nil || u.Host == "" {
		return ""
	}
	own := strings.TrimPrefix(s.URL, "http://")
	elsewhere := u.Host != own || !strings.HasPrefix(u.Path, "/docs")
	if elsewhere && (!s.flaws.Has("model/fetched-page") || !onLoopback(u.Hostname())) {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return ""
	}
	r.Header.Set("User-Agent", "Harbor-Preview/1")
	res, err := s.provider.http.Do(r)
	if err != nil {
		return "" // a preview that cannot be had is left out
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, searchableFile))
	if err != nil {
		return ""
	}
	text := strings.ToValidUTF8(string(b), "")
	if strings.Contains(res.Header.Get("Content-Type"), "html") {
		c := pageText(b)
		text = c.Seen
		if elsewhere {
			text += c.Hidden
		}
	}
	if !elsewhere {
		text = marked(text)
	}
	return "<context>" + fenced.Replace(text) + "</context>\n"
}

// onLoopback keeps the demo's flaws on this machine.
func onLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
