package sqlguard_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/problem"
	. "github.com/sallyport-go/sallyport/sqlguard"
)

func TestNewReportsAllFaults(t *testing.T) {
	_, err := New(Config{Timeout: 2 * time.Hour, MaxRows: 2_000_000, MaxArgBytes: 1<<30 + 1})
	require.Error(t, err)
	for _, want := range []string{
		"sqlguard: Config.DB is nil: pass", "sqlguard: Config.Dialect Dialect(0) is unknown: use", "sqlguard: Config.Timeout 2h0m0s is more than 1h0m0s: use",
		"sqlguard: Config.MaxRows 2000000 is more than 1000000: use", "sqlguard: Config.MaxArgBytes 1073741825 is more than 1073741824: use",
	} {
		assert.Contains(t, err.Error(), want)
	}
}

func TestExec(t *testing.T) {
	db, f, _ := newDB(t, Config{Dialect: MySQL}, func(_ context.Context, _ string, args []driver.NamedValue) (*table, error) {
		assert.Equal(t, "O'Brien", args[0].Value)
		return nil, nil
	})
	res, err := db.Exec(t.Context(), Q("UPDATE t SET a = ?", "O'Brien"))
	require.NoError(t, err)
	assert.Equal(t, Result{RowsAffected: 1}, res)
	assert.Equal(t, []string{"UPDATE t SET a = ?"}, f.texts())
}

func TestNothingFaultyReachesTheDatabase(t *testing.T) {
	db, f, _ := newDB(t, Config{MaxArgBytes: 10}, nil)
	text := "12345678901"
	for name, c := range map[string]struct {
		q    SQL
		want error
	}{
		"fault":                  {Q("SELECT ?"), ErrSQL},
		"empty":                  {SQL{}, ErrSQL},
		"only a comment":         {Q("-- SELECT 1"), ErrSQL},
		"begin":                  {Q("BEGIN"), ErrSQL},
		"commit in a comment":    {Q("/* x */ commit"), ErrSQL},
		"rollback":               {Q("Rollback TO a"), ErrSQL},
		"savepoint":              {Q("SAVEPOINT a"), ErrSQL},
		"start":                  {Join(Space, Q("START"), Q("TRANSACTION")), ErrSQL},
		"too many bytes":         {Q("SELECT ?", text), ErrTooLarge},
		"together":               {Q("SELECT ?, ?", text[:6], []byte(text[:6])), ErrTooLarge},
		"behind a pointer":       {Q("SELECT ?", &text), ErrTooLarge},
		"behind a Valuer":        {Q("SELECT ?", sql.NullString{String: text, Valid: true}), ErrTooLarge},
		"of a type of one's own": {Q("SELECT ?", json.RawMessage(text)), ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := db.Exec(t.Context(), c.q)
			require.ErrorIs(t, err, c.want)
			_, err = All[int](t.Context(), db, c.q)
			require.ErrorIs(t, err, c.want)
		})
	}
	assert.Empty(t, f.texts())
	_, err := db.Exec(t.Context(), Q("SELECT ?, ?, ?", sql.NullString{String: text}, (*string)(nil), (*sql.NullString)(nil)))
	require.NoError(t, err)
}

