package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// draw is a source of chance that depends on the seed and on what it is for,
// never on time or order: the same prompt meets the same fate in every run.
type draw struct{ r *rand.Rand }

func (s *Server) draw(parts ...string) *draw {
	h := sha256.New()
	var seed [8]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(s.opts.Seed)) //nolint:gosec // the bits matter, not the sign
	h.Write(seed[:])
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	sum := h.Sum(nil)
	//nolint:gosec // reproducible chance is the point
	return &draw{rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:])))}
}

func (d *draw) intn(n int) int { return d.r.IntN(n) }

// hits reports an event of probability p.
func (d *draw) hits(p float64) bool { return d.r.Float64() < p }

// id is a name of twelve bytes for an answer or a call.
func (d *draw) id(prefix string) string {
	var b [12]byte
	binary.LittleEndian.PutUint64(b[:8], d.r.Uint64())
	binary.LittleEndian.PutUint32(b[8:], d.r.Uint32())
	return prefix + hex.EncodeToString(b[:])
}
