package password

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parts of context words, in code points and bytes: what is shorter is in too many passwords by chance.
const minWord, maxWord = 3, MaxPassword

// period returns the shortest text that, repeated, gives s; the last repetition may be cut off. It is s itself if there is
// none that comes twice at least.
func period(s string) string {
	// The borders of the prefixes, as in the algorithm of Knuth, Morris and Pratt.
	border := make([]int, len(s)+1)
	for i, k := 1, 0; i < len(s); i++ {
		for k > 0 && s[i] != s[k] {
			k = border[k]
		}
		if s[i] == s[k] {
			k++
		}
		border[i+1] = k
	}
	n := len(s) - border[len(s)] // s[n] is s[0], so no character is cut
	if 2*n > len(s) {
		return s
	}
	return s[:n]
}

// sequence says whether the characters of s count up or down by one; after nine comes zero, as on a keyboard.
func sequence(s string) bool {
	r := []rune(s)
	if len(r) < 3 {
		return false
	}
	for _, step := range []rune{1, -1} {
		if !slices.ContainsFunc(pairs(r), func(p [2]rune) bool { return !follows(p[0], p[1], step) }) {
			return true
		}
	}
	return false
}

func pairs(r []rune) [][2]rune {
	all := make([][2]rune, 0, len(r))
	for i := 1; i < len(r); i++ {
		all = append(all, [2]rune{r[i-1], r[i]})
	}
	return all
}

func follows(a, b, step rune) bool {
	if step < 0 {
		a, b = b, a
	}
	return b-a == 1 || a == '9' && b == '0'
}

// contextWords returns the words folded: whole, in their parts, which are runs of letters and digits, and the parts joined.
// The longest come first, so that no part is taken out of a whole.
func contextWords(words ...string) []string {
	var all []string
	for _, w := range words {
		if len(w) > maxWord {
			continue // no password holds it, and folding it would cost what a stranger likes
		}
		whole := fold(w)
		parts := strings.FieldsFunc(whole, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
		joined := strings.Join(parts, "")
		if utf8.RuneCountInString(joined) < minWord {
			continue
		}
		all = append(append(all, parts...), joined, whole)
	}
	all = slices.DeleteFunc(all, func(w string) bool { return utf8.RuneCountInString(w) < minWord })
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	return slices.Compact(all)
}

// onlyContext says whether nothing but digits and signs is left of s when the words are taken out: NIST's derivatives of
// context-specific words.
func onlyContext(s string, words []string) bool {
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	left := s
	for _, w := range words {
		left = strings.ReplaceAll(left, w, "\x00") // which is in no password, so that no word comes about by joining what is left
	}
	return left != s && !strings.ContainsFunc(left, unicode.IsLetter)
}
