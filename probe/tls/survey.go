package tls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Answer is what a server says to an offer. The zero value is not known.
type Answer uint8

// Answers.
const (
	Unasked Answer = iota
	Takes
	Refuses
)

// Survey is what one server speaks at one name.
type Survey struct {
	Name    string // that was asked for
	Address string // that was called
	Remote  string // where the connection went

	Err   error               // why nothing is known; the rest is empty then
	Chain []*x509.Certificate // as sent, the server's own first

	Version      uint16 // the highest that was agreed on
	Suite        Suite
	Group        uint16 // of the best handshake
	ALPN         string
	Staple       []byte   // of OCSP
	Transparency [][]byte // timestamps that came beside the certificate

	Versions  map[uint16]Answer
	Weak      []Suite // taken, of those that nothing should take
	WeakDone  bool    // whether Weak is all of them
	Fixed     Suite   // taken, of those without forward secrecy; 0 for none
	FixedDone bool

	Prime     int    // bits of the finite-field group; 0 for none
	WeakGroup uint16 // taken; 0 for none

	Deflate      Answer // compresses
	MasterSecret Answer // extended, where TLS 1.2 or older is spoken
	Renegotiates Answer // securely, likewise
	Fallback     Answer // takes a hello that says it fell back though better is spoken
	OldSignature Answer // signs with SHA-1
	BlockFirst   Answer // takes a suite with CBC that stands before better ones
	Block        Suite  // that suite

	Gaps []string // what could not be asked, and why
}

// Meet makes the one handshake of an ordinary client.
func (p *Prober) Meet(ctx context.Context, address, name string) *Survey {
	s := &Survey{Name: name, Address: address, Versions: map[uint16]Answer{}}
	st, remote, err := p.shake(ctx, address, &tls.Config{ServerName: name, MinVersion: tls.VersionTLS10, NextProtos: []string{"h2", "http/1.1"}, CipherSuites: every()}) //nolint:gosec // what is agreed on is looked at, nothing is sent
	if st != nil {
		s.Chain, s.Version, s.Suite, s.Group = st.PeerCertificates, st.Version, Suite(st.CipherSuite), uint16(st.CurveID)
		s.ALPN, s.Staple, s.Transparency = st.NegotiatedProtocol, st.OCSPResponse, st.SignedCertificateTimestamps
		s.Versions[st.Version] = Takes
	}
	s.Err, s.Remote = err, remote
	return s
}

// every suite that crypto/tls knows.
func every() []uint16 {
	var out []uint16
	for _, l := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, s := range l {
			out = append(out, s.ID)
		}
	}
	return out
}

// shake completes a handshake and keeps what it agreed on. The certificate is
// judged later, so it is not verified here.
func (p *Prober) shake(ctx context.Context, address string, conf *tls.Config) (st *tls.ConnectionState, remote string, err error) {
	c, err := p.open(ctx, address)
	if err != nil {
		return nil, "", err
	}
	defer c.Close() //nolint:errcheck // nothing was sent
	remote = c.RemoteAddr().String()
	conf.InsecureSkipVerify = true
	limited := &bounded{Conn: c, left: 4 * maxFlight}
	tc := tls.Client(limited, conf)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, remote, told(err)
	}
	state := tc.ConnectionState()
	return &state, remote, nil
}

// Survey meets the server and then asks it one offer after the other. It ends with
// ctx, or when the server stalls twice; what was not asked is in Gaps.
func (p *Prober) Survey(ctx context.Context, address, name string) *Survey {
	s := p.Meet(ctx, address, name)
	p.Deepen(ctx, s)
	return s
}

