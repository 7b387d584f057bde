package totp_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/totp"
)

// table is the rows of an application.
type table struct {
	mu    sync.Mutex
	rows  map[string]map[totp.RecoveryHash]bool
	asked int
}

func (r *table) Take(_ context.Context, subject string, hash totp.RecoveryHash) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	found := r.rows[subject][hash]
	delete(r.rows[subject], hash)
	return found, nil
}

func newRecovery(t *testing.T, subjects ...string) (*totp.Codes, *table, [][]totp.RecoveryCode) {
	t.Helper()
	rows := &table{rows: map[string]map[totp.RecoveryHash]bool{}}
	codes := newCodes(t, totp.Config{Recovery: rows})
	var all [][]totp.RecoveryCode
	for _, subject := range subjects {
		made, hashes, err := codes.NewRecoveryCodes(subject)
		require.NoError(t, err)
		require.Len(t, made, 10)
		require.Len(t, hashes, 10)
		rows.rows[subject] = map[totp.RecoveryHash]bool{}
		for _, h := range hashes {
			rows.rows[subject][h] = true
		}
		all = append(all, made)
	}
	return codes, rows, all
}

func TestRecoveryCodesWorkOnceEach(t *testing.T) {
	codes, _, made := newRecovery(t, "alice")
	for _, c := range made[0] {
		assert.Regexp(t, regexp.MustCompile(`^([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$`), c.Reveal())
		assert.NoError(t, codes.Recover(t.Context(), "alice", c.Reveal()))
		assert.ErrorIs(t, codes.Recover(t.Context(), "alice", c.Reveal()), totp.ErrCode)
	}
}

func TestRecoveryCodeAsPeopleTypeIt(t *testing.T) {
	misread := strings.NewReplacer("0", "O", "1", "l")
	for _, form := range []func(string) string{
		strings.ToUpper,
		func(c string) string { return strings.ReplaceAll(c, "-", "") },
		func(c string) string { return " " + strings.ReplaceAll(c, "-", " ") + " " },
		func(c string) string { return misread.Replace(c) },
		func(c string) string { return strings.ReplaceAll(c, "1", "I") },
	} {
		codes, _, made := newRecovery(t, "alice")
		for _, c := range made[0] {
			assert.NoError(t, codes.Recover(t.Context(), "alice", form(c.Reveal())), "a form of a code")
		}
	}
}

func TestAttackRecoveryCodeOfAnotherUser(t *testing.T) {
	codes, rows, made := newRecovery(t, "alice", "mallory")
	assert.ErrorIs(t, codes.Recover(t.Context(), "alice", made[1][0].Reveal()), totp.ErrCode)
	for h := range rows.rows["mallory"] { // the row, too, is worth nothing in another place
		rows.rows["alice"][h] = true
	}
	for _, c := range made[1] {
		assert.ErrorIs(t, codes.Recover(t.Context(), "alice", c.Reveal()), totp.ErrCode)
	}
}

func TestAttackOfAHundredParallelRecoveriesOneWins(t *testing.T) {
	codes, _, made := newRecovery(t, "alice")
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if codes.Recover(t.Context(), "alice", made[0][0].Reveal()) == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, int64(1), won.Load())
}

func TestAttackTextsThatAreNoRecoveryCodesDoNotReachTheStore(t *testing.T) {
	codes, rows, made := newRecovery(t, "alice")
	right := made[0][0].Reveal()
	for _, code := range []string{"", "-", right[1:], right + "0", right[:28] + "\n", "u" + right[1:],
		right + "\x00", strings.Repeat("-", 1<<20), strings.Repeat("0", 1<<20), right + strings.Repeat(" ", 60)} {
		assert.ErrorIs(t, codes.Recover(t.Context(), "alice", code), totp.ErrCode, "%.40q", code)
	}
	assert.Zero(t, rows.asked)
	assert.Error(t, codes.Recover(t.Context(), "", right))
	_, _, err := codes.NewRecoveryCodes("")
	assert.Error(t, err)
}

func TestRecoveryStoreDownIs503(t *testing.T) {
	gone := errors.New("gone")
	codes := newCodes(t, totp.Config{Recovery: totp.RecoveryFunc(func(context.Context, string, totp.RecoveryHash) (bool, error) { return false, gone })})
	made, _, err := codes.NewRecoveryCodes("alice")
	require.NoError(t, err)
	err = codes.Recover(t.Context(), "alice", made[0].Reveal())
	assert.ErrorIs(t, err, totp.ErrUnavailable)
	assert.ErrorIs(t, err, gone)
	var e *totp.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 503, e.HTTPStatus())
}
