package secretscan

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

type archiveKind int

const (
	noArchive archiveKind = iota
	zipArchive
	tarArchive
	gzipped
	bzipped
)

// Bounds of archives. An image of 2 GB passes; a bomb does not.
const (
	mostNested   = 4
	mostEntries  = 500_000
	mostUnpacked = 8 << 30
	mostRatio    = 1000
	zipInMemory  = 32 << 20
)

func archiveOf(head []byte, name string) archiveKind {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return zipArchive
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}):
		return gzipped
	case bytes.HasPrefix(head, []byte("BZh")) && len(head) > 10 && string(head[4:10]) == "1AY&SY":
		return bzipped
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return tarArchive
	case strings.HasSuffix(name, ".tar") && len(head) >= 512 && head[0] != 0 && bytes.IndexByte(head[:100], 0) > 0:
		return tarArchive
	}
	return noArchive
}

// archive scans the entries of an archive. What is wrong with it is coverage, not an error:
// the rest of the tree is read all the same.
func (s *Scanner) archive(ctx context.Context, c *collector, name string, kind archiveKind, r io.Reader, b *buffers, nested int) error {
	if nested >= mostNested {
		c.coverage.skip(name, Bomb, fmt.Sprintf("more than %d archives in one another", mostNested))
		return nil
	}
	inner := &buffers{} // b is in use by who called
	switch kind {
	case gzipped, bzipped:
		in := &counted{r: r}
		var out io.Reader = bzip2.NewReader(bufio.NewReader(in))
		if kind == gzipped {
			z, err := gzip.NewReader(in)
			if err != nil {
				c.coverage.skip(name, Malformed, err.Error())
				return nil
			}
			out = z
		}
		return s.entry(ctx, c, name+"!"+strings.TrimSuffix(strings.TrimSuffix(path.Base(name), path.Ext(name)), "."), &guarded{r: out, in: in}, inner, nested)
	case tarArchive:
		return s.tar(ctx, c, name, r, inner, nested)
	case zipArchive:
		return s.zip(ctx, c, name, r, inner, nested)
	case noArchive:
	}
	return nil
}

// entry scans one entry; what breaks in it is told and does not end the archive.
func (s *Scanner) entry(ctx context.Context, c *collector, name string, r io.Reader, b *buffers, nested int) error {
	before := c.coverage.Counts[Unreadable]
	err := s.read(ctx, c, name, r, b, nested+1)
	if err == nil || ctx.Err() != nil {
		return err
	}
	why := Malformed
	if errors.Is(err, errBomb) {
		why = Bomb
	}
	if n := len(c.coverage.Skipped); c.coverage.Counts[Unreadable] > before && n > 0 && c.coverage.Skipped[n-1].Place == name {
		c.coverage.Skipped[n-1].Why = why
		c.coverage.Counts[Unreadable]--
		if c.coverage.Counts[Unreadable] == 0 {
			delete(c.coverage.Counts, Unreadable)
		}
		c.coverage.Counts[why]++
	}
	return nil
}

func (s *Scanner) tar(ctx context.Context, c *collector, name string, r io.Reader, b *buffers, nested int) error {
	t := tar.NewReader(&counted{r: r, most: mostUnpacked})
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			why := Malformed
			if errors.Is(err, errBomb) {
				why = Bomb
			}
			c.coverage.skip(name, why, err.Error())
			return nil
		case n >= mostEntries:
			c.coverage.skip(name, Bomb, fmt.Sprintf("more than %d entries", mostEntries))
			return nil
		case h.Typeflag != tar.TypeReg || h.Size == 0:
			continue
		case h.Size > s.options.MaxFile:
			c.coverage.skip(name+"!"+h.Name, TooLarge, fmt.Sprintf("%d bytes", h.Size))
			continue
		}
		if err := s.entry(ctx, c, name+"!"+clean(h.Name), t, b, nested); err != nil {
			return err
		}
	}
}

// zip needs to seek: what does not come from a file goes to memory, or to a temporary file.
func (s *Scanner) zip(ctx context.Context, c *collector, name string, r io.Reader, b *buffers, nested int) error {
	var at io.ReaderAt
	head, err := io.ReadAll(io.LimitReader(r, zipInMemory))
	if err != nil {
		c.coverage.skip(name, Unreadable, reasonOf(err))
		return nil
	}
	size := int64(len(head))
	at = bytes.NewReader(head)
	if size == zipInMemory {
		f, err := os.CreateTemp("", "launchready-zip-")
		if err != nil {
			c.coverage.skip(name, Unreadable, err.Error())
			return nil
		}
		defer func() { _ = errors.Join(f.Close(), os.Remove(f.Name())) }() // a temporary file
		size, err = io.Copy(f, io.MultiReader(bytes.NewReader(head), &counted{r: r, most: s.options.MaxFile}))
		if err != nil {
			c.coverage.skip(name, TooLarge, reasonOf(err))
			return nil
		}
		at = f
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		c.coverage.skip(name, Malformed, err.Error())
		return nil
	}
	var total uint64
	for n, f := range z.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		inside := name + "!" + clean(f.Name)
		total += f.UncompressedSize64
		switch {
		case strings.HasSuffix(f.Name, "/"):
			continue
		case n >= mostEntries || total > mostUnpacked:
			c.coverage.skip(name, Bomb, "too many or too large entries")
			return nil
		case f.Flags&1 != 0:
			c.coverage.skip(inside, Encrypted, "")
			continue
		case f.UncompressedSize64 > uint64(s.options.MaxFile): //nolint:gosec // it is positive
			c.coverage.skip(inside, TooLarge, fmt.Sprintf("%d bytes", f.UncompressedSize64))
			continue
		}
		in, err := f.Open()
		if err != nil {
			c.coverage.skip(inside, Malformed, err.Error())
			continue
		}
		compressed := int64(f.CompressedSize64) //nolint:gosec // it only bounds
		err = s.entry(ctx, c, inside, &guarded{r: in, in: &counted{n: compressed}}, b, nested)
		_ = in.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// clean makes the name of an entry safe to show: it is only a name, nothing is unpacked.
func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, "\\", "/")), "/")
}

var errBomb = errors.New("it unpacks to more than is reasonable")

// counted knows how much was read, and stops at most bytes.
type counted struct {
	r       io.Reader
	n, most int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.most > 0 && c.n > c.most {
		return n, errBomb
	}
	return n, err
}

// guarded stops what unpacks to a thousand times of what is packed.
type guarded struct {
	r   io.Reader
	in  *counted
	out int64
}

func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.out += int64(n)
	if g.out > mostUnpacked || g.out > 16<<20 && g.out/mostRatio > g.in.n {
		return n, errBomb
	}
	return n, err
}
