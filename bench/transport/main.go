// Command transport puts wrong TLS servers on loopback before this project's
// prober, sslyze and testssl.sh, and prints which told what was wrong, and how long
// each took: go run ./bench/transport -sslyze PATH -testssl PATH
package main

import (
	"bytes"
	"context"
	gotls "crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/probe/tls"
)

const name = "localhost"

// server is one configuration: the kind that we must tell, and what the output of
// each peer says when it tells.
type server struct {
	name            string
	cert            authority.Kind
	conf            gotls.Config
	kind            tls.Kind
	sslyze, testssl string // regular expressions
}

const day = 24 * time.Hour

func servers() []*server {
	legacy := func(s uint16) []uint16 { return []uint16{s, gotls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256} }
	return []*server{
		{name: "expired", cert: authority.Kind{Age: 91 * day}, kind: tls.Expired, sslyze: `Supplied CA file.*not valid at validation time`, testssl: `"cert_expirationStatus[^}]*"(CRITICAL|HIGH|MEDIUM)"`},
		{name: "80 of 90 days gone", cert: authority.Kind{Age: 80 * day}, kind: tls.Expiring, sslyze: `expir(es|ing) soon`, testssl: `"cert_expirationStatus[^}]*"(CRITICAL|HIGH|MEDIUM)"`},
		{name: "12 hours of 6 days left", cert: authority.Kind{Life: 6 * day, Age: 6*day - 12*time.Hour}, kind: tls.Expiring, sslyze: `expir(es|ing) soon`, testssl: `"cert_expirationStatus[^}]*"(CRITICAL|HIGH|MEDIUM)"`},
		{name: "another name", cert: authority.Kind{Names: []string{"other.test"}}, kind: tls.WrongName, sslyze: `Supplied CA file.*FAILED`, testssl: `"cert_trust[^}]*"(CRITICAL|HIGH|MEDIUM)"`},
		{name: "self-signed", cert: authority.Kind{Self: true}, kind: tls.SelfSigned, sslyze: `Supplied CA file.*FAILED`, testssl: `"cert_chain_of_trust[^}]*self.signed`},
		{name: "incomplete chain", cert: authority.Kind{Bare: true}, kind: tls.Incomplete, sslyze: `Supplied CA file.*FAILED`, testssl: `"cert_chain_of_trust[^}]*incomplete`},
		{name: "RSA of 1024 bits", cert: authority.Kind{RSA: 1024}, kind: tls.WeakKey, sslyze: `Key size is 1024|RSA key .*1024`, testssl: `"cert_keySize[^}]*"(CRITICAL|HIGH|MEDIUM)"`},
		{name: "SHA-1 in the chain", cert: authority.Kind{RSA: 2048, Hash: x509.SHA1WithRSA}, kind: tls.WeakHash, sslyze: `certificate signatures are .*sha1|signatures: Deployed.*sha1`, testssl: `"cert_signatureAlgorithm[^}]*"(CRITICAL|HIGH|MEDIUM)"`},
		{name: "a life of 398 days", cert: authority.Kind{Life: 398 * day}, kind: tls.LongLived, sslyze: `life ?span .*(should|must) be less`, testssl: `"cert_extlifeSpan[^}]*"(CRITICAL|HIGH|MEDIUM)"`},
		{name: "TLS 1.0", conf: gotls.Config{MinVersion: gotls.VersionTLS10}, kind: tls.OldTLS, sslyze: `TLS versions \{[^}]*\} are supported`, testssl: `"TLS1"[^}]*"(CRITICAL|HIGH|MEDIUM|LOW)"`},
		{name: "RC4", cert: authority.Kind{RSA: 2048}, conf: gotls.Config{CipherSuites: legacy(gotls.TLS_ECDHE_RSA_WITH_RC4_128_SHA)}, kind: tls.RC4, sslyze: `_RC4_.*should be rejected`, testssl: `RC4[^}]*"(CRITICAL|HIGH|MEDIUM)"|"cipherlist_LOW[^}]*"(CRITICAL|HIGH|MEDIUM)"`},
		{name: "3DES", cert: authority.Kind{RSA: 2048}, conf: gotls.Config{CipherSuites: legacy(gotls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA)}, kind: tls.TripleDES, sslyze: `_3DES_.*should be rejected`, testssl: `"cipherlist_3DES[^}]*"(CRITICAL|HIGH|MEDIUM|LOW)"`},
		{name: "static RSA", cert: authority.Kind{RSA: 2048}, conf: gotls.Config{CipherSuites: legacy(gotls.TLS_RSA_WITH_AES_128_GCM_SHA256)}, kind: tls.NoForwardSecrecy, sslyze: `TLS_RSA_WITH_AES_128_GCM_SHA256.*should be rejected`, testssl: `"cipherlist_OBSOLETED[^}]*"(CRITICAL|HIGH|MEDIUM|LOW)"`},
		{name: "no hybrid group", conf: gotls.Config{CurvePreferences: []gotls.CurveID{gotls.X25519}}, kind: tls.NoHybrid, sslyze: `MLKEM`, testssl: `(?i)KEM[^}]*"(CRITICAL|HIGH|MEDIUM|LOW)"`},
	}
}

