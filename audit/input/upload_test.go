package input

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// box is a store of files that is right by default.
type box struct {
	mu    sync.Mutex
	n     int
	files map[string]stored
	// refuse says why a file is not taken, or "".
	refuse func(stored) string
	// send answers a request for a file.
	send func(w http.ResponseWriter, f stored)
	// also sees each file that was taken, under the name that was sent.
	also func(raw string, f stored)
}

type stored struct {
	name, media string
	data        []byte
}

func (b *box) serve(a *hostileApp) {
	b.files = map[string]stored{}
	if b.send == nil {
		b.send = func(w http.ResponseWriter, f stored) {
			w.Header().Set("Content-Type", f.media)
			w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
			w.Write(f.data)
		}
	}
	a.on("POST /files", func(w http.ResponseWriter, r *http.Request) {
		form, err := r.MultipartReader()
		if err != nil {
			a.say(w, 415, map[string]any{"title": "a form is due"})
			return
		}
		for {
			p, err := form.NextPart()
			if err != nil {
				a.say(w, 422, map[string]any{"title": "no file"})
				return
			}
			if p.FileName() == "" {
				continue
			}
			data, err := io.ReadAll(io.LimitReader(p, 10<<20))
			if err != nil || len(data) >= 10<<20 {
				a.say(w, 413, map[string]any{"title": "too large"})
				return
			}
			f := stored{p.FileName(), p.Header.Get("Content-Type"), data}
			if b.refuse != nil {
				if why := b.refuse(f); why != "" {
					a.say(w, 422, map[string]any{"title": why})
					return
				}
			}
			if b.also != nil {
				_, params, _ := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
				b.also(params["filename"], f)
			}
			b.mu.Lock()
			b.n++
			id := fmt.Sprintf("file_%08x", b.n*7919)
			b.files[id] = f
			b.mu.Unlock()
			a.say(w, 201, map[string]any{"id": id, "name": f.name})
			return
		}
	})
	get := func(how func(w http.ResponseWriter, id string, f stored)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			b.mu.Lock()
			f, ok := b.files[r.PathValue("file_id")]
			b.mu.Unlock()
			if !ok {
				a.say(w, 404, map[string]any{"title": "no such file"})
				return
			}
			how(w, r.PathValue("file_id"), f)
		}
	}
	a.on("GET /files", func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		out := []any{}
		for id, f := range b.files {
			out = append(out, map[string]any{"id": id, "name": f.name})
		}
		a.say(w, 200, map[string]any{"data": out})
	})
	a.on("GET /files/{file_id}", get(func(w http.ResponseWriter, id string, f stored) {
		a.say(w, 200, map[string]any{"id": id, "name": f.name})
	}))
	a.on("GET /files/{file_id}/content", get(func(w http.ResponseWriter, _ string, f stored) { b.send(w, f) }))
	a.on("DELETE /files/{file_id}", get(func(w http.ResponseWriter, id string, _ stored) {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.files, id)
		w.WriteHeader(204)
	}))
	a.shape = func(rt *lr.Route) {
		if rt.String() == "POST /files" {
			rt.Kind, rt.Body = lr.Upload, &lr.Body{Type: "multipart/form-data", Schema: &lr.Schema{Type: "object", Properties: map[string]*lr.Schema{"file": {Type: "string", Format: "binary"}}}}
		}
	}
}

