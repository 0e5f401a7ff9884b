package tls

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// Suite is a cipher suite by its number in the registry of IANA.
type Suite uint16

// Signals among the suites, which are none.
const (
	fallbackSignal      Suite = 0x5600 // RFC 7507 section 2
	renegotiationSignal Suite = 0x00ff // RFC 5746 section 3.3
)

// weak are the suites that nothing should take any more, by name. RFC 9325
// section 4.1 forbids NULL, anonymous, export, RC4 and what has less than 112
// bits; 3DES falls to its blocks of 64 bits (CVE-2016-2183).
var weak = []suiteName{
	{0x0001, "RSA_WITH_NULL_MD5"}, {0x0002, "RSA_WITH_NULL_SHA"}, {0x003b, "RSA_WITH_NULL_SHA256"}, {0xc006, "ECDHE_ECDSA_WITH_NULL_SHA"}, {0xc010, "ECDHE_RSA_WITH_NULL_SHA"},
	{0xc001, "ECDH_ECDSA_WITH_NULL_SHA"}, {0xc00b, "ECDH_RSA_WITH_NULL_SHA"}, {0x0018, "DH_anon_WITH_RC4_128_MD5"}, {0x001b, "DH_anon_WITH_3DES_EDE_CBC_SHA"}, {0x001a, "DH_anon_WITH_DES_CBC_SHA"}, {0x0034, "DH_anon_WITH_AES_128_CBC_SHA"},
	{0x003a, "DH_anon_WITH_AES_256_CBC_SHA"}, {0x006c, "DH_anon_WITH_AES_128_CBC_SHA256"}, {0x006d, "DH_anon_WITH_AES_256_CBC_SHA256"}, {0x00a6, "DH_anon_WITH_AES_128_GCM_SHA256"}, {0x00a7, "DH_anon_WITH_AES_256_GCM_SHA384"},
	{0xc015, "ECDH_anon_WITH_NULL_SHA"}, {0xc016, "ECDH_anon_WITH_RC4_128_SHA"}, {0xc017, "ECDH_anon_WITH_3DES_EDE_CBC_SHA"}, {0xc018, "ECDH_anon_WITH_AES_128_CBC_SHA"}, {0xc019, "ECDH_anon_WITH_AES_256_CBC_SHA"},
	{0x0003, "RSA_EXPORT_WITH_RC4_40_MD5"}, {0x0006, "RSA_EXPORT_WITH_RC2_CBC_40_MD5"}, {0x0008, "RSA_EXPORT_WITH_DES40_CBC_SHA"}, {0x0011, "DHE_DSS_EXPORT_WITH_DES40_CBC_SHA"}, {0x0014, "DHE_RSA_EXPORT_WITH_DES40_CBC_SHA"},
	{0x0017, "DH_anon_EXPORT_WITH_RC4_40_MD5"}, {0x0019, "DH_anon_EXPORT_WITH_DES40_CBC_SHA"}, {0x0062, "RSA_EXPORT1024_WITH_DES_CBC_SHA"}, {0x0064, "RSA_EXPORT1024_WITH_RC4_56_SHA"},
	{0x0004, "RSA_WITH_RC4_128_MD5"}, {0x0005, "RSA_WITH_RC4_128_SHA"}, {0xc007, "ECDHE_ECDSA_WITH_RC4_128_SHA"}, {0xc011, "ECDHE_RSA_WITH_RC4_128_SHA"}, {0x0066, "DHE_DSS_WITH_RC4_128_SHA"},
	{0x0009, "RSA_WITH_DES_CBC_SHA"}, {0x0012, "DHE_DSS_WITH_DES_CBC_SHA"}, {0x0015, "DHE_RSA_WITH_DES_CBC_SHA"},
	{0x000a, "RSA_WITH_3DES_EDE_CBC_SHA"}, {0x0013, "DHE_DSS_WITH_3DES_EDE_CBC_SHA"}, {0x0016, "DHE_RSA_WITH_3DES_EDE_CBC_SHA"}, {0xc008, "ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"}, {0xc012, "ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"},
	{0x0007, "RSA_WITH_IDEA_CBC_SHA"},
}

