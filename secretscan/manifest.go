package secretscan

import (
	"bytes"
	"encoding/base64"
)

// manifestView decodes the data of Kubernetes Secrets, whose values are base64 of any
// length, and the auth of Docker's config.json. What it has told is claimed: the encoded
// text is no secret of its own.
func (s *Scanner) manifestView(c *collector, d *document, data []byte, at place) []claim {
	if d.format != settings && d.format != unknown {
		return nil
	}
	docker := bytes.Contains(data, []byte(`"auths"`))
	if !docker && !isSecretManifest(data) {
		return nil
	}
	var claims []claim
	k := cursor{data: data, at: at}
	entry := func(name string, from, to int) {
		encoded := data[from:to]
		if len(encoded) < 8 || len(name) > longestName {
			return
		}
		plain, err := base64.StdEncoding.DecodeString(string(encoded))
		if err != nil || !isText(plain) {
			return
		}
		in := d.inside("base64 of "+name, "")
		in.format = environ
		text := append(append([]byte(name), '='), plain...)
		if docker {
			text = append([]byte("Authorization: Basic "), encoded...)
		}
		s.document(c, in, text, k.pin(from))
		claims = append(claims, claim{from, to})
	}
	if t := bytes.TrimLeft(data[:min(len(data), 512)], " \t\r\n\ufeff"); len(t) > 0 && t[0] == '{' {
		w := jsonWalk{data: data}
		w.leaf = func(from, to int, key, parent string, index int) {
			if index < 0 && (docker && key == "auth" || !docker && parent == "data") {
				entry(key, from, to)
			}
		}
		w.value("", "", -1, 0)
		return claims
	}
	inData, indent, offset := false, -1, 0
	for rest := data; len(rest) > 0 && !docker; {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		start := offset
		offset += len(text) + 1
		trimmed := bytes.TrimSpace(text)
		level := len(text) - len(bytes.TrimLeft(text, " \t"))
		key, value, ok := bytes.Cut(trimmed, []byte(":"))
		name := string(bytes.Trim(key, `"' -`))
		switch {
		case !ok || len(trimmed) == 0 || trimmed[0] == '#':
			continue
		case name == "data" && len(bytes.TrimSpace(value)) == 0:
			inData, indent = true, level
			continue
		case inData && level <= indent:
			inData = false
		}
		if !inData {
			continue
		}
		encoded := bytes.Trim(value, " \t\r\"'")
		if i := bytes.Index(text, encoded); i >= 0 && len(encoded) > 0 {
			entry(name, start+i, start+i+len(encoded))
		}
	}
	return claims
}

// isSecretManifest reports whether data declares a Kubernetes Secret.
func isSecretManifest(data []byte) bool {
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte("kind"))
		if i < 0 {
			return false
		}
		at += i + len("kind")
		v := bytes.TrimLeft(data[at:min(len(data), at+16)], `"': `)
		if bytes.HasPrefix(v, []byte("Secret")) && (len(v) == 6 || !isWord(v[6])) {
			return true
		}
	}
}
