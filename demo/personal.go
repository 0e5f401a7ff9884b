package demo

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

var (
	cardLike = regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`)
	ibanLike = regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b`)
)

// filtered masks the numbers by which people pay, before a model can tell them:
// what looks like one and has the right check digits, so that an order number
// stays what it is.
func (s *Server) filtered(text string) string {
	if s.flaws.Has("model/personal-data") {
		return text
	}
	text = cardLike.ReplaceAllStringFunc(text, func(n string) string {
		if !luhn(n) {
			return n
		}
		return "[card number]"
	})
	return ibanLike.ReplaceAllStringFunc(text, func(n string) string {
		if !iban(n) {
			return n
		}
		return "[account number]"
	})
}

// luhn checks the last digit (ISO/IEC 7812-1, annex B).
func luhn(number string) bool {
	sum, double := 0, false
	for i := len(number) - 1; i >= 0; i-- {
		d := int(number[i] - '0')
		if d < 0 || d > 9 {
			continue
		}
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0
}

// iban checks the two check digits (ISO 13616-1, 5).
func iban(number string) bool {
	n := strings.ReplaceAll(number, " ", "")
	if len(n) < 15 || len(n) > 34 {
		return false
	}
	var digits strings.Builder
	for _, c := range n[4:] + n[:4] {
		if c >= 'A' && c <= 'Z' {
			digits.WriteString(strconv.Itoa(int(c-'A') + 10))
			continue
		}
		digits.WriteRune(c)
	}
	v, ok := new(big.Int).SetString(digits.String(), 10)
	return ok && new(big.Int).Mod(v, big.NewInt(97)).Int64() == 1
}
