package password_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

// counting is a key of n bytes that is not one byte repeated.
func counting(n int, from byte) []byte {
	key := make([]byte, n)
	for i := range key {
		key[i] = from + byte(i)
	}
	return key
}

// m = base64.b64encode(hmac.new(bytes(range(32)), P, 'sha384').digest());
// argon2.low_level.hash_secret(m, b'sixteen byte sal', 2, 19456, 1, 32, Type.ID) (argon2-cffi 21.1), and the keyid added.
const peppered = "$argon2id$v=19$m=19456,t=2,p=1,keyid=MjAyNi0xMQ$c2l4dGVlbiBieXRlIHNhbA$MF05jKJ+PJ++7T7VJsf69aJ8DrnJ2u3bh8woXWSRydU"

func TestPepperIsHMACThenBase64ThenArgon2id(t *testing.T) {
	h := newHasher(t, password.Config{Peppers: []password.Pepper{password.NewPepper("2026-11", counting(32, 0))}})
	res, err := h.Verify(t.Context(), staple, peppered)
	require.NoError(t, err)
	assert.Equal(t, password.Result{OK: true}, res)
	again, _, _, ok := password.Reencode(peppered)
	require.True(t, ok)
	assert.Equal(t, peppered, again)
}

func TestPepperIsNamedByTheHash(t *testing.T) {
	h := newHasher(t, password.Config{Peppers: []password.Pepper{password.NewPepper("2026-11b", counting(32, 0))}})
	encoded, err := h.Hash(t.Context(), "pw")
	require.NoError(t, err)
	assert.Contains(t, encoded, "$argon2id$v=19$m=19456,t=2,p=1,keyid="+base64.RawStdEncoding.EncodeToString([]byte("2026-11b"))+"$")
	assert.LessOrEqual(t, len(encoded), 120)
}

func TestPepperIsChangedAtLogin(t *testing.T) {
	older, newer := password.NewPepper("old", counting(32, 0)), password.NewPepper("new", counting(64, 1))
	none := newHasher(t, password.Config{})
	before := newHasher(t, password.Config{Peppers: []password.Pepper{older}})
	during := newHasher(t, password.Config{Peppers: []password.Pepper{newer, older}})
	after := newHasher(t, password.Config{Peppers: []password.Pepper{newer}})
	stored := map[string]string{}
	for name, h := range map[string]*password.Hasher{"none": none, "old": before, "new": after} {
		encoded, err := h.Hash(t.Context(), "pw")
		require.NoError(t, err)
		stored[name] = encoded
	}
	yes, rehash, unknown := password.Result{OK: true}, password.Result{OK: true, Rehash: true}, password.Result{}
	for name, c := range map[string]struct {
		h    *password.Hasher
		want map[string]password.Result
	}{
		"none":   {none, map[string]password.Result{"none": yes, "old": unknown, "new": unknown}},
		"before": {before, map[string]password.Result{"none": rehash, "old": yes, "new": unknown}},
		"during": {during, map[string]password.Result{"none": rehash, "old": rehash, "new": yes}},
		"after":  {after, map[string]password.Result{"none": rehash, "old": unknown, "new": yes}},
	} {
		for pepper, want := range c.want {
			res, err := c.h.Verify(t.Context(), "pw", stored[pepper])
			assert.Equal(t, want, res, "%s, %s", name, pepper)
			if want == unknown {
				assert.ErrorIs(t, err, password.ErrPepper, "%s, %s: an error, not a no", name, pepper)
				assert.ErrorIs(t, err, password.ErrEncoding)
				continue
			}
			require.NoError(t, err)
			res, err = c.h.Verify(t.Context(), "wrong", stored[pepper])
			require.NoError(t, err)
			assert.Equal(t, password.Result{}, res)
		}
	}
}

func TestAttackStolenDatabaseIsNotEnough(t *testing.T) {
	mine := newHasher(t, password.Config{Peppers: []password.Pepper{password.NewPepper("k", counting(32, 0))}})
	encoded, err := mine.Hash(t.Context(), "pw")
	require.NoError(t, err)

	theirs := newHasher(t, password.Config{Peppers: []password.Pepper{password.NewPepper("k", counting(32, 7))}})
	res, err := theirs.Verify(t.Context(), "pw", encoded)
	require.NoError(t, err)
	assert.False(t, res.OK, "another key")

	res, err = newHasher(t, password.Config{}).Verify(t.Context(), "pw", strings.Replace(encoded, ",keyid=aw", "", 1))
	require.NoError(t, err)
	assert.False(t, res.OK, "the name of the pepper taken out")
}

