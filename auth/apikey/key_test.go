package apikey_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/apikey"
)

type vault struct {
	Open   apikey.Key
	hidden apikey.Key
	List   []apikey.Key
	Map    map[string]apikey.Key
	Ptr    *apikey.Key
}

func newVault(t *testing.T) (vault, string) {
	t.Helper()
	key, _, err := newKeys(t, apikey.Config{}).Create(t.Context(), apikey.Grant{Subject: "alice"})
	require.NoError(t, err)
	return vault{Open: key, hidden: key, List: []apikey.Key{key}, Map: map[string]apikey.Key{"a": key}, Ptr: &key}, key.Reveal()
}

func TestAttackKeyIsPrinted(t *testing.T) {
	v, text := newVault(t)
	for _, subject := range []any{v.Open, &v.Open, v, &v, v.List, v.Map, []any{v.Open}} {
		for verb := '!'; verb <= '~'; verb++ {
			for _, flags := range []string{"", "+", "#", "-9.3", "+#"} {
				out := fmt.Sprintf("%"+flags+string(verb), subject)
				assert.NotContains(t, out, text)
				assert.NotContains(t, out, fmt.Sprintf("%x", text))
			}
		}
	}
	assert.Equal(t, "[redacted] [redacted] [redacted]", fmt.Sprintf("%v %#v %d", v.Open, v.Open, v.hidden))
	assert.Equal(t, "[redacted]", v.Open.String())
	assert.Empty(t, apikey.Key{}.Reveal())
}

func TestAttackKeyIsLogged(t *testing.T) {
	v, text := newVault(t)
	var buf bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&buf, nil), slog.NewJSONHandler(&buf, nil)} {
		slog.New(h).Info("x", "a", v.Open, "b", &v.Open, "c", v, "d", v.List, slog.Group("g", "h", v.Map))
	}
	assert.NotContains(t, buf.String(), text)
	assert.Contains(t, buf.String(), "[redacted]")
}

func TestAttackKeyIsSentByAccident(t *testing.T) {
	v, text := newVault(t)
	for _, subject := range []any{v.Open, &v.Open, v.List, v.Map, struct{ A any }{v.Open}, v} {
		out, err := json.Marshal(subject)
		assert.Error(t, err)
		assert.NotContains(t, string(out)+fmt.Sprint(err), text)
		var buf bytes.Buffer
		err = gob.NewEncoder(&buf).Encode(subject)
		assert.Error(t, err)
		assert.NotContains(t, buf.String()+fmt.Sprint(err), text)
		out, err = xml.Marshal(subject)
		assert.NotContains(t, string(out)+fmt.Sprint(err), text)
	}
}

// What a handler sends of a record is no secret, and not the hash either.
func TestRecordIsSentWithoutItsHash(t *testing.T) {
	store := newMemory(t, apikey.MemoryConfig{})
	_, r := create(t, newKeys(t, apikey.Config{Store: store}), apikey.Grant{})
	r, err := store.Lookup(t.Context(), r.ID)
	require.NoError(t, err)
	require.NotZero(t, r.Hash)
	out, err := json.Marshal(r)
	require.NoError(t, err)
	assert.NotContains(t, string(out), "Hash")
}