// TestUploads puts stores of files to the checks: each fault, and what is right and
// looks like it.
func TestUploads(t *testing.T) {
	t.Parallel()
	inline := func(w http.ResponseWriter, f stored) {
		w.Header().Set("Content-Type", f.media)
		w.Write(f.data)
	}
	sniffed := func(w http.ResponseWriter, f stored) {
		w.Header().Set("Content-Type", http.DetectContentType(f.data))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "sandbox")
		w.Write(f.data)
	}
	program := func(f stored) string {
		if bytes.HasPrefix(f.data, []byte("MZ")) || bytes.HasPrefix(f.data, []byte("\x7fELF")) {
			return "a program"
		}
		return ""
	}
	ext := func(f stored) string {
		if strings.ToLower(path.Ext(strings.TrimRight(f.name, ". "))) == ".exe" {
			return "a program"
		}
		return ""
	}
	for name, tc := range map[string]struct {
		check  string
		box    *box
		failed bool
		says   string // "" passes; "skipped" does not apply
	}{
		"a type that is believed":  {"input/upload-type", &box{refuse: func(f stored) string { return strings.Repeat("x", strings.Count(f.media, "x-")) }}, true, ""},
		"a type that is looked at": {"input/upload-type", &box{refuse: program}, false, ""},
		"files of every type":      {"input/upload-type", &box{}, false, "skipped"},
		"the first extension": {"input/upload-extension", &box{refuse: func(f stored) string {
			return strings.Repeat("x", strings.Count("."+strings.Split(f.name, ".")[1]+" ", ".exe "))
		}}, true, ""},
		"the last extension":       {"input/upload-extension", &box{refuse: ext}, false, ""},
		"names of every kind":      {"input/upload-extension", &box{}, false, "skipped"},
		"an empty file breaks":     {"input/upload-empty", &box{refuse: func(f stored) string { return string(f.data[0])[1:] }}, true, ""},
		"an empty file is taken":   {"input/upload-empty", &box{}, false, ""},
		"an empty file is refused": {"input/upload-empty", &box{refuse: func(f stored) string { return strings.Repeat("empty", 1-min(len(f.data), 1)) }}, false, ""},
		"a page that is shown":     {"input/upload-inline", &box{send: inline}, true, ""},
		"a page that is saved":     {"input/upload-inline", &box{}, false, ""},
		"a page under a sandbox":   {"input/upload-inline", &box{send: sniffed}, false, ""},
		"pages are refused":        {"input/upload-inline", &box{refuse: func(f stored) string { return strings.Repeat("x", bytes.Count(f.data, []byte("<script"))) }}, false, ""},
		"a picture that is shown":  {"input/upload-script", &box{send: inline}, true, ""},
		"a picture that is saved":  {"input/upload-script", &box{}, false, ""},
		"a picture whose script is gone": {"input/upload-script", &box{send: func(w http.ResponseWriter, f stored) {
			f.data = bytes.ReplaceAll(f.data, []byte("<script"), []byte("<x"))
			inline(w, f)
		}}, false, ""},
		"a limit that holds":      {"input/upload-size", &box{refuse: func(f stored) string { return strings.Repeat("x", len(f.data)/(5<<20)) }}, false, ""},
		"a name as a text":        {"input/upload-path", &box{}, false, ""},
		"an archive that is kept": {"input/upload-bomb", &box{}, false, ""},
		"an archive that is bounded": {"input/upload-bomb", &box{refuse: func(f stored) string {
			if n := unzipped(f.data, 1<<20); n > 1<<20 {
				return "too much"
			}
			return ""
		}}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := newHostileApp()
			tc.box.serve(a)
			v := putHostile(t, tc.check, hostileTrial(t, a))
			switch {
			case tc.says == "skipped":
				if len(v.skipped) == 0 || len(v.failed)+len(v.passed)+len(v.open) > 0 {
					t.Errorf("want that it does not apply:\n%s", v.says)
				}
			case tc.failed:
				v.wants(t, "POST /files")
			default:
				v.wants(t)
			}
		})
	}
}

func unzipped(b []byte, most int64) int64 {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return 0
	}
	var n int64
	for _, f := range z.File {
		if rd, err := f.Open(); err == nil {
			b, _ := io.ReadAll(io.LimitReader(rd, most+1))
			n += int64(len(b))
		}
	}
	return n
}

// TestUploadPath: a name that climbs lands where it is served from.
func TestUploadPath(t *testing.T) {
	t.Parallel()
	a, disk := newHostileApp(), map[string][]byte{}
	var mu sync.Mutex
	b := box{also: func(raw string, f stored) {
		mu.Lock()
		defer mu.Unlock()
		disk[path.Join("/srv/app/uploads", raw)] = f.data
	}}
	b.serve(a)
	tr := hostileTrial(t, a)
	a.front = func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		data, ok := disk["/srv/app"+r.URL.Path]
		if ok && strings.HasPrefix(r.URL.Path, "/static/") {
			w.Write(data)
		}
		return ok && strings.HasPrefix(r.URL.Path, "/static/")
	}
	putHostile(t, "input/upload-path", tr).wants(t, "POST /files")
}

