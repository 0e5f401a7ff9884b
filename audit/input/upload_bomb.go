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

// archives are the files that applications unpack, and the entry that they read.
var archives = []struct{ name, media, entry string }{
	{"archive.zip", "application/zip", "notes.txt"},
	{"report.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "word/document.xml"},
}

// unpacks compares archives of nearly the same length that unpack to nothing, to
// little and to much. Only what is unpacked to the end takes longer with what is
// in it.
func unpacks(ctx context.Context, t *lr.Trial, d *drop, n *tries) (*hit, string, error) {
	taken := false
	for _, a := range archives {
		var last *lr.Exchange
		sent := map[int][]byte{}
		best := map[int]time.Duration{} // noise only adds, so that the least of many tries comes near what it costs
		took := func(size int) (time.Duration, error) {
			if sent[size] == nil {
				b, err := bombOf(a.entry, size)
				if err != nil {
					return 0, err
				}
				sent[size] = b
			}
			for range 2 {
				x, err := d.put(ctx, t, n, lr.File{Name: a.name, Type: a.media, Data: sent[size]}, fmt.Sprintf("%s that unpacks to %d MB", a.name, size/mega))
				if err != nil {
					return 0, err
				}
				last = x
				if least, ok := best[size]; !ok || x.Took < least {
					best[size] = x.Took
				}
				if !x.OK() {
					break
				}
			}
			return best[size], nil
		}
		plain, err := took(0)
		if err != nil {
			return nil, "", err
		}
		if !last.OK() {
			continue // it takes no archives
		}
		taken = true
		much, err := took(large)
		if err != nil {
			return nil, "", err
		}
		if !last.OK() {
			continue
		}
		shown, little, grows := last, time.Duration(0), false
		for round := 0; round < asks && !grows; round++ {
			if round > 0 {
				if plain, err = took(0); err != nil {
					return nil, "", err
				}
			}
			if much-plain >= unpacking {
				if little, err = took(small); err != nil {
					return nil, "", err
				}
			}
			if much, err = took(large); err != nil {
				return nil, "", err
			}
			grows = best[small] > 0 && outgrows(plain, little, much)
		}
		if !grows {
			continue
		}
		y := *shown
		y.Sent = nil
		return &hit{xs: []*lr.Exchange{&y}, records: []string{
			fmt.Sprintf("%d bytes that unpack to nothing: %d ms", len(sent[0]), plain.Milliseconds()),
			fmt.Sprintf("%d bytes that unpack to %d MB: %d ms", len(sent[small]), small/mega, little.Milliseconds()),
			fmt.Sprintf("%d bytes that unpack to %d MB: %d ms", len(sent[large]), large/mega, much.Milliseconds())},
			say: fmt.Sprintf("%s is unpacked to its end: the time grows with what comes out, to %d MB from %d KB", a.name, large/mega, len(sent[large])>>10)}, "", nil
	}
	if !taken {
		return nil, "archives are refused", nil
	}
	return nil, "archives are refused, kept as they are, or unpacked to a bound", nil
}

// asks is how often a machine that is busy is asked before it counts as bounded.
const asks = 3

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
