package sqlguard

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strconv"
)

// The causes of an [*Error], for errors.Is.
var (
	// ErrSQL means that the program's SQL is at fault: an argument too few, a text that is not whole, a statement that
	// the method does not run. Its text says what to mend. Status 500.
	ErrSQL = errors.New("sqlguard: the SQL is faulty")
	// ErrScan means that the rows do not fit the Go type. Status 500.
	ErrScan = errors.New("sqlguard: the rows do not fit the Go type")
	// ErrChoice means that a client named what is not on offer. Status 400.
	ErrChoice = errors.New("sqlguard: the choice is not on offer")
	// ErrValue means that the database cannot hold a value, such as a text that is too long or has a NUL. Status 400.
	ErrValue = errors.New("sqlguard: the database cannot take a value")
	// ErrTooLarge means that a statement has more values, or bytes in them, than it may have. Status 413.
	ErrTooLarge = errors.New("sqlguard: the values are too large")
	// ErrNoRows means that [One] found nothing; [database/sql.ErrNoRows] is matched as well. Status 404.
	ErrNoRows = errors.New("sqlguard: no rows")
	// ErrTooManyRows means that [One] found a second row, or [All] more than Config.MaxRows. Status 500.
	ErrTooManyRows = errors.New("sqlguard: too many rows")
	// ErrConflict means that a unique or exclusion constraint refused a row. Status 409.
	ErrConflict = errors.New("sqlguard: the row conflicts with another")
	// ErrReference means that a foreign key refused a row: what it refers to does not exist, or others still refer to it. Status 409.
	ErrReference = errors.New("sqlguard: the row refers to one that does not exist, or others refer to it")
	// ErrConstraint means that a NOT NULL or CHECK constraint refused a row. Status 422.
	ErrConstraint = errors.New("sqlguard: the row breaks a constraint")
	// ErrReadOnly means that a statement in [DB.Read] tried to write. Status 500.
	ErrReadOnly = errors.New("sqlguard: the transaction is read-only")
	// ErrUnavailable means that the database is gone, too slow, or too busy: the request may succeed later. Status 503 with
	// Retry-After.
	ErrUnavailable = errors.New("sqlguard: the database is unavailable")

	// errCanceled is a caller that gave up, which says nothing about the database; errStatement is any other failure.
	errCanceled  = errors.New("sqlguard: canceled")
	errStatement = errors.New("sqlguard: the statement failed")
)

// retryAfter is the Retry-After of a 503, in seconds (RFC 9110, section 10.2.3).
const retryAfter = 5

// Error is what every function of this package returns when it fails, except for what a function passed to [DB.Read],
// [DB.Write] or [Each] returns. What it holds of the database's own words is behind Unwrap; they may quote values.
type Error struct {
	kind      error
	detail    string // for the log; no input
	code      string // the database's code
	statement label
	cause     error
	retry     bool // the transaction may be tried again
}

func newError(kind error, detail string) *Error { return &Error{kind: kind, detail: detail} }

func fault(detail string) *Error { return newError(ErrSQL, detail) }

// Error returns the text for the log: what failed, the database's code, and the statement by its fingerprint and its text, without
// literals and cut to 256 bytes. It is not for clients: see [Error.Public].
func (e *Error) Error() string {
	s := e.reason()
	if e.code != "" {
		s += " (code " + e.code + ")"
	}
	if e.statement.text == "" {
		return s
	}
	s += " [statement " + e.statement.fingerprint()
	if text := e.statement.excerpt(); text != "" {
		s += ": " + text
	}
	return s + "]"
}

// reason is what failed, without saying where.
func (e *Error) reason() string {
	if e.detail == "" {
		return e.kind.Error()
	}
	return e.kind.Error() + ": " + e.detail
}

// Code returns the SQLSTATE of PostgreSQL, the error number of MySQL or the extended result code of SQLite; empty if the
// database gave none.
func (e *Error) Code() string { return e.code }

// Fingerprint returns what names the statement in the events, in hex. It is empty if the error is about no statement.
func (e *Error) Fingerprint() string { return e.statement.fingerprint() }

// Unwrap returns the driver's error. Its text may quote values: keep it from logs that must not hold them.
func (e *Error) Unwrap() error { return e.cause }

// Is says whether target is the cause of e.
func (e *Error) Is(target error) bool {
	return target == e.kind ||
		e.kind == ErrNoRows && target == sql.ErrNoRows ||
		e.kind == errCanceled && target == context.Canceled
}

// HTTPStatus returns the status of the answer.
func (e *Error) HTTPStatus() int {
	switch e.kind {
	case ErrChoice, ErrValue:
		return http.StatusBadRequest
	case ErrNoRows:
		return http.StatusNotFound
	case ErrConflict, ErrReference:
		return http.StatusConflict
	case ErrConstraint:
		return http.StatusUnprocessableEntity
	case ErrTooLarge:
		return http.StatusRequestEntityTooLarge
	case ErrUnavailable, errCanceled:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Header returns Retry-After for a 503, and otherwise nil.
func (e *Error) Header() http.Header {
	if e.HTTPStatus() != http.StatusServiceUnavailable {
		return nil
	}
	return http.Header{"Retry-After": {strconv.Itoa(retryAfter)}}
}

// Public returns the text for the client.
func (e *Error) Public() string {
	switch e.HTTPStatus() {
	case http.StatusBadRequest:
		if e.kind == ErrValue {
			return "A value of the request cannot be stored or searched for."
		}
		return "A field or an order that the request names is not on offer."
	case http.StatusNotFound:
		return "There is no such record."
	case http.StatusConflict:
		if e.kind == ErrReference {
			return "The record refers to one that does not exist, or others refer to it."
		}
		return "The record conflicts with one that exists."
	case http.StatusUnprocessableEntity:
		return "The record lacks a value or has one that is not allowed."
	case http.StatusRequestEntityTooLarge:
		return "The request carries too many values or too much data."
	case http.StatusServiceUnavailable:
		return "The service is not available at the moment. Try again later."
	}
	return "The request could not be served."
}
