package email

import (
	"bytes"
	"context"
	"fmt"
	"io"
	netmail "net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
	"github.com/launchready/launchready/mail/dmarc"
	"github.com/launchready/launchready/mail/spf"
)

// sample is a message that the product sent, and what receivers make of it.
type sample struct {
	subject string // stable, for findings
	header  netmail.Header
	from    string // domain of the author
	at      time.Time
	trace   trace
	dkim    *dkim.Report
	spf     *spf.Outcome      // nil where the sender's address is not known
	dmarc   *dmarc.Evaluation // nil where the author is not of the domain
}

// mostSample is as large a message as is read.
const mostSample = 32 << 20

// noSample is what is said where none was given.
const noSample = "no message is known: send one from the product to an outside mailbox, save it as it was received, and give the file with --mail-sample; or have it sent to --mail-listen"

// messages reads the sample once; none where none was given. A folder holds
// several, in files that end in .eml.
func messages(ctx context.Context, t *lr.Trial) ([]*sample, error) {
	at := t.Target.Domain.Sample
	if at == "" {
		return nil, nil
	}
	return lr.Recall(ctx, t.Memo, "email/sample", func(ctx context.Context) ([]*sample, error) {
		files, err := samples(at)
		if err != nil {
			return nil, err
		}
		var out []*sample
		for _, file := range files {
			s, err := read(ctx, t, file)
			if err != nil {
				return nil, err
			}
			s.subject = "message " + filepath.Base(file)
			out = append(out, s)
		}
		return out, nil
	})
}

// mostSamples are read of a folder.
const mostSamples = 50

func samples(at string) ([]string, error) {
	info, err := os.Stat(at)
	if err != nil {
		return nil, fmt.Errorf("find the sample: %w", err)
	}
	if !info.IsDir() {
		return []string{at}, nil
	}
	files, err := filepath.Glob(filepath.Join(at, "*.eml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("the folder %s has no message: its files must end in .eml", at)
	}
	return files[:min(len(files), mostSamples)], nil
}

func read(ctx context.Context, t *lr.Trial, file string) (*sample, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open the sample: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, mostSample))
	if err != nil {
		return nil, fmt.Errorf("read the sample: %w", err)
	}
	return judge(ctx, t, raw)
}

// judge does what a receiver does with a message.
func judge(ctx context.Context, t *lr.Trial, raw []byte) (*sample, error) {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read the sample: %w", err)
	}
	r, err := resolver(ctx, t)
	if err != nil {
		return nil, err
	}
	s := &sample{header: m.Header, trace: traced(m.Header)}
	if s.at = s.trace.at; s.at.IsZero() {
		s.at = t.Now()
	}
	if s.dkim, err = dkim.Verify(ctx, r, bytes.NewReader(raw), s.at); err != nil {
		return nil, fmt.Errorf("verify the sample: %w", err)
	}
	about := dmarc.Message{From: s.dkim.From}
	for _, v := range s.dkim.Signatures {
		about.Identifiers = append(about.Identifiers, dmarc.Identifier{By: "dkim", Domain: v.Domain, Pass: verified(v)})
	}
	if s.trace.ip.IsValid() {
		q := spf.Request{IP: s.trace.ip, Sender: s.trace.sender, HELO: s.trace.helo}
		s.spf = spf.CheckHost(ctx, r, q)
		about.Identifiers = append(about.Identifiers, dmarc.Identifier{By: "spf", Domain: s.trace.domain(), Pass: s.spf.Result == spf.Pass})
	}
	if len(s.dkim.From) > 0 {
		s.from = strings.ToLower(s.dkim.From[0])
	}
	if owned(t, s.from) {
		s.dmarc = dmarc.Evaluate(ctx, r, about, dmarc.RFC9989)
	}
	return s, ctx.Err()
}

// verified reports a signature that receivers accept; one of a part of the body
// is accepted too, by most.
func verified(v *dkim.Verification) bool { return v.Result == dkim.Pass || v.Result == dkim.Policy }

// aligned are the signatures that verify and are of the author's organisation.
func (s *sample) aligned() []*dkim.Verification {
	var out []*dkim.Verification
	if s.dmarc == nil {
		return nil
	}
	for i, a := range s.dmarc.Alignments {
		if a.By == "dkim" && a.Aligned && i < len(s.dkim.Signatures) && verified(s.dkim.Signatures[i]) {
			out = append(out, s.dkim.Signatures[i])
		}
	}
	return out
}