// Deepen asks a server that was met for the rest.
func (p *Prober) Deepen(ctx context.Context, s *Survey) {
	if s.Err != nil && (ctx.Err() != nil || errors.Is(s.Err, ErrSilent) || errors.Is(s.Err, ErrUnreached)) {
		return
	}
	a := &asker{p: p, ctx: ctx, s: s}
	a.versions()
	if s.Version == 0 && !slices.ContainsFunc([]uint16{SSL2, SSL3, TLS10, TLS11, TLS12}, func(v uint16) bool { return s.Versions[v] == Takes }) {
		return // it speaks nothing: Err says why
	}
	s.Err = nil
	a.abreast((*asker).weak, (*asker).exchange, (*asker).order, (*asker).fallback)
}

// abreast puts groups of offers side by side, as most of the time is waiting. Each
// group writes fields of its own into a survey of its own.
func (a *asker) abreast(groups ...func(*asker)) {
	parts := make([]Survey, len(groups))
	var wait sync.WaitGroup
	for i, ask := range groups {
		parts[i] = *a.s
		parts[i].Gaps = nil
		wait.Go(func() { ask(&asker{p: a.p, ctx: a.ctx, s: &parts[i], silent: a.silent}) })
	}
	wait.Wait()
	s := a.s
	for i := range parts {
		p := &parts[i]
		s.Gaps = append(s.Gaps, p.Gaps...)
		if len(s.Chain) == 0 {
			s.Chain = p.Chain
		}
		s.Weak, s.WeakDone = append(s.Weak, p.Weak...), s.WeakDone || p.WeakDone
		s.Fixed, s.FixedDone = max(s.Fixed, p.Fixed), s.FixedDone || p.FixedDone
		if p.Prime > 0 && (s.Prime == 0 || p.Prime < s.Prime) {
			s.Prime = p.Prime // the weakest counts
		}
		s.WeakGroup, s.OldSignature = max(s.WeakGroup, p.WeakGroup), max(s.OldSignature, p.OldSignature)
		s.BlockFirst, s.Block = max(s.BlockFirst, p.BlockFirst), max(s.Block, p.Block)
		s.Fallback = max(s.Fallback, p.Fallback)
	}
}

// Like takes over what another survey of the same server found beside the
// handshake that both made.
func (s *Survey) Like(other *Survey) {
	mine := *s
	*s = *other
	s.Name, s.Address, s.Remote, s.Err, s.Chain = mine.Name, mine.Address, mine.Remote, mine.Err, mine.Chain
	s.Version, s.Suite, s.Group, s.ALPN, s.Staple, s.Transparency = mine.Version, mine.Suite, mine.Group, mine.ALPN, mine.Staple, mine.Transparency
}

// Refused reports a server that was reached and takes no hello at all at this name:
// it answered each with an alert, or by closing.
func (s *Survey) Refused() bool {
	refused := 0
	for _, v := range []uint16{TLS10, TLS11, TLS12, TLS13} {
		switch s.Versions[v] {
		case Takes, Unasked:
			return false
		case Refuses:
			refused++
		}
	}
	return s.Err != nil && refused > 0
}

// asker puts offers to one server.
type asker struct {
	p      *Prober
	ctx    context.Context
	s      *Survey
	silent int
}

// ask puts one offer. A refusal is an alert, or a closed connection.
func (a *asker) ask(what string, h Hello) (*Reply, Answer) {
	if a.silent >= 2 || a.ctx.Err() != nil {
		a.gap(what, ErrSilent)
		return nil, Unasked
	}
	h.Name = a.s.Name
	r, err := a.p.Ask(a.ctx, a.s.Address, h)
	switch {
	case r != nil && r.Alert < 0: // a flight that broke off later is an answer too
		if len(a.s.Chain) == 0 {
			a.s.Chain = r.Chain()
		}
		return r, Takes
	case r != nil, errors.Is(err, ErrClosed):
		return r, Refuses
	case errors.Is(err, ErrSilent):
		a.silent++
	}
	a.gap(what, err)
	return nil, Unasked
}

func (a *asker) gap(what string, err error) {
	a.s.Gaps = append(a.s.Gaps, fmt.Sprintf("%s: %v", what, err))
}

