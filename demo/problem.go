package demo

import (
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
)

// problem is an error as the API tells it (RFC 9457). What happened inside
// stays in the log, under the request id.
type problem struct {
	Type      string       `json:"type" api:"example=about:blank"`
	Title     string       `json:"title" api:"example=Not Found"`
	Status    int          `json:"status" api:"example=404"`
	Detail    string       `json:"detail,omitempty" api:"example=no such chat"`
	RequestID string       `json:"request_id,omitempty" api:"example=req_01hzy3v2k8"`
	Errors    []fieldError `json:"errors,omitempty"`

	retryAfter string
	cause      error // what the decoder said, for the log
}

// fieldError is one fault of a request body.
type fieldError struct {
	Field  string `json:"field" api:"example=title"`
	Detail string `json:"detail" api:"example=is required"`
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

func newProblem(status int, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

func badRequest(detail string) *problem   { return newProblem(http.StatusBadRequest, detail) }
func unauthorized(detail string) *problem { return newProblem(http.StatusUnauthorized, detail) }
func forbidden(detail string) *problem    { return newProblem(http.StatusForbidden, detail) }
func conflict(detail string) *problem     { return newProblem(http.StatusConflict, detail) }

// notFound answers for a missing object and for one of another tenant, alike.
func notFound(what string) *problem { return newProblem(http.StatusNotFound, "no such "+what) }

func invalid(faults ...fieldError) *problem {
	p := newProblem(http.StatusUnprocessableEntity, "the request body is not valid")
	p.Errors = faults
	return p
}

// refuse writes err as problem+json.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem
	switch {
	case errors.As(err, &p):
		c := *p
		p = &c
	case errors.Is(err, errNoRow):
		p = notFound("object")
	default:
		s.log.ErrorContext(r.Context(), "request failed", "request_id", requestID(r), "route", r.Pattern, "err", err)
		p = newProblem(http.StatusInternalServerError, "something went wrong on our side")
	}
	if p.cause != nil && len(p.Errors) == 0 && s.flaws.Has("hygiene/stack-trace") {
		p.Detail += "\n" + string(debug.Stack()) // for the developers of the front end
	}
	if p.cause != nil && len(p.Errors) == 1 && s.flaws.Has("hygiene/verbose-validation") {
		p.Errors = []fieldError{{p.Errors[0].Field, p.cause.Error()}}
	}
	p.RequestID = requestID(r)
	h := w.Header()
	if h.Get("Content-Type") == "" || !s.flaws.Has("hygiene/error-content-type") {
		h.Set("Content-Type", "application/problem+json")
	}
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="harbor"`) // RFC 6750, 3
	}
	if p.retryAfter != "" {
		h.Set("Retry-After", p.retryAfter)
	}
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) //nolint:errcheck // the caller has gone
}

// reply writes v as JSON; nil writes no body.
func reply(w http.ResponseWriter, status int, v any) error {
	if v == nil {
		w.WriteHeader(status)
		return nil
	}
	var b []byte
	if text, ok := v.(rawJSON); ok {
		b = []byte(text)
	} else {
		var err error
		if b, err = json.Marshal(v); err != nil {
			return err
		}
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-store")
	}
	w.WriteHeader(status)
	w.Write(append(b, '\n')) //nolint:errcheck // the caller has gone
	return nil
}
