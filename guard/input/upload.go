package input

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/launchready/launchready/guard"
)

// Uploads is what files must be. They are read whole, so that what is judged is what
// is passed on; all that are under way at one time share a bound.
type Uploads struct {
	Size     int64    // bytes of a file; 0: 10 MiB
	Files    int      // of a request; 0: 10
	Kinds    []string // extensions, "png"; none: DefaultKinds
	Ratio    int64    // how much an archive may unpack to, as a multiple; 0: 100
	Unpacked int64    // bytes that an archive may unpack to; 0: 100 MiB
	Entries  int      // of an archive; 0: 2,000
	Held     *atomic.Int64
}

// heldMost is how much all uploads that are looked at may take at one time.
const heldMost = 256 << 20

// around is what a form may take beside its files.
const around = 256 << 10

// maxParts of a form, with or without files.
const maxParts = 200

// Filled gives what a zero field means.
func (u Uploads) Filled() *Uploads {
	if u.Size == 0 {
		u.Size = 10 << 20
	}
	if u.Files == 0 {
		u.Files = 10
	}
	if len(u.Kinds) == 0 {
		u.Kinds = DefaultKinds()
	}
	if u.Ratio == 0 {
		u.Ratio = 100
	}
	if u.Unpacked == 0 {
		u.Unpacked = 100 << 20
	}
	if u.Entries == 0 {
		u.Entries = 2000
	}
	if u.Held == nil {
		u.Held = &atomic.Int64{}
	}
	return &u
}

// check judges each part of a form.
func (u *Uploads) check(x *guard.Exchange, boundary string) *guard.Denial {
	if boundary == "" {
		return refuse(http.StatusBadRequest, "the form names no boundary")
	}
	most := u.Size*int64(u.Files) + around
	if n := x.Request.ContentLength; n > most {
		return refuse(http.StatusRequestEntityTooLarge, "the form is too long")
	} else if n > 0 {
		most = n
	}
	if u.Held.Add(most) > heldMost {
		u.Held.Add(-most)
		return &guard.Denial{Status: http.StatusServiceUnavailable, Reason: "too many uploads are under way", Retry: time.Second}
	}
	x.Finally(func(int) { u.Held.Add(-most) })
	b, d := x.BodyTo(most)
	if d != nil {
		return d
	}
	form := multipart.NewReader(bytes.NewReader(b), boundary)
	files := 0
	for n := 0; ; n++ {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil || n == maxParts {
			return refuse(http.StatusBadRequest, "the form cannot be read, or has too many parts")
		}
		field, name, file, d := disposition(part.Header)
		if d != nil {
			return d
		}
		data, err := io.ReadAll(io.LimitReader(part, u.Size+1))
		if err != nil {
			return refuse(http.StatusBadRequest, "the form cannot be read")
		}
		if int64(len(data)) > u.Size {
			return refuse(http.StatusRequestEntityTooLarge, "a file is too long")
		}
		if !file {
			if !clean(string(data)) {
				return refuse(http.StatusBadRequest, "a field of the form is no Unicode text, or has a NUL")
			}
			if x.Overrides(field, string(data)) {
				return overridden()
			}
			continue
		}
		if files++; files > u.Files {
			return refuse(http.StatusRequestEntityTooLarge, "the form has too many files")
		}
		if d := u.file(name, part.Header["Content-Type"], data); d != nil {
			return d
		}
	}
}

// disposition reads a part's head, which readers of forms understand in different
// ways where it says a thing twice (RFC 7578 section 4).
func disposition(h map[string][]string) (field, name string, file bool, d *guard.Denial) {
	bad := func(why string) (string, string, bool, *guard.Denial) {
		return "", "", false, refuse(http.StatusBadRequest, why)
	}
	all := h["Content-Disposition"]
	if len(all) != 1 {
		return bad("a part of the form has no disposition, or two")
	}
	for k := range h {
		switch k {
		case "Content-Disposition", "Content-Type", "Content-Length", "Content-Transfer-Encoding":
		default:
			return bad("a part of the form has a field that is none of forms")
		}
	}
	if e := h["Content-Transfer-Encoding"]; len(e) > 0 && (len(e) > 1 || !slices.Contains([]string{"binary", "8bit", "7bit"}, strings.ToLower(e[0]))) {
		return bad("a part of the form is encoded once more")
	}
	kind, params, err := mime.ParseMediaType(all[0])
	low := strings.ToLower(all[0])
	if err != nil || kind != "form-data" || params["name"] == "" || strings.Count(low, "filename") > 1 && strings.Contains(low, "filename*") || !clean(params["name"]) {
		return bad("a part of the form has a disposition that cannot be read, or can be in two ways")
	}
	name, file = params["filename"]
	return params["name"], name, file, nil
}

func (u *Uploads) file(name string, declared []string, data []byte) *guard.Denial {
	ext, ok := extension(name)
	if !ok {
		return refuse(http.StatusUnprocessableEntity, "a file's name is no plain name")
	}
	if name == "" && len(data) == 0 {
		return nil // a field for files that was left empty
	}
	k, ok := kinds[ext]
	if !ok || !slices.Contains(u.Kinds, ext) {
		return refuse(http.StatusUnsupportedMediaType, "files of this extension are not taken")
	}
	if len(declared) > 1 || len(declared) == 1 && !k.claims(declared[0]) {
		return refuse(http.StatusUnsupportedMediaType, "a file's type is not that of its name")
	}
	if len(data) == 0 {
		return nil
	}
	if why := u.content(k, data); why != "" {
		return refuse(http.StatusUnprocessableEntity, why)
	}
	return nil
}

// extension is the last one of a name that no system takes for a path, in lower
// case; ok is false for a name that could choose where it is stored, or that is
// shown as another.
func extension(name string) (string, bool) {
	if len(name) > 255 || !clean(name) || strings.ContainsAny(name, "/\\:*?\"<>|") || strings.TrimRight(name, ". ") != name || strings.HasPrefix(name, ".") {
		return "", false
	}
	for _, r := range name {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x2069 || r == 0xfeff {
			return "", false
		}
	}
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", true
	}
	return strings.ToLower(name[i+1:]), true
}
