package sqlguard

import (
	"strconv"
	"strings"
)

// maxColumn is the longest name of a column that is shown: what the servers allow.
const maxColumn = 64

// column names a column of the result by its place and, where that is a name of the program or its tables, by its name. What has no name
// of its own is called by its SQL, or by its value: MySQL names SELECT 'x' x, and a driver may have put the value there.
func (st *statement) column(i int, name string) string {
	s := "column " + strconv.Itoa(i+1)
	switch {
	case st.foreign, !isPlainName(name):
		return s
	case st.d == MySQL && len(st.args) > 0 && st.shows(name) == "":
		return s
	}
	return s + " " + strconv.Quote(name)
}

func isPlainName(s string) bool {
	if s == "" || len(s) > maxColumn || isDigit(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isName(s[i]) || s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// unfit says which column did not fit which field, if database/sql tells. The rest of its text may quote the value.
func (t *scanType) unfit(err error, columns []string, st statement) string {
	rest, _ := strings.CutPrefix(err.Error(), "sql: Scan error on column index ")
	index, _, _ := strings.Cut(rest, ",")
	i, e := strconv.Atoi(index)
	if e != nil || i < 0 || i >= len(columns) {
		return "a column does not fit " + t.typ.String()
	}
	where, typ := "", t.typ
	if n, ok := t.byName[columns[i]]; ok {
		where, typ = t.fields[n].name+", ", t.fields[n].typ
	}
	return st.column(i, columns[i]) + " does not fit " + where + typ.String() + ": a column that can be NULL needs a pointer or a sql.Null"
}
