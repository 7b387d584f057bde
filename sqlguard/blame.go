package sqlguard

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// The databases describe a mistake in the text best themselves, but their words are not passed on, not even those of SQLSTATE
// class 42 ("syntax error or access rule violation"), which would seem to name only program text. PostgreSQL reports to_tsquery(?) and
// ?::regclass with 42601 and 42P01, SQLite an FTS5 query with its code 1, and all of them quote the value that was bound. So the code is put
// into our words, and of the database's only a name is taken that stands in the text of the statement itself.

// blames are the codes that mean a mistake in the text or a missing right.
var blames = map[Dialect]map[string]string{
	PostgreSQL: { // PostgreSQL, appendix A
		"42601": "syntax error", "42703": "no such column", "42P01": "no such table", "42883": "no such function or operator", "42704": "no such object",
		"42702": "ambiguous column", "42P02": "no such parameter", "42804": "types do not agree", "42P18": "the type of a parameter is not known: cast it",
		"42803": "a column is neither grouped nor aggregated", "42501": "no privilege",
	},
	MySQL: {
		"1064": "syntax error", "1054": "no such column", "1146": "no such table", "1305": "no such function or procedure", "1052": "ambiguous column",
		"1055": "a column is neither grouped nor aggregated", "1136": "columns and values differ in number",
		"1044": "no privilege", "1142": "no privilege", "1143": "no privilege", "1370": "no privilege",
	},
}

// blame says what in the text the database did not take, in our words, or "".
func blame(l label, code string, err error) string {
	var what, name string
	switch l.d {
	case PostgreSQL:
		if what = blames[l.d][code]; what != "" {
			name = postgresName(l, err)
		}
	case MySQL:
		if what = blames[l.d][code]; what != "" {
			name = mysqlName(l, err.Error())
		}
	case SQLite:
		if code == "1" { // SQLITE_ERROR, for all mistakes
			what, name = sqliteBlame(l, err.Error())
		}
	}
	if what != "" && name != "" {
		what += " at " + strconv.Quote(name)
	}
	return what
}

// postgresName goes by the place that pgx (an int32) and lib/pq (a string) give in a field Position. A driver that puts the values into the
// text itself counts differently, so the name must be in the message as well.
func postgresName(l label, err error) string {
	place := 0
	found(err, func(e error) bool {
		rv := reflect.Indirect(reflect.ValueOf(e))
		if rv.Kind() != reflect.Struct {
			return false
		}
		switch f := rv.FieldByName("Position"); f.Kind() {
		case reflect.Int32, reflect.Int:
			place = int(f.Int())
		case reflect.String:
			place, _ = strconv.Atoi(f.String())
		}
		return place != 0
	})
	message := strings.ToLower(err.Error())
	for _, name := range slices.Backward(l.at(place)) {
		if strings.Contains(message, strings.ToLower(name)) {
			return name
		}
	}
	return ""
}

// mysqlName goes by what the message has in quotes: a name, with its table or database before it, or the rest of the text from
// where it is wrong.
func mysqlName(l label, message string) string {
	_, quoted, _ := strings.Cut(message, "'")
	lx := lexer{d: MySQL, s: quoted}
	name := ""
	for {
		t := lx.next()
		if t.kind != kindWord {
			return l.shows(name)
		}
		name = quoted[t.start:t.end]
		if dot := lx.next(); quoted[dot.start:dot.end] != "." {
			return l.shows(name)
		}
	}
}

// sqliteBlames are how SQLite's messages begin. They are in English everywhere.
var sqliteBlames = []struct{ begins, what string }{
	{"no such column: ", "no such column"}, {"no such table: ", "no such table"}, {"no such function: ", "no such function"},
	{"ambiguous column name: ", "ambiguous column"}, {`near "`, "syntax error"}, {"incomplete input", "syntax error at the end"},
}

func sqliteBlame(l label, message string) (what, name string) {
	for _, b := range sqliteBlames {
		_, rest, ok := strings.Cut(message, b.begins)
		if !ok {
			continue
		}
		if end := strings.IndexAny(rest, `" `); end >= 0 {
			rest = rest[:end]
		}
		return b.what, l.shows(rest[strings.LastIndexByte(rest, '.')+1:])
	}
	return "", ""
}
