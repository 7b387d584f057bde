package throttle

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxFolded is how much of a name counts, in bytes: longer names are told apart by their beginning.
const maxFolded = 1024

// fold returns what names have in common that a table of users may take for the same. It goes further than NFKC_Casefold
// (Unicode Standard, section 3.13), because databases compare further: the default collation of MySQL ignores accents and
// invisible characters, others ignore spaces at the end. Names that are not the same, but fold alike, merely slow each other.
func fold(name string) string {
	if len(name) > maxFolded {
		name = name[:maxFolded]
	}
	var b strings.Builder
	b.Grow(len(name))
	if !isASCII(name) {
		name = norm.NFKD.String(name)
	}
	for _, r := range name {
		if !ignored(r) {
			foldRune(&b, r)
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// ignored says whether r is a control, space, accent or otherwise invisible. Marks of combining class zero are letters in some
// scripts.
func ignored(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.Me, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		norm.NFKD.PropertiesString(string(r)).CCC() != 0
}

// foldRune maps letters of either case to one. By way of the upper case it also meets those whose upper case is shared,
// such as the dotless i. The letters in the table have no decomposition in Unicode, but one in the collations of databases.
func foldRune(b *strings.Builder, r rune) {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		b.WriteByte(byte(r))
		return
	case r < 0x180 || r == 'ẞ':
		switch r {
		case 'ß', 'ẞ':
			b.WriteString("SS")
			return
		case 'Æ', 'æ':
			b.WriteString("AE")
			return
		case 'Œ', 'œ':
			b.WriteString("OE")
			return
		case 'Ø', 'ø':
			b.WriteByte('O')
			return
		case 'Ł', 'ł':
			b.WriteByte('L')
			return
		case 'Đ', 'đ':
			b.WriteByte('D')
			return
		}
	}
	r = unicode.ToUpper(r)
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		if !unicode.Is(unicode.Mn, next) { // U+0345 is both an accent and a small iota
			least = min(least, next)
		}
	}
	b.WriteRune(least)
}
