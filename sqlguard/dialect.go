package sqlguard

import "strconv"

// Dialect is the language of a database: how it quotes, comments and numbers its parameters. The zero Dialect is none.
type Dialect uint8

// The dialects. MySQL is MariaDB's as well.
const (
	PostgreSQL Dialect = iota + 1
	MySQL
	SQLite

	dialects = int(SQLite)
)

func (d Dialect) String() string {
	switch d {
	case PostgreSQL:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	case SQLite:
		return "SQLite"
	}
	return "Dialect(" + strconv.Itoa(int(d)) + ")"
}

func (d Dialect) known() bool { return d >= PostgreSQL && d <= SQLite }

// appendPlaceholder writes the placeholder of the nth value. The first hundred need no division.
func (d Dialect) appendPlaceholder(buf []byte, n int) []byte {
	switch {
	case d != PostgreSQL:
		return append(buf, '?')
	case n < 10:
		return append(buf, '$', '0'+byte(n))
	case n < 100:
		tens := byte(n) / 10
		return append(buf, '$', '0'+tens, '0'+byte(n)-10*tens)
	}
	return strconv.AppendInt(append(buf, '$'), int64(n), 10)
}

// appendNext writes the placeholder of the nth value, n > 1, behind another.
func (d Dialect) appendNext(buf []byte, n int) []byte {
	switch {
	case d != PostgreSQL:
		return append(buf, ", ?"...)
	case n >= 10 && n < 100:
		tens := byte(n) / 10
		return append(buf, ',', ' ', '$', '0'+tens, '0'+byte(n)-10*tens)
	}
	return d.appendPlaceholder(append(buf, ", "...), n)
}

// maxArgs is how many parameters a statement can have: the 16-bit counts of the PostgreSQL and MySQL protocols, and
// SQLITE_MAX_VARIABLE_NUMBER since SQLite 3.32.
func (d Dialect) maxArgs() int {
	if d == SQLite {
		return 32_766
	}
	return 65_535
}
