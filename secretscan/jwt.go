package secretscan

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// claims are the fields of a token's payload that tell what it is.
type claims struct {
	Issuer   any    `json:"iss"`
	Subject  any    `json:"sub"`
	Name     any    `json:"name"`
	Role     string `json:"role"`
	Expires  any    `json:"exp"`
	Audience any    `json:"aud"`
}

func isBase64URL(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' || c == '_' }

// jwtAt returns the end of the compact token (RFC 7519) that begins at data[at], or -1.
func jwtAt(data []byte, at int) int {
	end, dots, last := at, 0, at
	for end < len(data) && (isBase64URL(data[end]) || data[end] == '.') {
		if data[end] == '.' {
			if end == last {
				return -1
			}
			dots++
			last = end + 1
			if dots == 3 {
				break // the end of a sentence, or an encrypted token
			}
		}
		end++
	}
	if dots < 2 || end-last < 16 && dots == 2 {
		return -1
	}
	return end
}

// judgeJWT reads a token: what it is for and until when decides, not its form.
func judgeJWT(c *candidate, d *document, now time.Time) bool {
	parts := strings.Split(c.value, ".")
	if len(parts) < 3 {
		return false
	}
	var head struct {
		Algorithm any `json:"alg"`
		Encrypted any `json:"enc"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || json.Unmarshal(raw, &head) != nil || head.Algorithm == nil {
		return false
	}
	c.prefix, c.random = 3, true
	var p claims
	raw, err = base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &p) != nil {
		if head.Encrypted != nil && d.test {
			c.verdict, c.reason = Test, reasonTested
			return true
		}
		if head.Encrypted != nil {
			c.verdict, c.reason = Secret, "it is an encrypted token"
			return true
		}
		return false
	}
	issuer, _ := p.Issuer.(string)
	subject, _ := p.Subject.(string)
	name, _ := p.Name.(string)
	expires, _ := p.Expires.(float64)
	if expires > 0 {
		c.until = time.Unix(int64(expires), 0)
	}
	switch {
	case p.Role == "anon" || p.Role == "anonymous" || p.Role == "public":
		c.verdict, c.reason = Public, "it is a token of the role "+p.Role+", which every visitor has"
	case subject == "1234567890" || name == "John Doe" || strings.Contains(issuer, "example."):
		c.verdict, c.reason = Placeholder, "it is the token of a tutorial"
	case isMadeUp(parts[len(parts)-1]):
		c.verdict, c.reason = Placeholder, "its signature was made up"
	case expires > 0 && time.Unix(int64(expires), 0).Before(now):
		c.verdict, c.reason = ranOut(time.Unix(int64(expires), 0))
	case p.Role == "service_role":
		c.verdict, c.reason = Secret, "it is a token of the role service_role, which passes all row level security"
	case d.test:
		c.verdict, c.reason = Test, reasonTested
	case expires > 0:
		c.verdict, c.reason = Secret, "it is a token that is valid until "+time.Unix(int64(expires), 0).UTC().Format(time.DateOnly)
	default:
		c.verdict, c.reason = Secret, "it is a token that never runs out"
	}
	return true
}

func ranOut(at time.Time) (Verdict, string) {
	return Expired, "it ran out on " + at.UTC().Format(time.DateOnly)
}
