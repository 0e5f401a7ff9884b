package record

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Wrap makes a span of each time that a transport is used for an exchange that has
// one. A nil Traces gives the transport as it is.
func (t *Traces) Wrap(next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return &calls{next, t}
}

type calls struct {
	next http.RoundTripper
	t    *Traces
}

// RoundTrip asks. The span lasts until the answer is read, or left.
func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	e, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return c.next.RoundTrip(r)
	}
	m := method(r.Method)
	if m == "other" {
		m = "_OTHER"
	}
	attrs := []attribute.KeyValue{attribute.String("http.request.method", m), attribute.String("server.address", r.URL.Hostname())}
	if p, err := strconv.Atoi(r.URL.Port()); err == nil {
		attrs = append(attrs, attribute.Int("server.port", p))
	}
	if n := e.calls.Add(1); n > 1 {
		attrs = append(attrs, attribute.Int("http.request.resend_count", int(n-1)))
	}
	ctx, span := c.t.tracer.Start(trace.ContextWithSpan(r.Context(), e.span), m, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...))
	if !e.alone {
		r = r.Clone(ctx)
		propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
	}
	res, err := c.next.RoundTrip(r)
	if err != nil {
		span.SetAttributes(attribute.String("error.type", kind(err))) // not its words: they hold addresses
		span.SetStatus(codes.Error, "")
		span.End()
		return nil, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
	if res.StatusCode >= http.StatusBadRequest {
		span.SetAttributes(attribute.String("error.type", strconv.Itoa(res.StatusCode)))
		span.SetStatus(codes.Error, "")
	}
	if res.StatusCode == http.StatusSwitchingProtocols { // its body is the connection, to write to as well
		span.End()
		return res, nil
	}
	res.Body = &answer{ReadCloser: res.Body, span: span}
	return res, nil
}

// kind is a word for an error.
func kind(err error) string {
	var slow net.Error
	var at *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "timeout"
	case errors.As(err, &at) && at.Op == "dial":
		return "connect"
	}
	return "broken"
}

// answer ends the span of a call with its body.
type answer struct {
	io.ReadCloser
	span trace.Span
	done atomic.Bool
}

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err != nil {
		if !errors.Is(err, io.EOF) && !a.done.Load() {
			a.span.SetAttributes(attribute.String("error.type", kind(err)))
			a.span.SetStatus(codes.Error, "")
		}
		a.end()
	}
	return n, err
}

func (a *answer) Close() error {
	a.end()
	return a.ReadCloser.Close()
}

func (a *answer) end() {
	if !a.done.Swap(true) {
		a.span.End()
	}
}

// Model makes spans of what asks the model's provider, in the trace of the application.
// A nil Traces gives the handler as it is.
func (t *Traces) Model(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := t.Start(r.Context(), r, true)
		e, ok := ctx.Value(exchangeKey{}).(*exchange)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		e.alone = true
		s := &status{ResponseWriter: w}
		defer func() {
			e.span.SetAttributes(attribute.Int("http.response.status_code", s.code))
			switch s.code {
			case 0, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusServiceUnavailable: // the path may be anything
			default:
				e.span.SetName(method(r.Method) + " " + r.URL.Path)
				e.span.SetAttributes(attribute.String("http.route", r.URL.Path))
			}
			if s.code >= http.StatusInternalServerError {
				e.span.SetAttributes(attribute.String("error.type", strconv.Itoa(s.code)))
				e.span.SetStatus(codes.Error, "")
			}
			e.span.End()
		}()
		next.ServeHTTP(s, r.WithContext(ctx))
	})
}

// status remembers the status of an answer.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	if s.code == 0 && code >= http.StatusOK {
		s.code = code
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(b []byte) (int, error) {
	if s.code == 0 {
		s.code = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