// older are all suites of TLS 1.2 and before.
func older() []Suite { return ids(elliptic, finite, fixed, weak) }

// versions asks which are spoken. A server answers with the highest that it has in
// common, so one offer settles all between its version and its answer's.
func (a *asker) versions() {
	v := a.s.Versions
	if v[TLS13] == Unasked {
		_, v[TLS13] = a.ask("TLS 1.3", Hello{Version: TLS13, Suites: ids(modern), Groups: append([]uint16{hybrid}, goodGroups...), Signatures: goodSignatures})
	}
	for top := TLS12; top >= TLS10; {
		r, answer := a.ask(VersionName(top), Hello{Version: top, Suites: older(), Groups: goodGroups, Signatures: signaturesOf(top), Deflate: true})
		if answer != Takes {
			if v[top] == Unasked || answer == Refuses {
				v[top] = answer
			}
			top--
			continue
		}
		for skipped := top; skipped > r.Version; skipped-- {
			v[skipped] = Refuses
		}
		v[r.Version] = Takes
		a.flags(r)
		top = r.Version - 1
	}
	if v[SSL3] == Unasked {
		r, answer := a.ask("SSL 3.0", Hello{Version: SSL3, Suites: older()})
		if v[SSL3] = answer; answer == Takes {
			a.flags(r)
		}
	}
	if a.silent >= 2 || a.ctx.Err() != nil {
		a.gap("SSL 2.0", ErrSilent)
		return
	}
	switch is, err := a.p.SSL2(a.ctx, a.s.Address); {
	case is:
		v[SSL2] = Takes
	case err != nil:
		a.gap("SSL 2.0", err)
	default:
		v[SSL2] = Refuses
	}
}

func signaturesOf(v uint16) []uint16 {
	if v == TLS12 {
		return goodSignatures
	}
	return nil
}

// flags keeps what an answer says beside its version; the first one, of the
// highest version, counts for what is said by absence.
func (a *asker) flags(r *Reply) {
	if a.s.Version == 0 {
		a.s.Version, a.s.Suite, a.s.Group = r.Version, r.Suite, r.Group
	}
	if r.Compression != 0 {
		a.s.Deflate = Takes
	} else if a.s.Deflate == Unasked {
		a.s.Deflate = Refuses
	}
	if a.s.MasterSecret == Unasked {
		a.s.MasterSecret, a.s.Renegotiates = answerOf(r.MasterSecret), answerOf(r.Renegotiates)
	}
}

func answerOf(yes bool) Answer {
	if yes {
		return Takes
	}
	return Refuses
}

// below is the highest version under TLS 1.3 that is spoken, 0 for none.
func (s *Survey) below() uint16 {
	for _, v := range []uint16{TLS12, TLS11, TLS10, SSL3} {
		if s.Versions[v] == Takes {
			return v
		}
	}
	return 0
}

// maxPicks bounds the enumeration of suites.
const maxPicks = 48

// weak lets the server pick among what it should not take, again without what it
// picked, until it refuses.
func (a *asker) weak() {
	top := a.s.below()
	if top == 0 {
		a.s.WeakDone, a.s.FixedDone = true, true // TLS 1.3 has none of them
		return
	}
	picked := func(v uint16) bool {
		left := slices.DeleteFunc(ids(weak), func(s Suite) bool { return slices.Contains(a.s.Weak, s) })
		for range maxPicks {
			r, answer := a.ask("weak suites", Hello{Version: v, Suites: left, Groups: goodGroups, Signatures: signaturesOf(v)})
			if answer != Takes {
				return answer == Refuses
			}
			i := slices.Index(left, r.Suite)
			if i < 0 {
				return true // it answers with what was not offered, and would for ever
			}
			a.s.Weak, left = append(a.s.Weak, r.Suite), slices.Delete(left, i, i+1)
			if r.Prime > 0 && !slices.Contains([]Kind{Export, Anonymous}, r.Suite.kind()) {
				a.s.Prime = r.Prime
			}
		}
		return true
	}
	a.s.WeakDone = picked(top)
	// Export suites end with TLS 1.0 (RFC 4346 appendix A.5): a server that speaks it
	// may take them there alone.
	for _, v := range []uint16{TLS10, SSL3} {
		if v < top && a.s.Versions[v] == Takes {
			a.s.WeakDone = picked(v) && a.s.WeakDone
			break
		}
	}
	r, answer := a.ask("suites without forward secrecy", Hello{Version: top, Suites: ids(fixed), Groups: goodGroups, Signatures: signaturesOf(top)})
	if a.s.FixedDone = answer != Unasked; answer == Takes {
		a.s.Fixed = r.Suite
	}
}

