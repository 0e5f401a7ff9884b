package input

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"time"

	lr "github.com/launchready/launchready"
)

func uploadBomb() *lr.Check {
	return &lr.Check{
		ID:       "input/upload-bomb",
		Title:    "Archives are unpacked to a bound",
		Why:      "A few kilobytes of an archive, or of an office document, unpack to gigabytes. Whatever reads them to the end runs out of memory, and takes the service along.",
		Fix:      "Count what comes out while it is unpacked and stop at a bound, whatever the archive's own index says; bound the number of files and the depth too.",
		Severity: lr.High,
		Refs:     []lr.Ref{{Source: "CWE", ID: "409"}, {Source: "ASVS", ID: "v5.0.0-5.2.3"}, {Source: "OWASP API", ID: "API4:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDrop(ctx, t, func(ctx context.Context, d *drop, n *tries) (*hit, string, error) { return unpacks(ctx, t, d, n) })
		},
	}
}

// small and large are what a bomb of this check unpacks to: enough to be measured
// and far from what hurts.
const (
	small = 6 * mega
	large = 72 * mega
)

// archive is a kind of file that applications unpack, and the entry that they read.
type archive struct{ name, media, entry string }

var archives = []archive{
	{"archive.zip", "application/zip", "notes.txt"},
	{"report.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "word/document.xml"},
}

// unpacks compares archives of nearly the same length that unpack to nothing, to
// little and to much. Only what is unpacked to the end takes longer with what is
// in it.
func unpacks(ctx context.Context, t *lr.Trial, d *drop, n *tries) (*hit, string, error) {
	say := "archives are refused"
	for _, a := range archives {
		p := &packed{archive: a, sent: map[int][]byte{}, took: map[int]time.Duration{}}
		grows, err := p.grows(func(f lr.File, note string) (*lr.Exchange, error) { return d.put(ctx, t, n, f, note) })
		switch {
		case err != nil:
			return nil, "", err
		case grows:
			return p.hit(), "", nil
		case len(p.took) > 0:
			say = "archives are refused, kept as they are, or unpacked to a bound"
		}
	}
	return nil, say, nil
}

// packed is an archive by the sizes that it unpacks to, and how each was taken.
type packed struct {
	archive
	sent  map[int][]byte
	took  map[int]time.Duration // noise only adds, so that the least of many tries comes near what it costs
	shown *lr.Exchange          // the last that was taken
}

// asks is how often a machine that is busy is asked before it counts as bounded.
const asks = 3

// grows asks for each size in turn, for the large one on both sides of the small one.
// A refusal ends it: how quickly it came says nothing of what is unpacked.
func (p *packed) grows(put func(lr.File, string) (*lr.Exchange, error)) (bool, error) {
	for range asks {
		for _, size := range []int{0, large, small, large} {
			if size == small && p.took[large]-p.took[0] < unpacking {
				break
			}
			if taken, err := p.send(size, put); err != nil || !taken {
				return false, err
			}
		}
		if little, asked := p.took[small]; asked && outgrows(p.took[0], little, p.took[large]) {
			return true, nil
		}
	}
	return false, nil
}

// send sends one size twice, and reports whether it was taken.
func (p *packed) send(size int, put func(lr.File, string) (*lr.Exchange, error)) (bool, error) {
	if p.sent[size] == nil {
		b, err := bombOf(p.entry, size)
		if err != nil {
			return false, err
		}
		p.sent[size] = b
	}
	for range 2 {
		x, err := put(lr.File{Name: p.name, Type: p.media, Data: p.sent[size]}, fmt.Sprintf("%s that unpacks to %d MB", p.name, size/mega))
		if err != nil || !x.OK() {
			return false, err
		}
		p.shown = x
		if least, asked := p.took[size]; !asked || x.Took < least {
			p.took[size] = x.Took
		}
	}
	return true, nil
}

func (p *packed) hit() *hit {
	x := *p.shown
	x.Sent = nil
	h := &hit{xs: []*lr.Exchange{&x}, say: fmt.Sprintf("%s is unpacked to its end: the time grows with what comes out, to %d MB from %d KB", p.name, large/mega, len(p.sent[large])>>10)}
	for _, size := range []int{0, small, large} {
		h.records = append(h.records, fmt.Sprintf("%d bytes that unpack to %d MB: %d ms", len(p.sent[size]), size/mega, p.took[size].Milliseconds()))
	}
	return h
}

// unpacking is the least that reading the large one to its end takes.
const unpacking = 40 * time.Millisecond

// outgrows reports whether the large archive, of twelve times the content, took at
// least four times as long over the empty one as the small one did.
func outgrows(plain, little, much time.Duration) bool {
	return much-plain >= unpacking && much-plain >= 4*max(little-plain, 0)
}

// bombOf is an archive with one entry of that many zero bytes, padded to a length
// that does not tell it from another.
func bombOf(entry string, size int) ([]byte, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	f, err := w.Create(entry)
	if err != nil {
		return nil, fmt.Errorf("make an archive: %w", err)
	}
	zeros := make([]byte, 1<<20)
	for left := size; left > 0; left -= len(zeros) {
		if _, err := f.Write(zeros[:min(left, len(zeros))]); err != nil {
			return nil, fmt.Errorf("make an archive: %w", err)
		}
	}
	pad, err := w.CreateHeader(&zip.FileHeader{Name: "padding", Method: zip.Store})
	if err == nil {
		_, err = pad.Write(make([]byte, max(400<<10-buf.Len(), 0)))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("make an archive: %w", err)
	}
	return buf.Bytes(), nil
}
