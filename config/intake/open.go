package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/launchready/launchready/surface/har"
)

// maxFile bounds a file of any format that is not read as a stream.
const maxFile = 64 << 20

// Recording reports whether the file begins as a HAR does: Open reads such a
// file as a stream.
func Recording(file string) bool {
	st, err := os.Stat(file)
	if err != nil || !st.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(file) //nolint:gosec // the user names the file
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head) // what cannot be read is no recording; reading it says why
	return har.Looks(head[:n])
}

// Open reads a file of any known kind. A recording is read as a stream, so that
// it may be larger than memory.
func Open(ctx context.Context, file string) (*Intake, error) {
	st, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, errors.Unwrap(err))
	}
	if !st.Mode().IsRegular() { // opening a pipe would wait for a writer
		return nil, fmt.Errorf("read %s: not a regular file", file)
	}
	f, err := os.Open(file) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, errors.Unwrap(err))
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if har.Looks(head[:n]) {
		return recording(ctx, file, f)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", file, err)
	case len(text) > maxFile:
		return nil, fmt.Errorf("read %s: it is larger than %d MiB and no HAR recording", file, maxFile>>20)
	}
	return Read(file, text)
}