// exchange asks what the keys are agreed on with.
func (a *asker) exchange() {
	top := a.s.below()
	if top == 0 {
		return
	}
	if r, answer := a.ask("finite-field groups", Hello{Version: top, Suites: ids(finite), Signatures: signaturesOf(top)}); answer == Takes && r.Prime > 0 {
		a.s.Prime = r.Prime
	}
	if top == SSL3 {
		return
	}
	if r, answer := a.ask("weak curves", Hello{Version: top, Suites: ids(elliptic), Groups: weakGroups, Signatures: signaturesOf(top)}); answer == Takes && slices.Contains(weakGroups, r.Group) {
		a.s.WeakGroup = r.Group
	}
	if top < TLS12 {
		return // older versions sign with SHA-1 by definition, which is told by the version
	}
	r, answer := a.ask("signatures with SHA-1", Hello{Version: TLS12, Suites: ids(elliptic, finite), Groups: goodGroups, Signatures: oldSignatures})
	switch {
	case answer == Takes && r.Signature != 0:
		a.s.OldSignature = answerOf(slices.Contains(oldSignatures, r.Signature))
	case answer != Takes:
		a.s.OldSignature = answer
	}
}

// order offers suites with CBC before those with authentication in one. A server with
// a preference takes the better; one that leaves the choice to clients takes what a
// hello that was meddled with, or an old library, names first (RFC 9325 section 4.1).
func (a *asker) order() {
	if a.s.Versions[TLS12] != Takes {
		return // older versions have nothing better, TLS 1.3 nothing worse
	}
	var block, better []Suite
	for _, s := range ids(elliptic, finite) {
		if s.block() {
			block = append(block, s)
		} else {
			better = append(better, s)
		}
	}
	ask := func(suites []Suite) (*Reply, Answer) {
		return a.ask("the order of suites", Hello{Version: TLS12, Suites: suites, Groups: goodGroups, Signatures: goodSignatures})
	}
	r, answer := ask(slices.Concat(block, better))
	if answer != Takes || !r.Suite.block() {
		a.s.BlockFirst = Refuses
		if answer == Unasked {
			a.s.BlockFirst = Unasked
		}
		return
	}
	first := r.Suite
	switch _, answer := ask(better); answer {
	case Takes:
		a.s.BlockFirst, a.s.Block = Takes, first
	case Refuses: // it has nothing better to prefer, which is another matter
		a.s.BlockFirst = Refuses
	}
}

// fallback offers the second-best version as if the best had failed. Between TLS
// 1.3 and 1.2 the marks of RFC 8446 section 4.1.3 protect instead.
func (a *asker) fallback() {
	top := a.s.below()
	var second uint16
	for v := top - 1; top > 0 && v >= SSL3; v-- {
		if a.s.Versions[v] == Takes {
			second = v
			break
		}
	}
	if second == 0 {
		return
	}
	r, answer := a.ask("fallback", Hello{Version: second, Suites: older(), Groups: goodGroups, Fallback: true})
	if r != nil && r.Alert >= 0 && r.Alert != inappropriateFallback {
		answer = Refuses // by another word
	}
	a.s.Fallback = answer
}
