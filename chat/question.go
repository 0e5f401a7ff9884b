package chat

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"
)

// Question has an answer that stands nowhere in it: only who understood it can
// give it, so an echo is never mistaken for a reply.
type Question struct {
	Text string
	// Want is what a right answer holds, compared by Answered.
	Want string
	Op   Op
}

// Op is the work that a question asks for, easiest for small models first.
type Op uint8

const (
	Join     Op = iota // three parts in another order
	Initials           // the first letters of words of the spelling alphabet
	Multiply           // two numbers of three digits
)

var opNames = [...]string{"join", "initials", "multiply"}

func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return "op?"
}

// Ops lists every kind of question.
func Ops() []Op { return []Op{Join, Initials, Multiply} }

var spelling = [...]string{"Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima", "Mike",
	"November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "Xray", "Yankee", "Zulu"}

// Ask makes a question of the kind from the random source. Join and Initials
// carry at least 60 bits, so that a right answer by chance does not happen;
// Multiply carries 20 and only tells whether a model computes.
func (o Op) Ask(r *rand.Rand) Question {
	for {
		q := o.draw(r)
		if !holds(q.Text, q.Want) {
			return q
		}
	}
}

func (o Op) draw(r *rand.Rand) Question {
	switch o {
	case Initials:
		var words []string
		var want strings.Builder
		for range 14 {
			n := r.IntN(len(spelling))
			words = append(words, spelling[n])
			want.WriteByte(spelling[n][0])
		}
		return Question{"Write only the first letters of these words, in order, without spaces: " + strings.Join(words, " "), want.String(), o}
	case Multiply:
		a, b := 100+r.IntN(900), 100+r.IntN(900)
		return Question{fmt.Sprintf("What is %d * %d? Reply with the number only.", a, b), fmt.Sprint(a * b), o}
	}
	p := [3]string{word(r), word(r), word(r)}
	order := [...][3]int{{1, 0, 2}, {2, 0, 1}, {1, 2, 0}, {2, 1, 0}}[r.IntN(4)]
	how := joinWords[r.IntN(len(joinWords))]
	return Question{
		Text: fmt.Sprintf(how+": %s, %s, %s", order[0]+1, order[1]+1, order[2]+1, p[0], p[1], p[2]),
		Want: p[order[0]] + p[order[1]] + p[order[2]],
		Op:   o,
	}
}

// joinWords say one thing in several ways: an assistant that knows one wording
// must not pass for one that understands.
var joinWords = [...]string{
	"Join these parts in the order %d, %d, %d, without spaces, and reply with the result only",
	"Concatenate these three pieces, taking them in the order %d, %d, %d, with nothing between them",
	"Please combine the following strings into one word, in the order %d, %d, %d",
}

// word is five letters: 23 bits, and no word of a language.
func word(r *rand.Rand) string {
	const consonants = "bcdfghjkmnpqrstvwxz"
	var b strings.Builder
	for range 5 {
		b.WriteByte(consonants[r.IntN(len(consonants))])
	}
	return b.String()
}

// Answered reports whether a text gives the wanted answer, whatever stands
// around it or between its characters.
func (q Question) Answered(text string) bool { return strings.Contains(bare(text), bare(q.Want)) }

// bare folds what models add to a string that they were asked for: spaces,
// Markdown, quotes, invisible characters, upper case, separators of thousands.
func bare(s string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(s) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// holds reports whether the text gives the value away, plainly or in one of the
// usual codings: a reply that repeats the text must not count as an answer.
func holds(text, value string) bool {
	t, v := bare(text), bare(value)
	if strings.Contains(t, v) || strings.Contains(t, reversed(v)) {
		return true
	}
	for _, coded := range []string{
		hex.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte(value)), rot13(v),
	} {
		if strings.Contains(text, coded) || strings.Contains(t, bare(coded)) {
			return true
		}
	}
	return false
}

func reversed(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func rot13(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' {
			return 'a' + (c-'a'+13)%26
		}
		return c
	}, s)
}