type network struct{}

func (network) Dial(ctx context.Context, n, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, n, address)
}

func main() {
	sslyze, testssl := flag.String("sslyze", "", "path of sslyze"), flag.String("testssl", "", "path of testssl.sh")
	skip := flag.Int("skip", 0, "how many servers to leave out, from the first")
	flag.Parse()
	if err := run(*sslyze, *testssl, *skip); err != nil {
		log.Fatal(err)
	}
}

func run(sslyze, testssl string, skip int) error {
	dir, err := os.MkdirTemp("", "transport-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is temporary
	ca, err := authority.New(time.Now)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, ca.PEM(), 0o600); err != nil {
		return err
	}
	var took [3]time.Duration
	fmt.Println("| server | launchready | sslyze | testssl.sh |\n|---|---|---|---|")
	for _, s := range servers()[min(max(skip, 0), len(servers())):] {
		address, end, err := serve(ca, s)
		if err != nil {
			return err
		}
		var told [3]bool
		for i, ask := range []func() bool{
			func() bool {
				v := (&tls.Prober{Network: network{}}).Survey(context.Background(), address, name)
				all := append(v.CertificateFaults(ca.Pool(), time.Now()), v.Faults()...)
				return slices.ContainsFunc(all, func(f tls.Fault) bool { return f.Kind == s.kind })
			},
			func() bool {
				return peer(s.sslyze, sslyze, "--certinfo_ca_file", file, "--mozilla_config", "intermediate", address)
			},
			func() bool {
				out := filepath.Join(dir, "out.json")
				_ = os.Remove(out)
				peer(`.`, testssl, "--quiet", "--color", "0", "--add-ca", file, "--warnings", "off", "-p", "-s", "-S", "-f", "--jsonfile", out, address)
				b, err := os.ReadFile(out) //nolint:gosec // made above
				return err == nil && regexp.MustCompile(s.testssl).Match(oneLine(b))
			},
		} {
			started := time.Now()
			told[i] = ask()
			took[i] += time.Since(started)
		}
		end()
		fmt.Printf("| %s | %s | %s | %s |\n", s.name, word(told[0]), word(told[1]), word(told[2]))
	}
	fmt.Printf("| seconds | %.1f | %.1f (%.0f times) | %.1f (%.0f times) |\n", took[0].Seconds(), took[1].Seconds(), took[1].Seconds()/took[0].Seconds(), took[2].Seconds(), took[2].Seconds()/took[0].Seconds())
	return nil
}

// oneLine joins the lines of each object, so that an expression can span them.
func oneLine(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte(" ")) }

func word(yes bool) string {
	if yes {
		return "told"
	}
	return "–"
}

func peer(want, program string, args ...string) bool {
	if program == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, _ := exec.CommandContext(ctx, program, args...).CombinedOutput() //nolint:errcheck,gosec // they exit with what they found
	if os.Getenv("TRANSPORT_DUMP") != "" {
		fmt.Fprintln(os.Stderr, strings.Join(args, " ")+"\n"+string(out))
	}
	return regexp.MustCompile("(?i)" + want).Match(out)
}

func serve(ca *authority.Authority, s *server) (string, func(), error) {
	if s.cert.Names == nil {
		s.cert.Names = []string{name, "127.0.0.1"}
	}
	cert, err := ca.Issue(s.cert)
	if err != nil {
		return "", nil, err
	}
	s.conf.Certificates = []gotls.Certificate{cert}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close() //nolint:errcheck // the client is gone
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				tc := gotls.Server(c, &s.conf)
				if tc.Handshake() == nil {
					_, _ = tc.Read(make([]byte, 4096))
					_, _ = tc.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
				}
			}()
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return net.JoinHostPort(name, port), func() { _ = l.Close() }, err
}
