package jose_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

func decode(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

// The law: there is one spelling of what is accepted.
func FuzzSplitHasOneSpelling(f *testing.F) {
	for _, s := range []string{"", "..", "e30.e30.AA", "e30.e30.AB", "e30=.e30.AA", "e30.e30.AA.AA", "e30.e3\n0.AA", "+/.e30.AA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		c, ok := jose.Split(token)
		if !ok {
			assert.Zero(t, c)
			return
		}
		assert.LessOrEqual(t, len(token), jose.MaxToken)
		input := jose.SigningInput([]byte(c.Header), []byte(c.Payload))
		assert.Equal(t, input, c.Signed)
		assert.Equal(t, token, jose.Join(input, c.Signature))
	})
}

// The law: ParseObject and jsontext, two readers with no code in common, accept the same texts apart from our bounds and the
// space around, and read the same names and strings.
func FuzzParseObjectAgreesWithJSONText(f *testing.F) {
	for _, s := range []string{
		"", "{}", "[]", "null", `{"a":1}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":"\ud800"}`, `{"a":"\ud83d\ude00"}`, `{"a":01}`, `{"a":-}`,
		`{"a":1.}`, `{"a":1e}`, `{"a":.5}`, `{"a":tru}`, `{"a":[1,]}`, `{"a":{"b":{},"b":1}}`, "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", `{"a":"\x"}`, `{"a" : [ "b" , null ] }`,
		`{"a":1}x`, `{"a":1} `, `{"a":"\u00zz"}`, `{"":""}`, "{\"\x7f\":\"\u2028\"}", `{"a":"\ud800\ud800"}`, `{"a":"\ud800\u0041"}`, `{,}`, `{"a"}`, `{"a":}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		members, ok := jose.ParseObject(s, nil)
		names, values, theirs := readWithJSONText(s)
		if !ok {
			assert.False(t, theirs && withinBounds(s), "jsontext accepts %q", s)
			return
		}
		require.True(t, theirs, "jsontext refuses %q", s)
		require.Len(t, names, len(members))
		for i, m := range members {
			assert.Equal(t, names[i], m.Name)
			assert.Equal(t, values[i], string(m.Value))
			if text, ok := m.Value.Text(); ok {
				want, err := jsontext.AppendUnquote(nil, values[i])
				require.NoError(t, err)
				assert.Equal(t, string(want), text)
			}
		}
	})
}

func readWithJSONText(s string) (names, values []string, ok bool) {
	dec := jsontext.NewDecoder(bytes.NewReader([]byte(s)))
	if open, err := dec.ReadToken(); err != nil || open.Kind() != '{' {
		return nil, nil, false
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, nil, false
		}
		names = append(names, name.String())
		value, err := dec.ReadValue()
		if err != nil {
			return nil, nil, false
		}
		values = append(values, string(value))
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, nil, false
	}
	_, err := dec.ReadToken()
	return names, values, errors.Is(err, io.EOF)
}

// withinBounds says that none of the bounds that only ParseObject has can be the reason to refuse s.
func withinBounds(s string) bool {
	return strings.Trim(s, " \t\r\n") == s && strings.Count(s, "{")+strings.Count(s, "[") <= jose.MaxDepth && strings.Count(s, ":") <= jose.MaxMembers
}

// The law: a key file's key that is accepted is written and read again as the same key.
func FuzzPrivateJWK(f *testing.F) {
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA} {
		text, err := newKey(f, alg).JWK(map[string]any{"state": "active"})
		require.NoError(f, err)
		f.Add(string(text))
		f.Add(strings.Replace(string(text), "P-256", "P-384", 1))
	}
	f.Add(`{"kty":"oct","k":"AA","alg":"HS256","kid":"k","use":"sig"}`)
	f.Fuzz(func(t *testing.T, text string) {
		k, _, err := jose.ParsePrivateJWK(text)
		if err != nil {
			assert.ErrorIs(t, err, jose.ErrKey)
			assert.Nil(t, k)
			return
		}
		again, err := k.JWK(nil)
		require.NoError(t, err)
		k2, _, err := jose.ParsePrivateJWK(string(again))
		require.NoError(t, err)
		sig, err := k2.Sign("x")
		require.NoError(t, err)
		assert.True(t, k.Public().Verify("x", sig))
		assert.Equal(t, k.Public().ID(), k2.Public().ID())
	})
}
