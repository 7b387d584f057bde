package rbac

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a policy file, in bytes. Casbin's own reader fails at lines of 64 KiB.
const (
	maxFile = 64 << 20
	maxLine = 16 << 10
)

// readCSV reads Casbin's CSV, as far as it has one meaning: no quoting, no comment behind a rule, no control or invisible
// character anywhere. What it accepts, Casbin reads in the same way.
func (d *draft) readCSV(file string, text []byte) {
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		d.faultAt(position{file, 1}, "begins with a byte order mark: save the file as plain UTF-8")
		return
	}
	for number := 1; len(text) > 0; number++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		at := position{file, number}
		if d.full(at) {
			return
		}
		d.readLine(at, bytes.TrimSuffix(line, []byte("\r")))
	}
}

func (d *draft) readLine(at position, raw []byte) {
	if len(raw) > maxLine {
		d.faultAt(at, "the line has more than %d bytes", maxLine)
		return
	}
	line := strings.Trim(string(raw), " \t")
	switch {
	case !utf8.ValidString(line):
		d.faultAt(at, "the line is not UTF-8")
	case strings.ContainsFunc(line, invisible): // in a comment too: what an editor shows must be what is read
		d.faultAt(at, "the line has a control or invisible character")
	case line == "" || line[0] == '#':
	default:
		d.readRule(at, line)
	}
}

func (d *draft) readRule(at position, line string) {
	fields := strings.Split(line, ",")
	for i, field := range fields {
		fields[i] = strings.TrimLeft(field, " \t")
	}
	d.add(at, fields)
}

func invisible(r rune) bool {
	return r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// plain says whether a value looks like what it is: valid UTF-8, printable, no space but U+0020, and nothing that a CSV reader
// treats specially.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) || r == ',' || r == '"' || r == '#'
	})
}