// sampleCheck asks something of each message.
func sampleCheck(ctx context.Context, t *lr.Trial, ask func(*sample)) error {
	all, err := messages(ctx, t)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		t.Unknown("message", "%s", noSample)
	}
	for _, s := range all {
		if !owned(t, s.from) {
			t.Unknown(s.subject, "it is from %s, and not from %s", quoted(s.from), t.Target.Domain.Name)
			continue
		}
		ask(s)
	}
	return nil
}

func quoted(s string) string {
	if s == "" {
		return "nobody that can be read"
	}
	return clip(s)
}

// signatures is what was found of each, as evidence.
func (s *sample) signatures() lr.Evidence {
	var e lr.Evidence
	for _, v := range s.dkim.Signatures {
		e.Records = append(e.Records, clip(fmt.Sprintf("DKIM-Signature d=%s s=%s a=%s: %s (%s)", v.Domain, v.Selector, v.Algorithm, v.Result, v.Why)))
	}
	if len(e.Records) == 0 {
		e.Records = append(e.Records, "the message has no DKIM-Signature")
	}
	return e
}

// trace is how the message came to the mailbox.
type trace struct {
	ip     netip.Addr
	helo   string
	sender string // of MAIL FROM
	by     string // the field that says so
	at     time.Time
	tls    bool
	known  bool // whether it came by TLS is told
}

// domain is the one that SPF was asked about.
func (t trace) domain() string {
	if _, d, ok := strings.Cut(t.sender, "@"); ok {
		return strings.ToLower(d)
	}
	return strings.ToLower(t.helo)
}

// traced reads the fields that the receiver put on top (RFC 5321 section 4.4, RFC
// 7208 section 9.1): the newest come first, and those further down are the
// sender's own word.
func traced(h netmail.Header) trace {
	out := trace{sender: strings.Trim(strings.TrimSpace(h.Get("Return-Path")), "<>")}
	for _, field := range h["Received"] {
		if _, date, ok := cutLast(field, ";"); ok && out.at.IsZero() {
			if at, err := netmail.ParseDate(strings.TrimSpace(date)); err == nil {
				out.at = at
			}
		}
		if ip, helo, ok := handed(field); ok {
			out.ip, out.helo, out.by = ip, helo, clip(field)
			out.tls, out.known = encrypted(field)
			break
		}
	}
	for _, field := range h["Received-Spf"] {
		ip, err := netip.ParseAddr(pair(field, "client-ip"))
		if err != nil {
			continue
		}
		out.ip = ip.Unmap()
		if from := pair(field, "envelope-from"); from != "" {
			out.sender = from
		}
		if helo := pair(field, "helo"); helo != "" {
			out.helo = helo
		}
		break
	}
	return out
}

// Parts of Received fields. They are compiled where they are used: a run reads
// one message.
const (
	handedBy = `(?is)^\s*from\s+(\S+)\s.*?\[(?:IPv6:)?([0-9a-fA-F:.]+)\]`
	listener = "by launchready"
	protocol = `(?i)\bwith\s+(E?SMTP|LMTP)(S?)(A?)\b`
)

// handed reads "from NAME (… [ADDRESS])": the hop from another host. Hops inside
// the receiver's network have addresses that are no one's.
func handed(field string) (netip.Addr, string, bool) {
	m := regexp.MustCompile(handedBy).FindStringSubmatch(field)
	if m == nil {
		return netip.Addr{}, "", false
	}
	ip, err := netip.ParseAddr(m[2])
	if err != nil {
		return netip.Addr{}, "", false
	}
	ip = ip.Unmap()
	if (ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()) && !strings.Contains(field, listener) {
		return netip.Addr{}, "", false
	}
	return ip, m[1], true
}

// encrypted reads whether a hop was under TLS (RFC 3848), where that is told.
func encrypted(field string) (yes, known bool) {
	if regexp.MustCompile(`(?i)\bTLS\s?v?1|version=TLS|cipher=`).MatchString(field) {
		return true, true
	}
	m := regexp.MustCompile(protocol).FindStringSubmatch(field)
	if m == nil {
		return false, false
	}
	return m[2] != "", true
}

// pair reads key=value of a Received-SPF field.
func pair(field, key string) string {
	_, rest, ok := strings.Cut(field, key+"=")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, ";")
	return strings.Trim(strings.TrimSpace(rest), `"<>`)
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
