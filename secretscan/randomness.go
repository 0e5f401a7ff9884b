package secretscan

import "math"

// pairs holds how surprising each pair of letters is in what people write: in quarters
// of a bit, as digits of base64, for a to z, a digit and anything else, a row for
// each first letter. It was counted over 71 MB of Go, Python, JavaScript, documentation and
// configuration. Random letters are more surprising than words by three bits each,
// which entropy alone does not see in something as short as a key.
const pairs = "" +
	"hUPRiaSpVqdLQOtTpNQKVcfbcnfW" +
	"ObUdMhfmPTgLdiRcnUUbNmjmQmYM" +
	"OgZeNgdOWtPSahJcoTYMWhmseudP" +
	"SdaTIcggOklWecUdoVTaVeijbqbH" +
	"UeQQaWajefkTVOeXZLNOhabSctiK" +
	"NicbRNhlJrqQWgOdpUUWSmmpZrZK" +
	"WeXiKeaUQrmXZTQcoSRWVhjollgG" +
	"KkdbJglkPojbWbMepVZQRjjpdodL" +
	"WXQTUVStoqmRRHNVpVRNpXtawYlb" +
	"RccdIeeeYeYdceQbdfGcTdafefWT" +
	"OcZZHbVfOjjYbVZXiYQYWgZmilaJ" +
	"PedUJTelLojPhdOcsfVSSeipVkfM" +
	"KUfYIijkPpjaRfRMqiUWVknpgpgO" +
	"QkRPPWMlVpaddZReqfOKXYlvhrjK" +
	"ZXSPeXYoXlYTOJWSwKUTQXWkqrmS" +
	"MdcbLciaVtdPggNSoLXNSfnsXscP" +
	"decbcfcdcgeXbbfccXZaCgdgdfWO" +
	"QiYZJYYnMxcbXQPevSRSVbitXvkL" +
	"VkUgLhfUPveaehUUkgRJUkduVpgI" +
	"QiXeKbkQMunacgSXuNTWRjgiVrbJ" +
	"VSTaPWZtQtrORLfSuJQNoktjsnjd" +
	"HgdfFegkOmifchZckheggjgkkkTP" +
	"MdZaPbcSKjhZaSPajLSaefVgjlbM" +
	"SdRbOZifSmlbbcdJidbJggiXZlVJ" +
	"acZdZeYiXlkUWTbKmVMOfeXlkeaG" +
	"OdccEdccSefaZdVefbacedacYXRO" +
	"XXXYYXeececbbccaecYccaddeeFG" +
	"SUOSRSUYRfeUSTUQjOMQVXXgnkdT"

// symbol folds a byte to a row of pairs.
func symbol(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= '0' && c <= '9':
		return 26
	}
	return 27
}

// quarter is the value of a cell: a digit of base64 (RFC 4648).
func quarter(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	}
	return 63
}

// surprise is the mean number of bits that each byte of v tells after the one before
// it: about 3.5 for identifiers and prose, 5.5 and more for random letters.
func surprise(v string) float64 {
	if len(v) < 2 {
		return 0
	}
	sum := 0
	for i := 1; i < len(v); i++ {
		sum += quarter(pairs[symbol(v[i-1])*28+symbol(v[i])])
	}
	return float64(sum) / 4 / float64(len(v)-1)
}

// entropy is Shannon's, in bits a byte, of how often each byte stands in v.
func entropy(v string) float64 {
	if v == "" {
		return 0
	}
	var count [256]int
	for i := range len(v) {
		count[v[i]]++
	}
	sum := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(v))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// traits counts what tells a random text from a written one.
type traits struct {
	lower, upper, digits, others int
	turns                        int // changes between lower case, upper case and digits
	distinct                     int
	run                          int // longest run of one byte
}

func traitsOf(v string) traits {
	var t traits
	var seen [256]bool
	last, run := 0, 0
	for i := range len(v) {
		c := v[i]
		if !seen[c] {
			seen[c] = true
			t.distinct++
		}
		if i > 0 && v[i-1] == c {
			run++
		} else {
			run = 1
		}
		t.run = max(t.run, run)
		kind := 0
		switch {
		case c >= 'a' && c <= 'z':
			t.lower++
			kind = 1
		case c >= 'A' && c <= 'Z':
			t.upper++
			kind = 2
		case c >= '0' && c <= '9':
			t.digits++
			kind = 3
		default:
			t.others++
		}
		if kind != 0 && last != 0 && kind != last {
			t.turns++
		}
		if kind != 0 {
			last = kind
		}
	}
	return t
}

// isRandom reports whether v was made by a machine and not written by a person. Short
// values need more evidence for each byte than long ones.
func isRandom(v string) bool {
	n := len(v)
	if n < 12 {
		return false
	}
	t := traitsOf(v)
	if t.run > n/3 || t.distinct < 6 || t.distinct*6 < n && n < 64 {
		return false
	}
	if isHex(v) {
		// Decimal numbers are ids, times and amounts.
		return n >= 16 && t.lower+t.upper >= 2 && t.digits >= 2 && entropy(v) >= 2.7
	}
	letters := t.lower + t.upper
	if letters == 0 {
		return false
	}
	turns := float64(t.turns) / float64(n)
	score := surprise(v)
	switch {
	case t.digits == 0 && (t.lower == 0 || t.upper == 0):
		// One case and no digit: what is not a word is an abbreviation, mostly.
		return n >= 24 && score >= 5.6 && t.others*4 < n
	case t.digits == 0:
		return n >= 20 && turns >= 0.25 && score >= 5.0
	case n < 20:
		return score >= 5.0 && entropy(v) >= 2.8 && (turns >= 0.25 || score >= 5.8)
	}
	return score >= 4.7 && entropy(v) >= 3.0 && (turns >= 0.2 || score >= 5.4)
}

func isHex(v string) bool {
	for i := range len(v) {
		c := v[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return v != ""
}
