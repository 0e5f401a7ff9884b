package screen

import (
	"regexp"
	"strings"
)

// Personal says which numbers of persons are taken out. Addresses of e-mail are the
// secrets' filter's.
type Personal struct {
	Cards    bool // payment cards: 13 to 19 digits with a right check digit (ISO/IEC 7812-1, annex B)
	Accounts bool // IBANs with right check digits (ISO 13616-1)
	Phones   bool // numbers in international form, as +49 30 1234567 (E.164)
}

// Marks stand where a number was.
const (
	cardMark    = "[card]"
	accountMark = "[account]"
	phoneMark   = "[phone]"
)

var (
	cardShape    = regexp.MustCompile(`[0-9](?:[ -]?[0-9]){12,18}`)
	accountShape = regexp.MustCompile(`[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}`)
	phoneShape   = regexp.MustCompile(`\+[1-9](?:[ ()./-]{0,2}[0-9]){7,14}`)
)

func (p Personal) any() bool { return p.Cards || p.Accounts || p.Phones }

// text replaces what p names.
func (p Personal) text(s string) string {
	if p.Accounts {
		s = replace(accountShape, s, accountMark, accountLength)
	}
	if p.Cards {
		s = replace(cardShape, s, cardMark, cardLength)
	}
	if p.Phones && strings.IndexByte(s, '+') >= 0 {
		s = replace(phoneShape, s, phoneMark, func(m string) int { return len(m) })
	}
	return s
}

// replace puts the mark over the part of each match that length tells to be the
// number, where it stands alone: a run of more digits or letters is something else.
func replace(re *regexp.Regexp, s, mark string, length func(string) int) string {
	at := 0
	var b strings.Builder
	for i := 0; i < len(s); {
		m := re.FindStringIndex(s[i:])
		if m == nil {
			break
		}
		from, to := i+m[0], i+m[1]
		n := 0
		if from == 0 || !wordly(s[from-1]) {
			n = length(s[from:to])
		}
		if n == 0 || from+n < len(s) && wordly(s[from+n]) {
			i = from + 1
			for i < len(s) && wordly(s[i]) && wordly(s[i-1]) { // past this word
				i++
			}
			continue
		}
		b.WriteString(s[at:from])
		b.WriteString(mark)
		at, i = from+n, from+n
	}
	if at == 0 {
		return s
	}
	b.WriteString(s[at:])
	return b.String()
}

func wordly(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// cardLength is how much of s is a card's number: the most digits that fit.
func cardLength(s string) int {
	for end := len(s); end > 0; end-- {
		digits, sum := 0, 0
		for i := end - 1; i >= 0; i-- {
			if s[i] < '0' || s[i] > '9' {
				continue
			}
			d := int(s[i] - '0')
			if digits%2 == 1 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum += d
			digits++
		}
		if digits < 13 {
			return 0
		}
		if sum%10 == 0 && s[end-1] >= '0' && (end == len(s) || !wordly(s[end])) && strings.Trim(s[:end], "0 -") != "" {
			return end
		}
	}
	return 0
}

// accountLength is how much of s is an account's number: words behind it may look
// like a part of it.
func accountLength(s string) int {
	for end := len(s); end > 14; end-- {
		if s[end-1] == ' ' || end < len(s) && s[end] != ' ' {
			continue
		}
		if plain := strings.ReplaceAll(s[:end], " ", ""); len(plain) >= 15 && len(plain) <= 34 && mod97(plain[4:]+plain[:4]) == 1 {
			return end
		}
	}
	return 0
}

func mod97(s string) int {
	rest := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		default:
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest
}

// group reports a word that may be a part of a number in groups, with more behind it.
func group(word []byte) bool {
	digit := false
	for _, c := range word {
		switch {
		case c >= '0' && c <= '9':
			digit = true
		case c >= 'A' && c <= 'Z' || c == '+' || c == '-' || c == '(' || c == ')' || c == '.' || c == '/':
		default:
			return false
		}
	}
	return digit
}
