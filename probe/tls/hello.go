package tls

import (
	"encoding/binary"
	"slices"
)

// Versions, as on the wire; SSL2 has none there.
const (
	SSL2  uint16 = 0x0002
	SSL3  uint16 = 0x0300
	TLS10 uint16 = 0x0301
	TLS11 uint16 = 0x0302
	TLS12 uint16 = 0x0303
	TLS13 uint16 = 0x0304
)

// VersionName is what a version is called.
func VersionName(v uint16) string {
	switch v {
	case SSL2:
		return "SSL 2.0"
	case SSL3:
		return "SSL 3.0"
	case TLS10:
		return "TLS 1.0"
	case TLS11:
		return "TLS 1.1"
	case TLS12:
		return "TLS 1.2"
	case TLS13:
		return "TLS 1.3"
	}
	return "an unknown version"
}

// Hello is a ClientHello (RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2).
type Hello struct {
	Version    uint16 // the highest that is offered, and with TLS13 the only one
	Name       string // of the server; "" sends none
	Suites     []Suite
	Groups     []uint16 // supported groups, in order
	Signatures []uint16 // signature algorithms; nil leaves the extension out
	Deflate    bool     // compression is offered beside none
	Fallback   bool     // says that a higher version failed before (RFC 7507)
}

// groups by their number in the registry.
const (
	x25519   uint16 = 29
	p256     uint16 = 23
	p384     uint16 = 24
	p521     uint16 = 25
	hybrid   uint16 = 4588 // X25519MLKEM768
	maxShort        = 0xffff
)

var (
	goodGroups = []uint16{x25519, p256, p384, p521}
	// weakGroups are the curves of less than 112 bits of strength: RFC 8422 left
	// them out, NIST SP 800-186 section 3.2.1 no longer has them.
	weakGroups     = []uint16{1, 2, 3, 4, 5, 15, 16, 17, 18, 19}
	goodSignatures = []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0603, 0x0806, 0x0601, 0x0807, 0x0203, 0x0201}
	oldSignatures  = []uint16{0x0201, 0x0203} // with SHA-1, by RSA and ECDSA
)

// Bytes is the hello in a record, as it is sent.
func (h Hello) Bytes() []byte {
	wire := min(h.Version, TLS12)
	body := binary.BigEndian.AppendUint16(nil, wire)
	body = append(body, nonce...)
	session := []byte{}
	if h.Version == TLS13 {
		session = []byte(nonce) // as middleboxes want it: RFC 8446 appendix D.4
	}
	body = append8(body, session)
	suites := slices.Clone(h.Suites)
	if h.Fallback {
		suites = append(suites, fallbackSignal)
	}
	if h.Version == SSL3 {
		suites = append(suites, renegotiationSignal)
	}
	var list []byte
	for _, s := range suites {
		list = binary.BigEndian.AppendUint16(list, uint16(s))
	}
	body = append16(body, list)
	if h.Deflate {
		body = append8(body, []byte{1, 0})
	} else {
		body = append8(body, []byte{0})
	}
	if h.Version > SSL3 { // which has no extensions
		body = append16(body, h.extensions())
	}
	msg := append([]byte{1, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...) //nolint:gosec // a hello is short
	record := []byte{22, 3, 1}
	if h.Version == SSL3 {
		record[2] = 0
	}
	return append16(record, msg)
}

// nonce is the client's random value, 32 bytes. Nothing is agreed on, so it may be
// known.
const nonce = "Launch Ready asks what you speak"

func (h Hello) extensions() []byte {
	var out []byte
	add := func(id uint16, data []byte) {
		out = append16(binary.BigEndian.AppendUint16(out, id), data)
	}
	if h.Name != "" {
		add(0, append16(nil, append16([]byte{0}, []byte(h.Name)))) // RFC 6066 section 3
	}
	if len(h.Groups) > 0 {
		add(10, append16(nil, shorts(h.Groups)))
		add(11, []byte{1, 0})
	}
	if len(h.Signatures) > 0 {
		add(13, append16(nil, shorts(h.Signatures)))
	}
	if h.Version == TLS13 {
		add(43, []byte{2, 3, 4})
		add(51, []byte{0, 0}) // no share: the server names the group that it would take (RFC 8446 section 4.2.8)
		return out
	}
	add(23, nil)           // extended master secret: RFC 7627
	add(0xff01, []byte{0}) // renegotiation_info of a first handshake: RFC 5746 section 3.4
	return out
}

func shorts(in []uint16) []byte {
	var out []byte
	for _, v := range in {
		out = binary.BigEndian.AppendUint16(out, v)
	}
	return out
}

func append8(b, data []byte) []byte {
	data = data[:min(len(data), 0xff)]
	return append(append(b, byte(len(data))), data...) //nolint:gosec // cut above
}

func append16(b, data []byte) []byte {
	data = data[:min(len(data), maxShort)]
	return append(append(b, byte(len(data)>>8), byte(len(data))), data...) //nolint:gosec // cut above
}
