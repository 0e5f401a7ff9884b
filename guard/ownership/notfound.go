package ownership

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/launchready/launchready/guard"
)

// missing answers as the application does for an object that does not exist. A
// read is asked of it with each refused id exchanged for one that names nothing,
// and the answer has them exchanged back. A write is not asked, since it might
// make what is missing: it is answered as one of the same route was, or as the
// read of the same path is, or else by guard's own 404.
func (k *Keeper) missing(x *guard.Exchange, r *Rule, out *http.Request, refused []ref) (*http.Response, error) {
	plain := deny(http.StatusNotFound, "an object is not the caller's")
	read := safe(out.Method)
	if !read {
		if res := k.learned.answer(x, k.inPath(x, r), out); res != nil {
			return res, nil
		}
	}
	ask, back, ok := exchanged(x, out, refused)
	if !ok {
		return nil, plain
	}
	if !read {
		ask.Method = http.MethodGet
		for _, h := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Idempotency-Key", "If-Match"} {
			ask.Header.Del(h)
		}
	}
	res, err := x.Ask(ask)
	if err != nil {
		return nil, err
	}
	if !read && res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusGone {
		_ = res.Body.Close() // only its status was asked
		return nil, plain
	}
	res.Request = out
	return res, restore(res, back)
}

// pair is an id that was asked for and what was asked in its place.
type pair struct{ asked, stranger string }

// exchanged is a request whose refused ids name nothing; not ok where that cannot
// be said.
func exchanged(x *guard.Exchange, out *http.Request, refused []ref) (ask *http.Request, back []pair, ok bool) {
	instead := map[string]string{}
	path, query := false, false
	for _, f := range refused {
		path, query = path || f.where == 'p', query || f.where == 'q'
		if f.where == 'b' {
			return nil, nil, false
		}
		if instead[f.raw] == "" {
			s, ok := stranger(f.raw)
			if !ok {
				return nil, nil, false
			}
			instead[f.raw] = s
			back = append(back, pair{f.raw, s})
		}
	}
	if len(back) == 0 {
		return nil, nil, false
	}
	ask = out.Clone(out.Context())
	ask.Body, ask.ContentLength = nil, 0
	if path {
		segments := strings.Split(x.Path[1:], "/")
		for i, s := range strings.Split(x.Route.Pattern[1:], "/") {
			for _, f := range refused {
				if f.where == 'p' && s == "{"+f.name+"}" && i < len(segments) {
					segments[i] = instead[f.raw]
				}
			}
		}
		ask.URL.Path = "/" + strings.Join(segments, "/")
	}
	if query {
		q, err := url.ParseQuery(out.URL.RawQuery)
		if err != nil {
			return nil, nil, false
		}
		for _, f := range refused {
			for i, v := range q[f.name] {
				ids := strings.Split(v, ",")
				for j, id := range ids {
					if s := instead[id]; f.where == 'q' && s != "" {
						ids[j] = s
					}
				}
				q[f.name][i] = strings.Join(ids, ",")
			}
		}
		ask.URL.RawQuery = q.Encode()
	}
	return ask, back, true
}

const longestError = 64 << 10

// restore puts the ids back that were asked for.
func restore(res *http.Response, back []pair) error {
	for _, vs := range res.Header {
		for i := range vs {
			for _, p := range back {
				vs[i] = strings.ReplaceAll(vs[i], p.stranger, p.asked)
			}
		}
	}
	if res.StatusCode == http.StatusSwitchingProtocols || res.Header.Get("Content-Encoding") != "" || strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return nil
	}
	b, whole, err := buffer(res, longestError)
	if err != nil || !whole {
		return err
	}
	for _, p := range back {
		b = bytes.ReplaceAll(b, []byte(p.stranger), []byte(p.asked))
	}
	setBody(res, b)
	return nil
}

// buffer reads an answer up to a length, and puts back what it read.
func buffer(res *http.Response, most int) (b []byte, whole bool, err error) {
	if res.ContentLength > int64(most) {
		return nil, false, nil
	}
	var buf bytes.Buffer
	if res.ContentLength > 0 {
		buf.Grow(int(res.ContentLength) + bytes.MinRead)
	}
	_, err = buf.ReadFrom(io.LimitReader(res.Body, int64(most)+1))
	if err != nil {
		return nil, false, err
	}
	b = buf.Bytes()
	if len(b) > most {
		res.Body = &rest{io.MultiReader(bytes.NewReader(b), res.Body), res.Body}
		return nil, false, nil
	}
	_ = res.Body.Close() // it was read to its end
	res.Body = io.NopCloser(bytes.NewReader(b))
	return b, true, nil
}

type rest struct {
	io.Reader
	io.Closer
}

// setBody replaces an answer's body, and takes away what described the old one
// where its length was told.
func setBody(res *http.Response, b []byte) {
	res.Body = io.NopCloser(bytes.NewReader(b))
	if res.ContentLength >= 0 || res.Header.Get("Content-Length") != "" {
		res.ContentLength = int64(len(b))
		res.Header.Set("Content-Length", strconv.Itoa(len(b)))
	}
}

