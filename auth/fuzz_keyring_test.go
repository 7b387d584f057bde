package auth_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// The law: what a key file says that is accepted stays the same, byte for byte, however often it is written and read again.
func FuzzKeyFile(f *testing.F) {
	text, err := json.Marshal(map[string]any{"keys": []any{
		testKey{"a", "ES256", p256()}.jwk(f, "active"), testKey{"b", "EdDSA", edKey()}.jwk(f, "next"),
	}})
	require.NoError(f, err)
	f.Add(text)
	for _, since := range []string{"0", "1e9", "1700000000.123", "0.0009999", "253402300799", "1700000000.9995"} {
		m := testKey{"c", "EdDSA", edKey()}.jwk(f, "retired")
		m["since"] = json.RawMessage(since)
		text, err := json.Marshal(map[string]any{"keys": []any{m}})
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte(`{"keys":[]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		once, err := auth.RewriteKeys(text)
		if err != nil {
			assert.Nil(t, once)
			return
		}
		twice, err := auth.RewriteKeys(once)
		require.NoError(t, err)
		assert.Equal(t, string(once), string(twice))
	})
}
