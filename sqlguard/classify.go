package sqlguard

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"reflect"
	"strconv"
	"strings"
)

// verdict is what a driver's error means.
type verdict struct {
	kind  error
	code  string
	retry bool
}

// classify says what err, from a database of this dialect, means. No driver is imported: the codes are found by methods
// and exported fields that the drivers have in common.
func classify(ctx context.Context, d Dialect, err error) verdict {
	if errors.Is(ctx.Err(), context.Canceled) {
		return verdict{kind: errCanceled}
	}
	v := verdict{kind: errStatement}
	switch d {
	case PostgreSQL:
		v = classifyPostgreSQL(err)
	case MySQL:
		v = classifyMySQL(err)
	case SQLite:
		v = classifySQLite(err)
	}
	if v.kind == errStatement && (ctx.Err() != nil || v.code == "" && unreachable(err)) {
		v.kind = ErrUnavailable
	}
	return v
}

// unreachable says whether err is one that drivers return when the connection cannot be made or was lost.
func unreachable(err error) bool {
	for _, target := range []error{
		driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.DeadlineExceeded, context.Canceled,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return found(err, func(e error) bool {
		switch e.Error() { // these have no type of their own
		case "sql: database is closed", "invalid connection", "conn closed":
			return true
		}
		return false
	})
}

// found walks the tree of errors that err wraps.
func found(err error, match func(error) bool) bool {
	if isNil(err) { // a method of a nil pointer may panic
		return false
	}
	if match(err) {
		return true
	}
	switch x := err.(type) {
	case interface{ Unwrap() error }:
		return found(x.Unwrap(), match)
	case interface{ Unwrap() []error }:
		for _, e := range x.Unwrap() {
			if found(e, match) {
				return true
			}
		}
	}
	return false
}

type sqlStater interface {
	error
	SQLState() string
}

// classifyPostgreSQL goes by the SQLSTATE (PostgreSQL, appendix A), which pgx and lib/pq give by a method.
func classifyPostgreSQL(err error) verdict {
	e, ok := errors.AsType[sqlStater](err)
	if !ok || len(e.SQLState()) != 5 {
		return verdict{kind: errStatement}
	}
	code := e.SQLState()
	v := verdict{kind: errStatement, code: code}
	switch code {
	case "23505", "23P01":
		v.kind = ErrConflict
	case "23503", "23001": // foreign key, ON DELETE RESTRICT
		v.kind = ErrReference
	case "23502", "23514": // NOT NULL, CHECK
		v.kind = ErrConstraint
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
		v.kind, v.retry = ErrUnavailable, true
	case "25006":
		v.kind = ErrReadOnly
	case "22001", "22003", "22007", "22008", "22021", "22P02", "22P03", "22P05":
		v.kind = ErrValue
	default:
		switch code[:2] {
		case "08", "28", "3D", "53", "57", "58": // connection, login, no database, resources, operator, system
			v.kind = ErrUnavailable
		}
	}
	return v
}

// classifyMySQL goes by the error number, a field of go-sql-driver's MySQLError.
func classifyMySQL(err error) verdict {
	var n uint64
	found(err, func(e error) bool {
		rv := reflect.Indirect(reflect.ValueOf(e))
		if rv.Kind() != reflect.Struct {
			return false
		}
		f := rv.FieldByName("Number")
		if f.Kind() == reflect.Uint16 {
			n = f.Uint()
		}
		return n != 0
	})
	if n == 0 {
		return verdict{kind: errStatement}
	}
	v := verdict{kind: errStatement, code: strconv.FormatUint(n, 10)}
	switch n {
	case 1062, 1169, 1586:
		v.kind = ErrConflict
	case 1216, 1217, 1451, 1452:
		v.kind = ErrReference
	case 1048, 1263, 1364, // NULL, NULL in one of many rows, nothing at all for a column that must have a value
		3819, 4025: // CHECK, of MySQL and of MariaDB
		v.kind = ErrConstraint
	case 1020, 1205, 1213: // record changed (MariaDB), lock wait timeout, deadlock
		v.kind, v.retry = ErrUnavailable, true
	case 1792:
		v.kind = ErrReadOnly
	case 1264, 1292, 1366, 1406: // out of range, wrong for the type, wrong text, too long
		v.kind = ErrValue
	case 1040, 1203, 1226, // too many connections, of a user, of another resource
		1045, 1049, // login refused, no database
		1053, 1077, 1079, 1927, // shutting down, connection killed
		1290, 1836, // the server is read-only
		1317, 1969, 3024: // interrupted, over its time
		v.kind = ErrUnavailable
	}
	return v
}

// classifySQLite goes by the extended result code (https://www.sqlite.org/rescode.html).
func classifySQLite(err error) verdict {
	code, ok := sqliteCode(err)
	if !ok {
		return verdict{kind: errStatement}
	}
	v := verdict{kind: errStatement, code: strconv.Itoa(code)}
	switch code {
	case 1555, 2067, 2579: // primary key, unique, row id
		v.kind = ErrConflict
		return v
	case 787: // foreign key
		v.kind = ErrReference
		return v
	case 275, 1299: // CHECK, NOT NULL
		v.kind = ErrConstraint
		return v
	case 1811: // a trigger, and ON DELETE RESTRICT, which SQLite makes a trigger of
		if strings.Contains(err.Error(), "FOREIGN KEY constraint failed") {
			v.kind = ErrReference
		}
		return v
	}
	switch code & 0xff {
	case 5, 6: // busy, locked
		v.kind, v.retry = ErrUnavailable, true
	case 8:
		v.kind = ErrReadOnly
	case 18: // too big
		v.kind = ErrValue
	case 7, 9, 10, 11, 13, 14, 26: // memory, interrupt, input or output, corrupt, full, cannot open, no database
		v.kind = ErrUnavailable
	}
	return v
}

// sqliteCode finds the code as modernc.org/sqlite (a method Code), mattn/go-sqlite3 (a field ExtendedCode) or
// ncruces/go-sqlite3 (a method ExtendedCode) give it.
func sqliteCode(err error) (code int, ok bool) {
	found(err, func(e error) bool {
		if c, has := e.(interface{ Code() int }); has {
			code, ok = c.Code(), true
			return true
		}
		rv := reflect.ValueOf(e)
		if f := reflect.Indirect(rv); f.Kind() == reflect.Struct && f.FieldByName("ExtendedCode").CanInt() {
			code, ok = int(f.FieldByName("ExtendedCode").Int()), true
			return true
		}
		if m := rv.MethodByName("ExtendedCode"); m.IsValid() && m.Type().NumIn() == 0 && m.Type().NumOut() == 1 {
			if c := m.Call(nil)[0]; c.CanUint() {
				code, ok = int(c.Uint()), true
				return true
			}
		}
		return false
	})
	return code, ok
}