// stranger makes an id of the same make that names nothing: random where the id
// may vary, of the characters that it already has where it is long.
func stranger(id string) (string, bool) {
	if id == "" || len(id) > Longest {
		return "", false
	}
	digits := true
	for i := 0; i < len(id); i++ {
		c := id[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("._~:@-", c) >= 0) {
			return "", false
		}
		digits = digits && c >= '0' && c <= '9'
	}
	random := make([]byte, len(id)+12)
	if _, err := rand.Read(random); err != nil {
		return "", false
	}
	out := []byte(id)
	switch {
	case digits:
		for len(out) < 9 { // below 2^31, and far from what is counted up
			out = append(out, '0')
		}
		for i := range out {
			out[i] = '0' + random[i]%10
		}
		out[0] = '9'
		if len(id) > 9 {
			out[0] = id[0]
		}
	case uuid(id):
		for i, c := range out {
			if c != '-' && i != 14 && i != 19 {
				out[i] = pick(c, "0123456789abcdef", "0123456789ABCDEF", "0123456789"+map[bool]string{true: "abcdef", false: "ABCDEF"}[id == strings.ToLower(id)], random[i])
			}
		}
	default:
		from := strings.LastIndexByte(id, '_') + 1
		if len(id)-from < 6 {
			from = 0
		}
		lower, upper, number := "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
		if len(id)-from >= 16 {
			from++ // the first may be bounded, as in a ULID
			lower, upper, number = only(id[from:], 'a', 'z'), only(id[from:], 'A', 'Z'), only(id[from:], '0', '9')
		}
		for len(out)-from < 12 {
			out = append(out, out[len(out)-1])
		}
		for i := from; i < len(out); i++ {
			out[i] = pick(out[i], lower, upper, number, random[i])
		}
	}
	return string(out), string(out) != id
}

func pick(c byte, lower, upper, digits string, r byte) byte {
	from := ""
	switch {
	case c >= 'a' && c <= 'z':
		from = lower
	case c >= 'A' && c <= 'Z':
		from = upper
	case c >= '0' && c <= '9':
		from = digits
	default:
		return c
	}
	return from[int(r)%len(from)]
}

func only(s string, from, to byte) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] >= from && s[i] <= to && !slices.Contains(out, s[i]) {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// notFounds remembers what the application answered to writes of what did not
// exist, for each tenant by itself: such an answer may hold something of it.
type notFounds struct {
	mu  sync.Mutex
	all map[string]notFound
}

type notFound struct {
	status int
	header http.Header
	body   []byte
	ids    []string
}

const (
	learnedMost    = 1000
	learnedLongest = 8 << 10
)

func learnedKey(x *guard.Exchange) string {
	return x.Who.Tenant + "\x00" + x.Request.Method + "\x00" + x.Route.Pattern
}

// learn keeps an answer of 404 or 410 to a write that was let through.
func (n *notFounds) learn(x *guard.Exchange, ids []ref, res *http.Response) error {
	if len(ids) == 0 || res.Header.Get("Content-Encoding") != "" || x.Request.Method == http.MethodHead {
		return nil
	}
	b, whole, err := buffer(res, learnedLongest)
	if err != nil || !whole {
		return err
	}
	f := notFound{status: res.StatusCode, header: res.Header.Clone(), body: b}
	for h := range f.header {
		l := strings.ToLower(h)
		if strings.HasPrefix(l, "ratelimit") || strings.HasPrefix(l, "x-ratelimit") || slices.Contains([]string{"set-cookie", "date", "content-length", "retry-after", "x-request-id", "connection", "transfer-encoding", "keep-alive", "trailer", "age"}, l) {
			f.header.Del(h)
		}
	}
	for _, id := range ids {
		if len(id.raw) < 4 && bytes.Contains(b, []byte(id.raw)) {
			return nil // it cannot be told from the words around it
		}
		f.ids = append(f.ids, id.raw)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil || len(n.all) >= learnedMost {
		n.all = map[string]notFound{}
	}
	n.all[learnedKey(x)] = f
	return nil
}

// answer is what the route answered before, with the ids of this request.
func (n *notFounds) answer(x *guard.Exchange, ids []ref, out *http.Request) *http.Response {
	n.mu.Lock()
	f, ok := n.all[learnedKey(x)]
	n.mu.Unlock()
	if !ok || len(f.ids) != len(ids) {
		return nil
	}
	b, header := f.body, f.header.Clone()
	for i, id := range ids {
		if !bytes.Contains(b, []byte(f.ids[i])) {
			continue
		}
		if _, ok := stranger(id.raw); !ok {
			return nil // it may need another spelling there
		}
		b = bytes.ReplaceAll(b, []byte(f.ids[i]), []byte(id.raw))
	}
	res := &http.Response{StatusCode: f.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: out, ContentLength: int64(len(b))}
	setBody(res, b)
	return res
}
