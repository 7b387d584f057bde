package password_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/internal/problem"
)

var _ problem.Refusal = (*password.Error)(nil)

func newHasher(t testing.TB, c password.Config) *password.Hasher {
	t.Helper()
	h, err := password.New(c)
	require.NoError(t, err)
	return h
}

// phc makes a stored hash of any parameters, as another library would.
func phc(pw string, memory, time uint32, lanes uint8, saltLen, keyLen uint32) string {
	salt := make([]byte, saltLen)
	b64 := base64.RawStdEncoding
	key := argon2.IDKey([]byte(pw), salt, time, memory, lanes, keyLen)
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, time, lanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

func TestHashThenVerify(t *testing.T) {
	h := newHasher(t, password.Config{})
	for name, pw := range map[string]string{
		"short":         "x",
		"long":          strings.Repeat("ü", password.MaxPassword/2),
		"spaces":        " leading and trailing ",
		"unicode":       "🂡 пароль パスワード",
		"dollar":        "$argon2id$v=19$",
		"control chars": "a\tb\nc\x7f",
		"decomposed":    "e\u0301",
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := h.Hash(t.Context(), pw)
			require.NoError(t, err)
			assert.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, encoded)

			res, err := h.Verify(t.Context(), pw, encoded)
			require.NoError(t, err)
			assert.Equal(t, password.Result{OK: true}, res)

			for _, other := range []string{pw + " ", strings.ToUpper(pw) + "x", "\u00e9", pw[:len(pw)-1]} {
				res, err = h.Verify(t.Context(), other, encoded)
				require.NoError(t, err)
				assert.Equal(t, password.Result{}, res, "%q", other)
			}
		})
	}
}

func TestHashesOfOnePasswordDiffer(t *testing.T) {
	h := newHasher(t, password.Config{})
	a, err := h.Hash(t.Context(), "same")
	require.NoError(t, err)
	b, err := h.Hash(t.Context(), "same")
	require.NoError(t, err)
	assert.NotEqual(t, a, b)
}

func TestVerifyKnowsTheReferenceImplementation(t *testing.T) {
	const phrase = "correct horse battery staple"
	h := newHasher(t, password.Config{})
	for name, c := range map[string]struct {
		pw, encoded string
		rehash      bool
	}{ // written by libargon2, but for the first, which is among its own test vectors
		"test vector":      {"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", true},
		"our default":      {phrase, "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$k81ovk8fkH1PorA/36zCkEKia28tQyMQYijfaS5RQy4", false},
		"FastAPI's pwdlib": {phrase, "$argon2id$v=19$m=65536,t=3,p=4$c2l4dGVlbiBieXRlIHNsdA$kFtOuO5vijKTGzdJBFt6JJnnubVxhJddY3vQKdKxd2I", true},
		"PHP's default":    {phrase, "$argon2id$v=19$m=65536,t=4,p=1$c2l4dGVlbiBieXRlIHNsdA$ojP07n3Fg1fYtHYJAR7HgNU0PiegY8i/kf8Mf3/M5l4", true},
		"odd sizes":        {"pässwörd ☃", "$argon2id$v=19$m=71,t=3,p=2$MDEyMzQ1Njc4OWFiY2Rl$ylXbKcLozavIMrDtUK4ZJcm8R8E", true},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := h.Verify(t.Context(), c.pw, c.encoded)
			require.NoError(t, err)
			assert.Equal(t, password.Result{OK: true, Rehash: c.rehash}, res)
		})
	}
}

func TestRehash(t *testing.T) {
	h := newHasher(t, password.Config{})
	for name, c := range map[string]struct {
		encoded string
		want    bool
	}{
		"today's":         {phc("pw", 19456, 2, 1, 16, 32), false},
		"longer salt":     {phc("pw", 19456, 2, 1, 32, 32), false},
		"short salt":      {phc("pw", 19456, 2, 1, 8, 32), true},
		"short key":       {phc("pw", 19456, 2, 1, 16, 16), true},
		"less memory":     {phc("pw", 9216, 2, 1, 16, 32), true},
		"cheapest":        {phc("pw", 8, 1, 1, 16, 32), true},
		"dearer":          {phc("pw", 65536, 3, 4, 16, 32), true},
		"as much in rows": {phc("pw", 12288, 3, 1, 16, 32), true},
		"more lanes":      {phc("pw", 19456, 2, 2, 16, 32), true},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := h.Verify(t.Context(), "pw", c.encoded)
			require.NoError(t, err)
			assert.Equal(t, password.Result{OK: true, Rehash: c.want}, res)

			res, err = h.Verify(t.Context(), "wrong", c.encoded)
			require.NoError(t, err)
			assert.Equal(t, password.Result{}, res, "a wrong password asks for nothing")
		})
	}
}

func TestErrorsTellTheClientNothingElse(t *testing.T) {
	h := newHasher(t, password.Config{})
	_, refused := h.Hash(t.Context(), "canary\x00")
	_, unreadable := h.Verify(t.Context(), "canary", "canary")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, busy := h.Verify(ctx, "canary", "")
	for want, c := range map[int]struct{ err, is error }{
		http.StatusUnprocessableEntity: {refused, password.ErrPassword},
		http.StatusInternalServerError: {unreadable, password.ErrEncoding},
		http.StatusServiceUnavailable:  {busy, password.ErrBusy},
	} {
		var e *password.Error
		require.ErrorAs(t, c.err, &e)
		assert.ErrorIs(t, e, c.is)
		assert.Equal(t, want, e.HTTPStatus())
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", e, e, e, e.Public()), "canary")
		assert.NotEmpty(t, e.Public())
		assert.Equal(t, want == http.StatusServiceUnavailable, e.Header().Get("Retry-After") != "")
	}
	assert.ErrorIs(t, busy, context.Canceled)
}

func TestManyAtOnce(t *testing.T) {
	h := newHasher(t, password.Config{})
	encoded, err := h.Hash(t.Context(), "pw")
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			res, err := h.Verify(t.Context(), fmt.Sprintf("pw%s", strings.Repeat("x", i%2)), encoded)
			assert.NoError(t, err)
			assert.Equal(t, i%2 == 0, res.OK)
		})
	}
	wg.Wait()
}