func TestErrorsOfTheDatabases(t *testing.T) {
	badSyntax := errors.New("near")
	for name, c := range map[string]struct {
		d      Dialect
		err    error
		want   error
		status int
		code   string
	}{
		"unique":             {PostgreSQL, stateError("23505"), ErrConflict, 409, "23505"},
		"unique, wrapped":    {PostgreSQL, fmt.Errorf("x: %w", errors.Join(badSyntax, stateError("23505"))), ErrConflict, 409, "23505"},
		"foreign key":        {PostgreSQL, stateError("23503"), ErrReference, 409, "23503"},
		"restrict":           {PostgreSQL, stateError("23001"), ErrReference, 409, "23001"},
		"not null":           {PostgreSQL, stateError("23502"), ErrConstraint, 422, "23502"},
		"check":              {PostgreSQL, fmt.Errorf("x: %w", stateError("23514")), ErrConstraint, 422, "23514"},
		"integrity":          {PostgreSQL, stateError("23000"), nil, 500, "23000"},
		"syntax":             {PostgreSQL, stateError("42601"), nil, 500, "42601"},
		"NUL":                {PostgreSQL, stateError("22021"), ErrValue, 400, "22021"},
		"shutdown":           {PostgreSQL, stateError("57P01"), ErrUnavailable, 503, "57P01"},
		"connections":        {PostgreSQL, stateError("53300"), ErrUnavailable, 503, "53300"},
		"login":              {PostgreSQL, stateError("28P01"), ErrUnavailable, 503, "28P01"},
		"standby":            {PostgreSQL, stateError("25006"), ErrUnavailable, 503, "25006"},
		"serialization":      {PostgreSQL, stateError("40001"), ErrUnavailable, 503, "40001"},
		"end of file":        {PostgreSQL, io.ErrUnexpectedEOF, ErrUnavailable, 503, ""},
		"unknown":            {PostgreSQL, badSyntax, nil, 500, ""},
		"odd state":          {PostgreSQL, stateError(""), nil, 500, ""},
		"MySQL unique":       {MySQL, &numberError{Number: 1062}, ErrConflict, 409, "1062"},
		"MySQL no parent":    {MySQL, &numberError{Number: 1452}, ErrReference, 409, "1452"},
		"MySQL children":     {MySQL, &numberError{Number: 1451}, ErrReference, 409, "1451"},
		"MySQL NULL":         {MySQL, &numberError{Number: 1048}, ErrConstraint, 422, "1048"},
		"MySQL no default":   {MySQL, &numberError{Number: 1364}, ErrConstraint, 422, "1364"},
		"MySQL check":        {MySQL, &numberError{Number: 3819}, ErrConstraint, 422, "3819"},
		"MariaDB check":      {MySQL, &numberError{Number: 4025}, ErrConstraint, 422, "4025"},
		"MySQL deadlock":     {MySQL, &numberError{Number: 1213}, ErrUnavailable, 503, "1213"},
		"MySQL connections":  {MySQL, &numberError{Number: 1040}, ErrUnavailable, 503, "1040"},
		"MySQL too long":     {MySQL, fmt.Errorf("x: %w", &numberError{Number: 1406}), ErrValue, 400, "1406"},
		"MySQL syntax":       {MySQL, &numberError{Number: 1064}, nil, 500, "1064"},
		"MySQL nil":          {MySQL, nilNumberError{}, nil, 500, ""},
		"MySQL connection":   {MySQL, errors.New("invalid connection"), ErrUnavailable, 503, ""},
		"SQLite unique":      {SQLite, codeError(2067), ErrConflict, 409, "2067"},
		"SQLite primary key": {SQLite, mattnError{19, 1555}, ErrConflict, 409, "1555"},
		"SQLite unique too":  {SQLite, &ncrucesError{2067}, ErrConflict, 409, "2067"},
		"SQLite foreign key": {SQLite, codeError(787), ErrReference, 409, "787"},
		"SQLite restrict":    {SQLite, restrictError{}, ErrReference, 409, "1811"},
		"SQLite trigger":     {SQLite, codeError(1811), nil, 500, "1811"},
		"SQLite not null":    {SQLite, mattnError{19, 1299}, ErrConstraint, 422, "1299"},
		"SQLite check":       {SQLite, &ncrucesError{275}, ErrConstraint, 422, "275"},
		"SQLite busy":        {SQLite, codeError(261), ErrUnavailable, 503, "261"},
		"SQLite full":        {SQLite, codeError(13), ErrUnavailable, 503, "13"},
		"SQLite syntax":      {SQLite, codeError(1), nil, 500, "1"},
		"SQLite without":     {SQLite, badSyntax, nil, 500, ""},
		"another database's": {SQLite, stateError("23505"), nil, 500, ""},
		"closed":             {SQLite, errors.New("sql: database is closed"), ErrUnavailable, 503, ""},
	} {
		t.Run(name, func(t *testing.T) {
			db, _, log := newDB(t, Config{Dialect: c.d}, func(context.Context, string, []driver.NamedValue) (*table, error) { return nil, c.err })
			_, err := db.Exec(t.Context(), Q("INSERT INTO t VALUES (?)", "hunter2"))
			e, ok := errors.AsType[*Error](err)
			require.True(t, ok)
			if c.want != nil {
				assert.ErrorIs(t, err, c.want)
			}
			assert.ErrorIs(t, err, c.err, "the cause is kept")
			assert.Equal(t, c.status, e.HTTPStatus())
			assert.Equal(t, c.code, e.Code())
			assert.Len(t, e.Fingerprint(), 32)
			assert.Equal(t, c.status == 503, e.Header().Get("Retry-After") == "5")
			for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), e.Public(), log.String()} {
				for _, never := range []string{"hunter2", "driver text", "near"} {
					assert.NotContains(t, text, never)
				}
			}
			assert.Contains(t, err.Error(), "[statement "+e.Fingerprint()+": INSERT INTO t VALUES (?)]")
			assert.NotContains(t, e.Public(), "INSERT")
			switch {
			case c.want == ErrReference, c.want == ErrConstraint:
				assert.Contains(t, log.String(), `"level":"WARN","msg":"input_validation_fail"`)
				assert.Contains(t, log.String(), `"code":"`+c.code+`","statement":"`+e.Fingerprint()+`","sql":"INSERT INTO t VALUES (?)"`)
			case c.status == 503:
				assert.Contains(t, log.String(), `"event":"sys_availability_fail"`)
			case c.status == 500:
				assert.Contains(t, log.String(), `"event":"sys_statement_fail"`)
				assert.Contains(t, log.String(), `"code":"`+c.code+`","statement":"`+e.Fingerprint()+`","sql":"INSERT INTO t VALUES (?)"`)
			default:
				assert.Empty(t, log.String())
			}
		})
	}
}

