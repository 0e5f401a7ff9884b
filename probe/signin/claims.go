package signin

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// claims reads the payload of a JWT without verifying it: it tells whom the
// application thinks it signed in, nothing more. nil when s is no JWT.
func claims(s string) map[string]any {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || len(s) > 64<<10 {
		return nil
	}
	head, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[0], "="))
	if err != nil || !json.Valid(head) {
		return nil
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var out map[string]any
	if d.Decode(&out) != nil {
		return nil
	}
	return out
}

// claimedExpiry is the exp claim (RFC 7519, 4.1.4).
func claimedExpiry(c map[string]any, now time.Time) time.Time {
	return expiry(scalar(c["exp"]), now)
}
