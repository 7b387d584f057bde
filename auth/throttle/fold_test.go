package throttle_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"golang.org/x/text/unicode/norm"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

func TestVariantsFoldAlike(t *testing.T) {
	for name, variants := range map[string][]string{
		"case":             {"alice", "Alice", "ALICE"},
		"composition":      {"josé", "jose\u0301", "JOSÉ", "jose"},
		"compatibility":    {"office", "oﬃce", "ｏｆｆｉｃｅ", "𝕠𝕗𝕗𝕚𝕔𝕖", "ⓞⓕⓕⓘⓒⓔ"},
		"spaces":           {"alice smith", " alice  smith ", "alice\u00a0smith", "alicesmith", "alice\u3000smith\t\r\n"},
		"invisible":        {"alice", "al\u200bice", "a\u00adlice", "\ufefflice"[0:0] + "alice\ufeff", "alice\u2060", "\u202ealice", "ali\ufe0fce", "alice\x00", "ali\u034fce", "alic\u115fe"},
		"Turkish i":        {"github", "GITHUB", "gıthub", "GİTHUB"},
		"German s":         {"straße", "STRASSE", "STRAẞE", "ﬆrasse"},
		"Kelvin, Ångström": {"kå", "K\u030aA"[0:0] + "Kå", "KÅ", "ka"},
		"Greek sigma":      {"σοφος", "σοφοσ", "ΣΟΦΟΣ", "ΣΟΦΌΣ", "σοφός"},
		"Nordic, Slavic":   {"søren", "SOREN", "soren", "SØREN"},
		"ligatures":        {"ægir", "AEGIR", "ǽgir"},
		"bad UTF-8":        {"a\xff", "a\xfe", "a\ufffd"},
		"Korean":           {"한글", "한글"},
		"only spaces":      {"", " ", "\u200b\u200b"},
	} {
		for _, v := range variants {
			assert.Equal(t, throttle.Fold(variants[0]), throttle.Fold(v), "%s: %+q", name, v)
		}
	}
}

func TestDifferentNamesStayApart(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"alice", "alice1", "alice.", "al.ice", "alice@example.com", "alice@example.org", "bob", "аlice", "रवि", "रव", "сергей", "张伟", "张"} {
		folded := throttle.Fold(name)
		assert.NotContains(t, seen, folded, name)
		seen[folded] = name
	}
}

func TestEveryCharacterFoldsLikeItsOtherCases(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r == '\u0345' { // an accent, although it has an upper case, which is the iota
			continue
		}
		s := string(r)
		want := throttle.Fold(s)
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if got := throttle.Fold(string(other)); got != want && other != '\u0345' {
				t.Errorf("%U and %U: %+q and %+q", r, other, want, got)
			}
		}
		for form, v := range map[string]string{"upper": string(unicode.ToUpper(r)), "lower": string(unicode.ToLower(r)), "NFC": norm.NFC.String(s), "NFKD": norm.NFKD.String(s)} {
			if got := throttle.Fold(v); got != want {
				t.Errorf("%U in %s: %+q and %+q", r, form, want, got)
			}
		}
	}
}

func TestLongNamesCountByTheirBeginning(t *testing.T) {
	long := strings.Repeat("a", 1024)
	assert.Equal(t, throttle.Fold(long), throttle.Fold(long+"b"))
	assert.LessOrEqual(t, len(throttle.Fold(strings.Repeat("\ufdfa", 10_000))), 18*1024)
}