// fixed have no forward secrecy: the server's long-lived key decrypts what was
// recorded. RFC 9325 section 4.1 says SHOULD NOT.
var fixed = []suiteName{
	{0x009c, "RSA_WITH_AES_128_GCM_SHA256"}, {0x009d, "RSA_WITH_AES_256_GCM_SHA384"}, {0x002f, "RSA_WITH_AES_128_CBC_SHA"}, {0x0035, "RSA_WITH_AES_256_CBC_SHA"}, {0x003c, "RSA_WITH_AES_128_CBC_SHA256"}, {0x003d, "RSA_WITH_AES_256_CBC_SHA256"},
	{0x0041, "RSA_WITH_CAMELLIA_128_CBC_SHA"}, {0x0084, "RSA_WITH_CAMELLIA_256_CBC_SHA"}, {0x0096, "RSA_WITH_SEED_CBC_SHA"}, {0xc09c, "RSA_WITH_AES_128_CCM"}, {0xc09d, "RSA_WITH_AES_256_CCM"},
}

// elliptic and finite agree on a fresh key.
var (
	elliptic = []suiteName{
		{0xc02b, "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}, {0xc02f, "ECDHE_RSA_WITH_AES_128_GCM_SHA256"}, {0xc02c, "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}, {0xc030, "ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
		{0xcca9, "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}, {0xcca8, "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
		{0xc009, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA"}, {0xc013, "ECDHE_RSA_WITH_AES_128_CBC_SHA"}, {0xc00a, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA"}, {0xc014, "ECDHE_RSA_WITH_AES_256_CBC_SHA"},
		{0xc023, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"}, {0xc027, "ECDHE_RSA_WITH_AES_128_CBC_SHA256"}, {0xc024, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"}, {0xc028, "ECDHE_RSA_WITH_AES_256_CBC_SHA384"},
	}
	finite = []suiteName{
		{0x009e, "DHE_RSA_WITH_AES_128_GCM_SHA256"}, {0x009f, "DHE_RSA_WITH_AES_256_GCM_SHA384"}, {0xccaa, "DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"}, {0x0033, "DHE_RSA_WITH_AES_128_CBC_SHA"}, {0x0039, "DHE_RSA_WITH_AES_256_CBC_SHA"},
		{0x0067, "DHE_RSA_WITH_AES_128_CBC_SHA256"}, {0x006b, "DHE_RSA_WITH_AES_256_CBC_SHA256"}, {0x0032, "DHE_DSS_WITH_AES_128_CBC_SHA"}, {0x0038, "DHE_DSS_WITH_AES_256_CBC_SHA"}, {0x0045, "DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"},
	}
	modern = []suiteName{{0x1301, "AES_128_GCM_SHA256"}, {0x1302, "AES_256_GCM_SHA384"}, {0x1303, "CHACHA20_POLY1305_SHA256"}}
)

type suiteName struct {
	id   Suite
	name string
}

func ids(lists ...[]suiteName) []Suite {
	var out []Suite
	for _, l := range lists {
		for _, s := range l {
			out = append(out, s.id)
		}
	}
	return out
}

// String is the registry's name, without TLS_.
func (s Suite) String() string {
	for _, l := range [][]suiteName{modern, elliptic, finite, fixed, weak} {
		for _, n := range l {
			if n.id == s {
				return n.name
			}
		}
	}
	if name := tls.CipherSuiteName(uint16(s)); !strings.HasPrefix(name, "0x") {
		return strings.TrimPrefix(name, "TLS_")
	}
	return fmt.Sprintf("suite 0x%04x", uint16(s))
}

// kind is why a suite is no good, "" where it is.
func (s Suite) kind() Kind {
	name := s.String()
	switch {
	case strings.Contains(name, "_anon_"):
		return Anonymous
	case strings.Contains(name, "WITH_NULL"):
		return Null
	case strings.Contains(name, "EXPORT"):
		return Export
	case strings.Contains(name, "RC4"):
		return RC4
	case strings.Contains(name, "3DES"), strings.Contains(name, "IDEA"):
		return TripleDES
	case strings.Contains(name, "DES"), strings.Contains(name, "RC2"):
		return DES
	case strings.HasPrefix(name, "RSA_"), strings.HasPrefix(name, "ECDH_"):
		return NoForwardSecrecy
	}
	return ""
}

// block are suites with CBC, whose padding has been attacked again and again.
func (s Suite) block() bool { return strings.Contains(s.String(), "_CBC_") }

func (s Suite) curves() bool { return strings.HasPrefix(s.String(), "ECDH") }

func (s Suite) prime() bool { return strings.HasPrefix(s.String(), "DH") }

func (s Suite) signed() bool {
	name := s.String()
	return (strings.HasPrefix(name, "DHE_") || strings.HasPrefix(name, "ECDHE_")) && !strings.Contains(name, "_anon_")
}
