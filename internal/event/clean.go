package event

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText is the longest text of an attribute, in bytes; what is longer is cut and ends in "…".
const MaxText = 256

// Clean returns s fit for a log: at most [MaxText] bytes of valid UTF-8, in which each control, format and
// line-separating character (among them those that reverse the direction of writing) is replaced by U+FFFD.
func Clean(s string) string {
	if len(s) <= MaxText && isClean(s) {
		return s
	}
	const ellipsis = "…"
	var b strings.Builder
	for _, r := range s {
		if !visible(r) {
			r = utf8.RuneError
		}
		if b.Len()+utf8.RuneLen(r) > MaxText-len(ellipsis) {
			b.WriteString(ellipsis)
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isClean(s string) bool {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return false
			}
		}
		if !visible(r) {
			return false
		}
	}
	return true
}

func visible(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f
	}
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// cleanAttr cleans key and value. Numbers, times and durations cannot carry text; everything else becomes clean text.
func cleanAttr(a slog.Attr) slog.Attr {
	a.Key = Clean(a.Key)
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Clean(a.Value.String()))
	case slog.KindAny:
		a.Value = slog.StringValue(Clean(fmt.Sprint(a.Value.Any())))
	case slog.KindGroup:
		group := a.Value.Group()
		cleaned := make([]slog.Attr, len(group))
		for i, g := range group {
			cleaned[i] = cleanAttr(g)
		}
		a.Value = slog.GroupValue(cleaned...)
	}
	return a
}