// TestRefusesUploads: where our plain file is refused, nothing is decided.
func TestRefusesUploads(t *testing.T) {
	t.Parallel()
	a := newHostileApp()
	b := box{}
	b.serve(a)
	tr := hostileTrial(t, a)
	b.refuse = func(stored) string { return "not today" }
	for _, c := range hostile() {
		if !strings.HasPrefix(c.ID, "input/upload-") {
			continue
		}
		if v := putHostile(t, c.ID, tr); len(v.open) == 0 || len(v.failed)+len(v.suspected)+len(v.passed) > 0 {
			t.Errorf("%s: want it open:\n%s", c.ID, v.says)
		}
	}
}

// TestBombOnABusyMachine: answers that waited for a processor hide no bomb, and make
// none of an archive that is kept or bounded; nor does a refusal, however quick.
func TestBombOnABusyMachine(t *testing.T) {
	t.Parallel()
	const wait = time.Second // longer than what is unpacked to its end takes
	kept, bounded, whole := int64(0), int64(1<<20), int64(1<<30)
	for name, tc := range map[string]struct {
		unpacks int64         // how much it reads of an archive
		late    map[int64]int // how many answers to each kind of archive wait, by what it holds
		refused int64         // what holds this is not taken
		failed  bool
	}{
		"unpacked to its end":                      {unpacks: whole, failed: true},
		"and the first empty ones wait":            {unpacks: whole, late: map[int64]int{0: 2}, failed: true},
		"and the first small ones wait":            {unpacks: whole, late: map[int64]int{small: 2}, failed: true},
		"and one of each waits":                    {unpacks: whole, late: map[int64]int{0: 1, small: 1, large: 1}, failed: true},
		"kept, and the first large ones wait":      {unpacks: kept, late: map[int64]int{large: 2}},
		"bounded, and the first large ones wait":   {unpacks: bounded, late: map[int64]int{large: 2}},
		"the large ones wait, the small are taken": {unpacks: kept, late: map[int64]int{large: 2, small: 2}},
		"the large ones wait, the small are not":   {unpacks: kept, late: map[int64]int{large: 99}, refused: small},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			came := map[string]int{}
			a, b := newHostileApp(), box{refuse: func(f stored) string {
				holds := claimed(f.data)
				kind := fmt.Sprint(f.name, holds)
				mu.Lock()
				came[kind]++
				waits := came[kind] <= tc.late[holds]
				mu.Unlock()
				if waits {
					time.Sleep(wait)
				}
				if tc.refused > 0 && holds == tc.refused {
					return "not today"
				}
				if tc.unpacks > 0 {
					unzipped(f.data, tc.unpacks)
				}
				return ""
			}}
			b.serve(a)
			v := putHostile(t, "input/upload-bomb", hostileTrial(t, a))
			if tc.failed {
				v.wants(t, "POST /files")
			} else {
				v.wants(t)
			}
		})
	}
}

// claimed is how much the first entry of an archive holds by its index, -1 for a file
// that is none.
func claimed(b []byte) int64 {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) == 0 {
		return -1
	}
	return z.File[0].FileInfo().Size()
}

func TestOutgrows(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		plain, little, much int
		want                bool
	}{
		"unpacked to its end":       {5, 20, 185, true},
		"unpacked to a bound":       {5, 60, 65, false},
		"kept as it is":             {5, 5, 6, false},
		"one that waited":           {5, 5, 30, false},
		"both that waited":          {5, 205, 405, false},
		"quicker than an empty one": {50, 20, 30, false},
	} {
		ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
		if got := outgrows(ms(tc.plain), ms(tc.little), ms(tc.much)); got != tc.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// TestBombIsBounded: a bomb is small to send, and unpacks to no more than it says.
func TestBombIsBounded(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, small} {
		b, err := bombOf("notes.txt", size)
		if err != nil {
			t.Fatal(err)
		}
		if n := unzipped(b, 1<<30); n < int64(size) || n > int64(size)+500<<10 || len(b) > 500<<10 || len(b) < 390<<10 {
			t.Errorf("%d bytes unpack to %d, want %d: %.20s", len(b), n, size, base64.StdEncoding.EncodeToString(b[:12]))
		}
	}
}
