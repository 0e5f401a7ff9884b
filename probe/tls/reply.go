package tls

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// Reply is the first flight of a server's answer.
type Reply struct {
	Alert        int // the server's, -1 for none; with one there is no more
	Version      uint16
	Suite        Suite
	Compression  byte
	Retry        bool     // a HelloRetryRequest: the server names a group
	Group        uint16   // named group of the key exchange, 0 for none
	Prime        int      // bits of the group of a finite-field exchange, 0 for none
	Signature    uint16   // algorithm that signed the exchange, 0 for none
	MasterSecret bool     // extended: RFC 7627
	Renegotiates bool     // says that it does so securely: RFC 5746
	Certificates [][]byte // DER, as sent
}

// Alerts that say how a hello was refused: RFC 8446 section 6.
const inappropriateFallback = 86

// Chain is what of the certificates can be read.
func (r *Reply) Chain() []*x509.Certificate {
	var out []*x509.Certificate
	for _, der := range r.Certificates {
		if c, err := x509.ParseCertificate(der); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// maxRecords bounds the pieces of one flight.
const maxRecords = 256

// ReadReply reads the first flight of an answer to the hello: to the end of the
// ServerHello of TLS 1.3, else to ServerHelloDone. What came before the connection
// ended or turned to garbage is returned with the error where it has a ServerHello.
func ReadReply(r io.Reader, h Hello) (*Reply, error) {
	f := &flight{r: r}
	out := &Reply{Alert: -1}
	seen := false
	part := func(err error) (*Reply, error) {
		if seen {
			return out, err
		}
		return nil, err
	}
	for {
		kind, body, err := f.message()
		if err != nil {
			var a alert
			if errors.As(err, &a) {
				if !seen {
					out.Alert = int(a)
				}
				return out, nil
			}
			return part(err)
		}
		switch {
		case !seen && kind != 2:
			return nil, fmt.Errorf("%w: a handshake of type %d came first", ErrGarbage, kind)
		case kind == 2 && seen:
			return part(fmt.Errorf("%w: a second ServerHello", ErrGarbage))
		case kind == 2:
			if err := out.hello(body); err != nil {
				return nil, err
			}
			if seen = true; out.Version > max(h.Version, SSL3) {
				return nil, fmt.Errorf("%w: %s was answered by %s", ErrGarbage, VersionName(h.Version), VersionName(out.Version))
			}
			if out.Version == TLS13 {
				return out, nil
			}
		case kind == 11:
			err = out.chain(body)
		case kind == 12:
			err = out.exchange(body)
		case kind == 14:
			return out, nil
		}
		if err != nil {
			return part(err)
		}
	}
}

// alert is the server's, as an error of the flight.
type alert byte

func (a alert) Error() string { return fmt.Sprintf("alert %d", byte(a)) }

// flight joins records to handshake messages (RFC 8446 section 5.1).
type flight struct {
	r       io.Reader
	pending []byte
	records int
}

func (f *flight) message() (byte, []byte, error) {
	for {
		if len(f.pending) >= 4 {
			n := int(f.pending[1])<<16 | int(f.pending[2])<<8 | int(f.pending[3])
			if n > maxFlight {
				return 0, nil, fmt.Errorf("%w: a message of %d bytes", ErrGarbage, n)
			}
			if len(f.pending) >= 4+n {
				kind, body := f.pending[0], f.pending[4:4+n]
				f.pending = f.pending[4+n:]
				return kind, body, nil
			}
		}
		if err := f.record(); err != nil {
			return 0, nil, err
		}
	}
}

func (f *flight) record() error {
	if f.records++; f.records > maxRecords || len(f.pending) > maxFlight {
		return fmt.Errorf("%w: a first flight without end", ErrGarbage)
	}
	var head [5]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	n := int(head[3])<<8 | int(head[4])
	if head[1] != 3 || n == 0 || n > 1<<14+2048 {
		return fmt.Errorf("%w: it begins with %q", ErrGarbage, head[:])
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(f.r, body); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	switch {
	case head[0] == 21 && n == 2:
		return alert(body[1])
	case head[0] == 22:
		f.pending = append(f.pending, body...)
		return nil
	}
	return fmt.Errorf("%w: a record of type %d", ErrGarbage, head[0])
}

// retryMark is the random value of a HelloRetryRequest: RFC 8446 section 4.1.3.
const retryMark = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

func (r *Reply) hello(b []byte) error {
	s := scanner{b: b}
	r.Version = s.short()
	random := s.take(32)
	s.vector8() // session
	r.Suite, r.Compression = Suite(s.short()), s.octet()
	if s.failed {
		return fmt.Errorf("%w: a short ServerHello", ErrGarbage)
	}
	r.Retry = string(random) == retryMark
	if len(s.b) > 0 {
		s.b = s.vector16()
	}
	for len(s.b) > 0 && !s.failed {
		id, data := s.short(), scanner{b: s.vector16()}
		switch id {
		case 23:
			r.MasterSecret = true
		case 0xff01:
			r.Renegotiates = true
		case 43:
			r.Version = data.short()
		case 51:
			r.Group = data.short()
		}
		s.failed = s.failed || data.failed
	}
	if s.failed {
		return fmt.Errorf("%w: a broken extension", ErrGarbage)
	}
	if r.Version < SSL3 || r.Version > TLS13 {
		return fmt.Errorf("%w: version 0x%04x", ErrGarbage, r.Version)
	}
	return nil
}

// maxCertificates is how many of a chain are kept.
const maxCertificates = 20

func (r *Reply) chain(b []byte) error {
	s := scanner{b: b}
	s.b = s.vector24()
	for len(s.b) > 0 && !s.failed {
		if c := s.vector24(); len(r.Certificates) < maxCertificates {
			r.Certificates = append(r.Certificates, c)
		}
	}
	if s.failed {
		return fmt.Errorf("%w: a broken list of certificates", ErrGarbage)
	}
	return nil
}

// exchange reads the ServerKeyExchange of the suite: RFC 5246 section 7.4.3, RFC
// 8422 section 5.4.
func (r *Reply) exchange(b []byte) error {
	s := scanner{b: b}
	switch {
	case r.Suite.curves():
		if s.octet() == 3 {
			r.Group = s.short()
			s.vector8()
		} else {
			return nil // a curve of the server's own, which nothing offers any more
		}
	case r.Suite.prime():
		r.Prime = new(big.Int).SetBytes(s.vector16()).BitLen()
		s.vector16()
		s.vector16()
	default:
		return nil // the short-lived key of an export suite: its name says enough
	}
	if r.Version == TLS12 && r.Suite.signed() {
		r.Signature = s.short()
	}
	if s.failed {
		return fmt.Errorf("%w: a broken key exchange", ErrGarbage)
	}
	return nil
}

// scanner takes bytes off the front; once something is missing it has failed, and
// gives nothing.
type scanner struct {
	b      []byte
	failed bool
}

func (s *scanner) take(n int) []byte {
	if s.failed || n > len(s.b) {
		s.failed, s.b = true, nil
		return nil
	}
	out := s.b[:n]
	s.b = s.b[n:]
	return out
}

func (s *scanner) number(octets int) int {
	n := 0
	for _, c := range s.take(octets) {
		n = n<<8 | int(c)
	}
	return n
}

func (s *scanner) octet() byte      { return byte(s.number(1)) }   //nolint:gosec // of one octet
func (s *scanner) short() uint16    { return uint16(s.number(2)) } //nolint:gosec // of two
func (s *scanner) vector8() []byte  { return s.take(s.number(1)) }
func (s *scanner) vector16() []byte { return s.take(s.number(2)) }
func (s *scanner) vector24() []byte { return s.take(s.number(3)) }
