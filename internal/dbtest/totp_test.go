package dbtest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/totp"
)

// totpCase is the table of an application, and the statements that the documentation of StepsFunc and RecoveryFunc gives.
type totpCase struct {
	open                func(testing.TB) *sql.DB
	tables              []string
	use, take, add, put string
}

var totpCases = map[string]totpCase{
	"sqlite": {openSQLite, []string{
		`CREATE TABLE users (id TEXT NOT NULL PRIMARY KEY, totp_step BIGINT NOT NULL DEFAULT 0)`,
		`CREATE TABLE recovery_codes (user_id TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (user_id, hash))`,
	}, `UPDATE users SET totp_step = ? WHERE id = ? AND totp_step < ?`, `DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?`,
		`INSERT INTO users (id) VALUES (?)`, `INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)`},
	"postgres": {openPostgres, []string{
		`CREATE TABLE users (id TEXT NOT NULL PRIMARY KEY, totp_step BIGINT NOT NULL DEFAULT 0)`,
		`CREATE TABLE recovery_codes (user_id TEXT NOT NULL, hash BYTEA NOT NULL, PRIMARY KEY (user_id, hash))`,
	}, `UPDATE users SET totp_step = $1 WHERE id = $2 AND totp_step < $3`, `DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2`,
		`INSERT INTO users (id) VALUES ($1)`, `INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)`},
	"mysql": {openMySQL, []string{
		`CREATE TABLE users (id VARBINARY(255) NOT NULL PRIMARY KEY, totp_step BIGINT NOT NULL DEFAULT 0)`,
		`CREATE TABLE recovery_codes (user_id VARBINARY(255) NOT NULL, hash BINARY(32) NOT NULL, PRIMARY KEY (user_id, hash))`,
	}, `UPDATE users SET totp_step = ? WHERE id = ? AND totp_step < ?`, `DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?`,
		`INSERT INTO users (id) VALUES (?)`, `INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)`},
}

func eachTOTP(t *testing.T, test func(t *testing.T, c totpCase, db *sql.DB, nodes []*totp.Codes)) {
	for name, c := range totpCases {
		t.Run(name, func(t *testing.T) {
			db := c.open(t)
			for _, statement := range c.tables {
				_, err := db.ExecContext(t.Context(), statement)
				require.NoError(t, err)
			}
			for _, user := range []string{"alice", "bob"} {
				_, err := db.ExecContext(t.Context(), c.add, user)
				require.NoError(t, err)
			}
			test(t, c, db, []*totp.Codes{c.codes(t, db), c.codes(t, db)})
		})
	}
}

func (c totpCase) codes(t *testing.T, db *sql.DB) *totp.Codes {
	t.Helper()
	changed := func(ctx context.Context, statement string, args ...any) (bool, error) {
		res, err := db.ExecContext(ctx, statement, args...)
		if err != nil {
			return false, err
		}
		n, err := res.RowsAffected()
		return n == 1, err
	}
	codes, err := totp.New(totp.Config{
		Issuer: "Acme", Drift: 2, Logger: slog.New(slog.DiscardHandler),
		Steps: totp.StepsFunc(func(ctx context.Context, subject string, step int64, _ time.Time) (bool, error) {
			return changed(ctx, c.use, step, subject, step)
		}),
		Recovery: totp.RecoveryFunc(func(ctx context.Context, subject string, hash totp.RecoveryHash) (bool, error) {
			return changed(ctx, c.take, subject, hash[:])
		}),
	})
	require.NoError(t, err)
	return codes
}

func TestTOTPOnADatabaseOneOfAHundredUsesWins(t *testing.T) {
	eachTOTP(t, func(t *testing.T, _ totpCase, _ *sql.DB, nodes []*totp.Codes) {
		s := nodes[0].NewSecret()
		code := totpCode(t, s, 1)
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				err := nodes[i%2].Verify(t.Context(), "alice", s, code)
				if err == nil {
					won.Add(1)
					return
				}
				assert.ErrorIs(t, err, totp.ErrUsed)
			})
		}
		wg.Wait()
		assert.Equal(t, int64(1), won.Load())
		assert.ErrorIs(t, nodes[1].Verify(t.Context(), "alice", s, totpCode(t, s, 0)), totp.ErrUsed, "an older one")
		assert.NoError(t, nodes[1].Verify(t.Context(), "bob", s, totpCode(t, s, 1)), "another user")
		assert.ErrorIs(t, nodes[1].Verify(t.Context(), "nobody", s, totpCode(t, s, 1)), totp.ErrUsed, "without a row nothing passes")
	})
}

func TestTOTPRecoveryOnADatabaseOneOfAHundredUsesWins(t *testing.T) {
	eachTOTP(t, func(t *testing.T, c totpCase, db *sql.DB, nodes []*totp.Codes) {
		made, hashes, err := nodes[0].NewRecoveryCodes("alice")
		require.NoError(t, err)
		for _, hash := range hashes {
			_, err := db.ExecContext(t.Context(), c.put, "alice", hash[:])
			require.NoError(t, err)
		}
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				err := nodes[i%2].Recover(t.Context(), "alice", made[0].Reveal())
				if err == nil {
					won.Add(1)
					return
				}
				assert.ErrorIs(t, err, totp.ErrCode)
			})
		}
		wg.Wait()
		assert.Equal(t, int64(1), won.Load())
		assert.ErrorIs(t, nodes[0].Recover(t.Context(), "bob", made[1].Reveal()), totp.ErrCode)
		assert.NoError(t, nodes[0].Recover(t.Context(), "alice", made[1].Reveal()))
	})
}

func TestTOTPOnADatabaseThatIsGoneIs503(t *testing.T) {
	eachTOTP(t, func(t *testing.T, _ totpCase, db *sql.DB, nodes []*totp.Codes) {
		require.NoError(t, db.Close())
		s := nodes[0].NewSecret()
		assert.ErrorIs(t, nodes[0].Verify(t.Context(), "alice", s, totpCode(t, s, 0)), totp.ErrUnavailable)
	})
}

// totpCode is the user's app: RFC 4226, section 5.3, written a second time.
func totpCode(t *testing.T, s totp.Secret, after int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(s.Reveal())
	require.NoError(t, err)
	mac := hmac.New(sha1.New, key)
	require.NoError(t, binary.Write(mac, binary.BigEndian, time.Now().Unix()/30+after))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff)%1000000)
}
