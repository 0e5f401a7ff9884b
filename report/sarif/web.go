package sarif

import (
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// exchange is the deciding request and reply of a finding, in the parts that
// SARIF has for them (3.46, 3.47). It is nil for evidence of another kind.
func (d *drawing) exchange(f *lr.Finding) (*webRequest, *webResponse) {
	for i := len(f.Evidence) - 1; i >= 0; i-- {
		e := f.Evidence[i]
		if e.Request == "" && e.Response == "" {
			continue
		}
		n := len(e.Request) + len(e.Response)
		if d.spent+min(n, 2*mostText) > mostEvidence {
			d.cut++
			return nil, nil
		}
		d.spent += min(n, 2*mostText)
		return request(report.Inert(report.Bound(e.Request, mostText))), response(report.Inert(report.Bound(e.Response, mostText)), e.Status)
	}
	return nil, nil
}

func request(text string) *webRequest {
	if text == "" {
		return nil
	}
	first, headers, body := parts(text)
	out := &webRequest{Headers: headers, Body: body}
	method, rest, ok := strings.Cut(first, " ")
	at := strings.LastIndex(rest, " ")
	if !ok || at < 0 {
		out.Body = &content{text} // it is not written as one: shown as it is
		return out
	}
	out.Method, out.Target = method, rest[:at]
	out.Protocol, out.Version, _ = strings.Cut(rest[at+1:], "/")
	return out
}

func response(text string, status int) *webResponse {
	if text == "" {
		return nil
	}
	first, headers, body := parts(text)
	out := &webResponse{StatusCode: status, Headers: headers, Body: body}
	protocol, rest, ok := strings.Cut(first, " ")
	code, reason, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(code)
	if !ok || err != nil {
		out.Body = &content{text}
		return out
	}
	out.StatusCode, out.Reason = n, reason
	out.Protocol, out.Version, _ = strings.Cut(protocol, "/")
	return out
}

// parts takes a message apart: its first line, its header fields, its body.
func parts(text string) (first string, headers map[string]string, body *content) {
	head, rest, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ": ")
		if !ok {
			continue
		}
		if headers == nil {
			headers = map[string]string{}
		}
		if old, twice := headers[name]; twice {
			value = old + ", " + value // RFC 9110 5.3
		}
		headers[name] = value
	}
	if rest != "" {
		body = &content{rest}
	}
	return lines[0], headers, body
}
