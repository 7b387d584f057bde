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

// maxArgs is how many parameters a statement can have: the 16-bit counts of the PostgreSQL and MySQL protocols, and
// SQLITE_MAX_VARIABLE_NUMBER since SQLite 3.32.
func (d Dialect) maxArgs() int {
	if d == SQLite {
		return 32_766
	}
	return 65_535
}