func TestAttackUnknownPepperCostsTheSame(t *testing.T) {
	h := newHasher(t, password.Config{})
	var err error
	allocated := bytesAllocated(func() { _, err = h.Verify(t.Context(), staple, peppered) })
	assert.ErrorIs(t, err, password.ErrPepper)
	assert.InDelta(t, 19, float64(allocated)/(1<<20), 1)
	assert.NotContains(t, err.Error(), "2026-11")
}

func TestPepperIsNeverShown(t *testing.T) {
	secret := []byte("canary-canary-canary-canary-canary")
	c := password.Config{Peppers: []password.Pepper{password.NewPepper("id-1", secret)}}
	h := newHasher(t, c)
	unexported := struct{ c password.Config }{c} // where fmt calls no methods
	forms := []string{string(secret), fmt.Sprint(secret), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret),
		base64.StdEncoding.EncodeToString(secret), strings.Trim(fmt.Sprintf("%#v", secret), "[]byte{}")}
	for name, v := range map[string]any{
		"pepper": c.Peppers[0], "pointer": &c.Peppers[0], "peppers": c.Peppers, "config": c, "config pointer": &c,
		"unexported": unexported, "hasher": h, "map": map[string]any{"c": c},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			out := fmt.Sprintf(verb, v)
			for _, form := range forms {
				assert.NotContains(t, out, form, "%s %s", name, verb)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v)
		for _, form := range forms {
			assert.NotContains(t, log.String(), form, name)
		}
	}
	assert.Equal(t, "Pepper(id-1)", fmt.Sprintf("%+v", c.Peppers[0]))
	_, err := json.Marshal(c)
	assert.ErrorContains(t, err, "not written as text")
}

func TestPepperIsACopy(t *testing.T) {
	key := counting(32, 0)
	c := password.Config{Peppers: []password.Pepper{password.NewPepper("2026-11", key)}}
	h := newHasher(t, c)
	clear(key)
	c.Peppers[0] = password.Pepper{}
	res, err := h.Verify(t.Context(), staple, peppered)
	require.NoError(t, err)
	assert.True(t, res.OK)
}

func TestNewReportsAllFaultsOfPeppers(t *testing.T) {
	long := password.NewPepper("long", counting(1024, 0))
	many := make([]password.Pepper, 17)
	for i := range many {
		many[i] = password.NewPepper(fmt.Sprint("p", i), counting(32, byte(i)))
	}
	for name, c := range map[string]struct {
		peppers []password.Pepper
		want    []string
	}{
		"at the bounds": {[]password.Pepper{long, password.NewPepper("a", counting(32, 0)), password.NewPepper("-._aZ09-", counting(33, 0))}, nil},
		"sixteen":       {many[:16], nil},
		"seventeen":     {many, []string{"password: Config.Peppers has 17 peppers, more than 16: leave out those that no stored hash has"}},
		"each wrong": {[]password.Pepper{
			{}, password.NewPepper("", counting(31, 0)), password.NewPepper("ninechars", counting(1025, 0)), password.NewPepper("a b", make([]byte, 32)),
		}, []string{
			"password: Config.Peppers[0] is empty: make it with NewPepper",
			"password: Config.Peppers[1] has an id that is not 1 to 8 letters, digits and signs of -._: rename it",
			"password: Config.Peppers[1] has a key of 31 bytes, not 32 to 1024: make one with head -c 32 /dev/urandom",
			"password: Config.Peppers[2] has an id that is not 1 to 8 letters, digits and signs of -._: rename it",
			"password: Config.Peppers[2] has a key of 1025 bytes, not 32 to 1024: make one with head -c 32 /dev/urandom",
			"password: Config.Peppers[3] has an id that is not 1 to 8 letters, digits and signs of -._: rename it",
			"password: Config.Peppers[3] has a key of one byte repeated: make one with head -c 32 /dev/urandom",
		}},
		"twice": {[]password.Pepper{password.NewPepper("a", counting(32, 0)), password.NewPepper("a", counting(32, 0))}, []string{
			"password: Config.Peppers[1] has the id of Peppers[0]: give each its own",
			"password: Config.Peppers[1] has the key of Peppers[0]: a new pepper needs a new key",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := password.New(password.Config{Peppers: c.peppers})
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Equal(t, c.want, strings.Split(err.Error(), "\n"))
		})
	}
}
