package secretscan

import (
	"bytes"
	"encoding/base64"
)

// manifestView decodes the data of Kubernetes Secrets, whose values are base64 of any
// length, and the auth of Docker's config.json.
func (s *Scanner) manifestView(c *collector, d *document, data []byte, at place, b *buffers) {
	if d.format != settings && d.format != unknown {
		return
	}
	docker := bytes.Contains(data, []byte(`"auths"`))
	if !docker && !isSecretManifest(data) {
		return
	}
	inData, indent := docker, -1
	line := at.line
	for rest := data; len(rest) > 0; line++ {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		trimmed := bytes.TrimSpace(text)
		level := len(text) - len(bytes.TrimLeft(text, " \t"))
		key, value, ok := bytes.Cut(trimmed, []byte(":"))
		name := string(bytes.Trim(key, `"' -`))
		switch {
		case !ok || len(trimmed) == 0 || trimmed[0] == '#':
			continue
		case name == "data" && len(bytes.Trim(value, " {")) == 0:
			inData, indent = true, level
			continue
		case inData && !docker && level <= indent && indent >= 0:
			inData = false
		}
		if !inData {
			continue
		}
		encoded := string(bytes.Trim(value, " \t\r\"',}"))
		if docker && name != "auth" || len(encoded) < 8 || len(name) > longestName {
			continue
		}
		plain, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || !isText(plain) {
			continue
		}
		p := at
		if !at.fixed {
			p = place{line: line, column: level, fixed: true}
		}
		in := d.inside("base64 of "+name, "")
		in.format = environ
		if docker {
			in.depth = deepest
			s.document(c, in, append([]byte("Authorization: Basic "), encoded...), p, b)
			continue
		}
		s.document(c, in, append(append([]byte(name), '='), plain...), p, b)
	}
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