// nilNumberError unwraps to a nil pointer, which must not be looked into.
type nilNumberError struct{}

func (nilNumberError) Error() string { return "driver text" }
func (nilNumberError) Unwrap() error { return (*numberError)(nil) }

func TestRefusalsAreProblems(t *testing.T) {
	_, choice := sortable.Pick("'; DROP TABLE t")
	db, _, _ := newDB(t, Config{}, func(context.Context, string, []driver.NamedValue) (*table, error) { return nil, driver.ErrBadConn })
	_, gone := db.Exec(t.Context(), Q("SELECT 1"))
	for err, status := range map[error]int{choice: 400, gone: 503} {
		w := httptest.NewRecorder()
		problem.Refuse(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), err, nil)
		assert.Equal(t, status, w.Code)
		assert.NotContains(t, w.Body.String(), "DROP")
	}
}

func TestTimeoutIsUnavailability(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _, log := newDB(t, Config{}, func(ctx context.Context, _ string, _ []driver.NamedValue) (*table, error) {
			<-ctx.Done()
			return nil, errors.New("interrupted")
		})
		start := time.Now()
		_, err := db.Exec(t.Context(), Q("SELECT 1"))
		assert.ErrorIs(t, err, ErrUnavailable)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.Contains(t, log.String(), "sys_availability_fail")
	})
}

func TestCallerThatGaveUpIsNoEvent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	db, _, log := newDB(t, Config{}, func(context.Context, string, []driver.NamedValue) (*table, error) {
		cancel()
		return nil, stateError("57014")
	})
	_, err := One[int](ctx, db, Q("SELECT 1"))
	assert.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, err, ErrUnavailable)
	assert.Empty(t, log.String())
}

func TestPing(t *testing.T) {
	var down error
	db, _, log := newDB(t, Config{}, func(context.Context, string, []driver.NamedValue) (*table, error) { return nil, down })
	require.NoError(t, db.Ping(t.Context()))
	down = errors.New("password of app is hunter2")
	assert.ErrorIs(t, db.Ping(t.Context()), ErrUnavailable)
	assert.NotContains(t, log.String(), "hunter2")
}

func TestConcurrentUse(t *testing.T) {
	db, _, _ := newDB(t, Config{}, func(_ context.Context, text string, _ []driver.NamedValue) (*table, error) {
		if strings.HasPrefix(text, "INSERT") {
			return nil, stateError("42601")
		}
		return &table{columns: []string{"id", "title"}, rows: [][]driver.Value{{int64(1), "x"}}}, nil
	})
	type note struct {
		ID    int    `db:"id"`
		Title string `db:"title"`
	}
	shared := And(Q("a = ?", 1), In("b", []int{1, 2}))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				notes, err := All[note](t.Context(), db, Q("SELECT id, title FROM n ?", Where(shared, Contains("c", fmt.Sprint(i, j)))))
				assert.NoError(t, err)
				assert.Equal(t, []note{{1, "x"}}, notes)
				_, err = db.Exec(t.Context(), Q("INSERT INTO n VALUES (?)", j))
				assert.Error(t, err)
				assert.NoError(t, db.Read(t.Context(), func(tx *Tx) error {
					_, err := One[note](t.Context(), tx, Q("SELECT id, title FROM n"))
					return err
				}))
			}
		})
	}
	wg.Wait()
}
