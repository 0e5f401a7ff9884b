package record

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard"
)

// TraceOptions say where traces go.
type TraceOptions struct {
	Endpoint string  // of OTLP over HTTP, whole: http://127.0.0.1:4318/v1/traces
	Sample   float64 // of the exchanges, 0 to 1
	Service  string  // "": launchready-guard
	Version  string
	Headers  map[string]lr.Secret
	Log      *slog.Logger
}

// Bounds of what is held for the collector: spans, and the time that one answer of it
// may take.
const (
	heldSpans   = 2048
	sentSpans   = 512
	sendEvery   = 5 * time.Second
	sendTimeout = 10 * time.Second
)

// Traces makes a span of each exchange that is sampled, and of each time that its
// upstream is asked, by OpenTelemetry's conventions for HTTP. Spans hold the route of
// the policy and never an address as it came, a header, a body or a credential. What
// the collector does not take is lost, is counted, and costs no request any time.
type Traces struct {
	tracer trace.Tracer
	all    *sdk.TracerProvider
	sample float64
	out    *exporter
}

// NewTraces sends to the collector in the background, from the first span on. It is
// there whether the collector is or not.
func NewTraces(o TraceOptions) (*Traces, error) {
	headers := map[string]string{}
	for k, v := range o.Headers {
		headers[k] = v.Reveal()
	}
	if o.Service == "" {
		o.Service = "launchready-guard"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	client := &http.Client{Timeout: sendTimeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, TLSHandshakeTimeout: 5 * time.Second, MaxIdleConns: 1, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }} // the headers may hold a token
	// No retries: what waits to be sent again keeps what is new from being sent.
	to, err := otlptracehttp.New(context.Background(), otlptracehttp.WithEndpointURL(o.Endpoint), otlptracehttp.WithHeaders(headers), otlptracehttp.WithHTTPClient(client), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}))
	if err != nil {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	t := &Traces{sample: o.Sample, out: &exporter{SpanExporter: to, log: o.Log}}
	t.all = sdk.NewTracerProvider(
		sdk.WithSampler(sdk.AlwaysSample()), // Start has decided
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", o.Service), attribute.String("service.version", o.Version))),
		sdk.WithSpanProcessor(counter{t.out}),
		sdk.WithBatcher(t.out, sdk.WithMaxQueueSize(heldSpans), sdk.WithMaxExportBatchSize(sentSpans), sdk.WithBatchTimeout(sendEvery), sdk.WithExportTimeout(sendTimeout)),
	)
	t.tracer = t.all.Tracer("github.com/launchready/launchready/guard")
	return t, nil
}

// Ended is how many spans were made, and Sent how many of them the collector took.
// The rest is held, or lost.
func (t *Traces) Ended() int64 { return t.out.ended.Load() }

// Sent is how many spans the collector took.
func (t *Traces) Sent() int64 { return t.out.sent.Load() }

// Close sends what is held, in the time that ctx leaves.
func (t *Traces) Close(ctx context.Context) error {
	if err := t.all.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}

// Flush sends what is held now.
func (t *Traces) Flush(ctx context.Context) error { return t.all.ForceFlush(ctx) }

type exporter struct {
	sdk.SpanExporter
	log         *slog.Logger
	ended, sent atomic.Int64
	failing     atomic.Bool
}

// ExportSpans counts. An outage is told once, and its end.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		e.sent.Add(int64(len(spans)))
		if e.failing.Swap(false) {
			e.log.Info("traces are taken again", "kind", "audit")
		}
		return nil
	}
	if !e.failing.Swap(true) {
		e.log.Warn("traces are lost: the collector does not take them", "kind", "audit", "error", err.Error())
	}
	return nil // it was told: OpenTelemetry would write it beside the log
}

// counter counts what is to be sent; it may not wait.
type counter struct{ e *exporter }

func (counter) OnStart(context.Context, sdk.ReadWriteSpan) {}
func (c counter) OnEnd(sdk.ReadOnlySpan)                   { c.e.ended.Add(1) }
func (counter) Shutdown(context.Context) error             { return nil }
func (counter) ForceFlush(context.Context) error           { return nil }

// exchange is the span of one, on its context.
type exchange struct {
	span  trace.Span
	calls atomic.Int32 // of the upstream
	alone bool         // whom it asks is not told: a provider of models is somebody else
}

type exchangeKey struct{}

// Start begins the span of an exchange, or decides that it has none. The caller's
// trace goes on (W3C Trace Context), where its header can be read in one way; whether
// it is sampled is believed of a trusted proxy only, since it costs. The request's own
// header then names guard's span, or says that there is none, to the upstream as well.
func (t *Traces) Start(ctx context.Context, r *http.Request, trusted bool) context.Context {
	var parent trace.SpanContext
	if len(r.Header["Traceparent"]) == 1 {
		parent = trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(r.Header)))
	}
	sampled := rand.Float64() < t.sample //nolint:gosec // no secret
	if trusted && parent.IsValid() {
		sampled = parent.IsSampled()
	}
	delete(r.Header, "Traceparent")
	if !parent.IsValid() {
		delete(r.Header, "Tracestate")
	}
	if !sampled {
		r.Header["Traceparent"] = []string{unsampled(parent)}
		return ctx
	}
	if parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	name := method(r.Method)
	if name == "other" {
		name = "_OTHER"
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", name), attribute.String("url.scheme", scheme), attribute.String("network.protocol.version", version(r.ProtoMajor, r.ProtoMinor))))
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
	return context.WithValue(ctx, exchangeKey{}, &exchange{span: span})
}

// unsampled is a header by which nobody after guard makes a span: of the caller's
// trace, or of one that has no span at all.
func unsampled(parent trace.SpanContext) string {
	id, span := parent.TraceID(), parent.SpanID()
	if !parent.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64()|1)  //nolint:gosec // no secret
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64())    //nolint:gosec // no secret
		binary.NativeEndian.PutUint64(span[:], rand.Uint64()|1) //nolint:gosec // no secret
	}
	return "00-" + id.String() + "-" + span.String() + "-00"
}

func version(major, minor int) string {
	if major > 1 {
		return strconv.Itoa(major)
	}
	return strconv.Itoa(major) + "." + strconv.Itoa(minor)
}

// Begin does nothing: Start did.
func (*Traces) Begin() {}

// End ends the span of the exchange, if it has one.
func (t *Traces) End(x *guard.Exchange, o guard.Outcome) {
	e, ok := x.Request.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return
	}
	attrs := make([]attribute.KeyValue, 0, 6)
	attrs = append(attrs, attribute.String("launchready.request.id", x.ID), attribute.Int64("http.response.body.size", o.Bytes))
	if x.Route != nil {
		attrs = append(attrs, attribute.String("http.route", x.Route.Pattern))
		if m := method(x.Request.Method); m != "other" {
			e.span.SetName(m + " " + x.Route.Pattern)
		}
	}
	if o.Denied != "" {
		attrs = append(attrs, attribute.String("launchready.denied", o.Denied))
	}
	if o.Status > 0 {
		attrs = append(attrs, attribute.Int("http.response.status_code", o.Status))
	}
	switch {
	case o.Aborted:
		attrs = append(attrs, attribute.String("error.type", "aborted"))
		e.span.SetStatus(codes.Error, "")
	case o.Status >= http.StatusInternalServerError:
		attrs = append(attrs, attribute.String("error.type", strconv.Itoa(o.Status)))
		e.span.SetStatus(codes.Error, "")
	}
	e.span.SetAttributes(attrs...)
	e.span.End()
}
