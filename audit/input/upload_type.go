package input

import (
	"context"

	lr "github.com/launchready/launchready"
)

func uploadType() *lr.Check {
	return &lr.Check{
		ID:       "input/upload-type",
		Title:    "A file's type is judged by its content",
		Why:      "A list of allowed types that believes the name or the header keeps nobody out: a program that calls itself a picture is stored, and handed to the next user.",
		Fix:      "Look at the first bytes of each file and compare them with the type that is claimed; refuse what does not fit.",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "434"}, {Source: "ASVS", ID: "v5.0.0-5.2.2"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDrop(ctx, t, func(ctx context.Context, d *drop, n *tries) (*hit, string, error) { return believes(ctx, t, d, n) })
		},
	}
}

// programs are the beginnings of files that run, with what honestly names them.
var programs = []struct{ name, media, head string }{
	{"setup.exe", "application/x-msdownload", "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"},
	{"setup.bin", "application/x-executable", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00>\x00"},
}

// believes uploads a program under its own name, and where that is refused as a
// picture: taken, and given back byte for byte, the claim alone was judged.
func believes(ctx context.Context, t *lr.Trial, d *drop, n *tries) (*hit, string, error) {
	refused := false
	for _, p := range programs {
		data := []byte(p.head + word(t))
		x, err := d.put(ctx, t, n, lr.File{Name: p.name, Type: p.media, Data: data}, "a program under its own name")
		if err != nil {
			return nil, "", err
		}
		if x.OK() || busy(x) || x.Status >= 500 {
			continue
		}
		refused = true
		for _, as := range []lr.File{{Name: "photo.png", Type: "image/png", Data: data}, {Name: "notes.txt", Type: "text/plain", Data: data}} {
			y, err := d.put(ctx, t, n, as, "the same program as "+as.Name)
			if err != nil {
				return nil, "", err
			}
			if !y.OK() {
				continue
			}
			back, err := d.served(ctx, t, y)
			if err != nil {
				return nil, "", err
			}
			if z := bytesOf(back, data); z != nil {
				return &hit{xs: []*lr.Exchange{x, y, z}, witness: []string{string(data[len(p.head):])}, say: "a program is refused under its own name and taken as " + as.Name + ": the type is believed, not looked at"}, "", nil
			}
		}
	}
	if !refused {
		return nil, "", nil
	}
	return nil, "a program is refused also when it claims to be a picture or a text", nil
}
