package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/launchready/launchready/guard"
)

// The processes of -only guard that are the bench itself: what stands behind the
// proxies, the bare proxy, and who holds streams open.

// answerSize is that of the JSON that goes both ways.
const answerSize = 1 << 10

// Of the streams.
const (
	pieces = 5                    // of a short one
	apart  = 2 * time.Millisecond // between two of its pieces
	beat   = 5 * time.Second      // between two of one that is held
)

// part serves as one of them, on a free port that it prints, until it is interrupted.
func part(ctx context.Context, which string, out io.Writer) error {
	name, rest, _ := strings.Cut(which, "=")
	switch name {
	case "upstream":
		return serve(ctx, out, behind())
	case "bare":
		u, err := url.Parse(rest)
		if err != nil {
			return fmt.Errorf("address of the upstream: %w", err)
		}
		return serve(ctx, out, bareProxy(u))
	case "hold":
		var n int
		var address, path, header string
		if _, err := fmt.Sscanf(rest, "%d,%s", &n, &address); err != nil {
			return fmt.Errorf("-part hold=COUNT,ADDRESS: %w", err)
		}
		path, header = os.Getenv("BENCH_PATH"), os.Getenv("BENCH_HEADER")
		return hold(ctx, out, address, question(path, header, true), n)
	}
	return fmt.Errorf("-part %q: upstream, bare=URL or hold=COUNT,ADDRESS", which)
}

func serve(ctx context.Context, out io.Writer, h http.Handler) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintf(out, "http://%s\n", l.Addr())
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	go func() { <-ctx.Done(); _ = s.Close() }()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// pool lends the buffers of a proxy.
type pool struct{ sync.Pool }

func (p *pool) Get() []byte {
	if b, ok := p.Pool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

func (p *pool) Put(b []byte) { p.Pool.Put(&b) }

// kept remembers that the body has ended. The server closes a request's body when the
// answer begins, and a transport that asks for its end once more would take that for a
// failure and close the connection on which the answer comes.
type kept struct {
	io.ReadCloser
	over bool
}

func (k *kept) Read(p []byte) (int, error) {
	if k.over {
		return 0, io.EOF
	}
	n, err := k.ReadCloser.Read(p)
	k.over = errors.Is(err, io.EOF)
	return n, err
}

// bareProxy is what guard is measured beside: the same transport, buffers that are lent,
// and nothing but httputil.ReverseProxy.
func bareProxy(to *url.URL) http.Handler {
	return &httputil.ReverseProxy{Transport: guard.Transport(0, 0), BufferPool: &pool{}, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.SetXForwarded()
		if r.Out.Body != nil {
			r.Out.Body = &kept{ReadCloser: r.Out.Body}
		}
	}}
}

// behind is the application and its model provider: the same bytes to everybody, so
// that what is measured is on the way.
func behind() http.Handler {
	m := http.NewServeMux()
	var made atomic.Int64
	note := strings.Repeat("note ", answerSize/5-20)
	m.HandleFunc("POST /v1/notes", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"n%04d","tenant_id":"acme","text":%q}`, made.Add(1)%1000, note)
	})
	m.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if strings.Contains(string(b), `"stream":true`) || strings.Contains(string(b), `"stream": true`) {
			stream(r.Context(), w, pieces, apart)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":%q},`+
			`"finish_reason":"stop"}],"usage":{"prompt_tokens":210,"completion_tokens":180,"total_tokens":390}}`, note)
	})
	m.HandleFunc("POST /v1/streams", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		stream(r.Context(), w, 1<<30, beat)
	})
	return m
}

// stream sends pieces of a completion, the first at once.
func stream(ctx context.Context, w http.ResponseWriter, n int, gap time.Duration) {
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	tick := time.NewTicker(gap)
	defer tick.Stop()
	for i := range n {
		if i > 0 {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
		fmt.Fprintf(w, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o-mini","choices":[{"index":0,"delta":{"role":"assistant","content":"word %d "},"finish_reason":null}]}`+"\n\n", i)
		if rc.Flush() != nil {
			return // nobody reads any more
		}
	}
	fmt.Fprint(w, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":210,"completion_tokens":5,"total_tokens":215}}`+
		"\n\ndata: [DONE]\n\n")
}

// hold opens so many streams, says so once each has had its first piece, and reads on. A
// stream that ends is told at once: what is not open costs nothing.
func hold(ctx context.Context, out io.Writer, address string, request []byte, n int) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended, opened := make(chan error, n), make(chan struct{}, n)
	room := make(chan struct{}, 128)
	for range n {
		go func() {
			room <- struct{}{}
			w, err := dial(ctx, address)
			if err == nil {
				defer w.conn.Close()
				defer context.AfterFunc(ctx, func() { _ = w.conn.Close() })()
				err = w.begin(request)
			}
			<-room
			if err != nil {
				ended <- err
				return
			}
			opened <- struct{}{}
			_, err = w.chunks(io.Discard)
			ended <- fmt.Errorf("a stream ended: %w", cmp.Or(err, io.EOF))
		}()
	}
	for i := 0; i < n; {
		select {
		case <-opened:
			i++
		case err := <-ended:
			fmt.Fprintf(out, "stream %d: %v\n", i, err)
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	fmt.Fprintf(out, "open %d\n", n)
	select {
	case err := <-ended:
		if ctx.Err() != nil {
			return nil
		}
		fmt.Fprintf(out, "%v\n", err)
		return err
	case <-ctx.Done():
		return nil
	}
}

// begin sends the request and waits for the first byte of an answer of 200, with a
// reader that is small: there are ten thousand of them.
func (w *wire) begin(request []byte) error {
	if _, err := w.conn.Write(request); err != nil {
		return err
	}
	if err := w.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	r, _, _, err := w.head()
	if err != nil {
		return err
	}
	if r.status != http.StatusOK {
		return fmt.Errorf("status %d", r.status)
	}
	if _, err := w.in.Peek(1); err != nil {
		return err
	}
	return w.conn.SetReadDeadline(time.Time{})
}
