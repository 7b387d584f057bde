package jose_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

type member = map[string]any

// publicJWK returns the members of a new public key; those of change replace them, and nil removes one.
func publicJWK(t testing.TB, alg jose.Algorithm, kid string, change member) member {
	t.Helper()
	text, err := newKey(t, alg).Public().JWK()
	require.NoError(t, err)
	m := member{}
	require.NoError(t, json.Unmarshal(text, &m))
	m["kid"] = kid
	maps.Copy(m, change)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	return m
}

func setOf(t testing.TB, keys ...member) string {
	t.Helper()
	text, err := json.Marshal(member{"keys": keys})
	require.NoError(t, err)
	return string(text)
}

func ids(set jose.PublicSet) []string {
	var list []string
	for _, k := range set.Keys {
		list = append(list, k.ID())
	}
	return list
}

func TestPublicSetOfEveryAlgorithm(t *testing.T) {
	for _, alg := range algorithms {
		own := newKey(t, alg)
		text, err := own.Public().JWK()
		require.NoError(t, err)
		set, err := jose.ParsePublicSet(" \r\n{\"keys\":["+string(text)+"],\"x\":1}\n", algorithms)
		require.NoError(t, err)
		require.Len(t, set.Keys, 1, "%s: %v", alg, set.Skipped)
		assert.Empty(t, set.Skipped)
		assert.True(t, own.Public().Equal(set.Keys[0]), alg)
		sig, err := own.Sign("x")
		require.NoError(t, err)
		assert.True(t, set.Keys[0].Verify("x", sig), alg)
	}
}

func TestPublicKeyEqual(t *testing.T) {
	parse := func(m member) *jose.PublicKey {
		set, err := jose.ParsePublicSet(setOf(t, m), algorithms)
		require.NoError(t, err)
		require.Len(t, set.Keys, 1)
		return set.Keys[0]
	}
	m := publicJWK(t, jose.RS256, "k", nil)
	k := parse(m)
	assert.True(t, k.Equal(parse(m)))
	assert.False(t, k.Equal(parse(publicJWK(t, jose.RS256, "other", nil))), "another kid")
	assert.False(t, k.Equal(parse(publicJWK(t, jose.PS256, "k", nil))), "another algorithm")
	assert.False(t, parse(publicJWK(t, jose.ES256, "k", nil)).Equal(parse(publicJWK(t, jose.ES256, "k", nil))), "another point")
}

func TestKeyWithoutAlgIsForTheFirstThatFits(t *testing.T) {
	for _, c := range []struct {
		name    string
		of      jose.Algorithm
		allowed []jose.Algorithm
		want    jose.Algorithm
	}{
		{"RSA", jose.RS512, algorithms, jose.RS256},
		{"RSA where PS256 alone is allowed", jose.RS256, []jose.Algorithm{jose.PS256}, jose.PS256},
		{"RSA where PS256 comes first", jose.RS256, []jose.Algorithm{jose.ES256, jose.PS256, jose.RS256}, jose.PS256},
		{"RSA where it is not allowed", jose.RS256, []jose.Algorithm{jose.ES256, jose.EdDSA}, ""},
		{"P-256", jose.ES256, algorithms, jose.ES256},
		{"P-384", jose.ES384, algorithms, jose.ES384},
		{"P-521", jose.ES512, algorithms, jose.ES512},
		{"P-521 where P-256 alone is allowed", jose.ES512, []jose.Algorithm{jose.ES256}, ""},
		{"Ed25519", jose.EdDSA, algorithms, jose.EdDSA},
		{"nothing allowed", jose.EdDSA, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := jose.ParsePublicSet(setOf(t, publicJWK(t, c.of, "k", member{"alg": nil, "use": nil})), c.allowed)
			require.NoError(t, err)
			if c.want == "" {
				assert.Empty(t, set.Keys)
				assert.Len(t, set.Skipped, 1)
				return
			}
			require.Len(t, set.Keys, 1)
			assert.Equal(t, c.want, set.Keys[0].Algorithm())
		})
	}
}

func TestOneUnusableKeyIsSkipped(t *testing.T) {
	rsaNumber := func(shift uint, add int64) string {
		n := new(big.Int).Add(new(big.Int).Rsh(rsaKey().N, shift), big.NewInt(add))
		return base64.RawURLEncoding.EncodeToString(n.Bytes())
	}
	longer := base64.RawURLEncoding.EncodeToString(new(big.Int).Add(new(big.Int).Lsh(rsaKey().N, 8192), big.NewInt(1)).Bytes())
	padded := base64.RawURLEncoding.EncodeToString(append([]byte{0}, rsaKey().N.Bytes()...))
	for name, c := range map[string]struct {
		of     jose.Algorithm
		change member
	}{
		"kid missing":                      {jose.ES256, member{"kid": nil}},
		"kid empty":                        {jose.ES256, member{"kid": ""}},
		"kid a number":                     {jose.ES256, member{"kid": 1}},
		"kid with a space":                 {jose.ES256, member{"kid": "a b"}},
		"kid too long":                     {jose.ES256, member{"kid": strings.Repeat("k", jose.MaxKeyID+1)}},
		"kty missing":                      {jose.ES256, member{"kty": nil}},
		"kty unknown":                      {jose.ES256, member{"kty": "AKP"}},
		"kty in the wrong case":            {jose.ES256, member{"kty": "ec"}},
		"kty a list":                       {jose.ES256, member{"kty": []string{"EC"}}},
		"alg none":                         {jose.ES256, member{"alg": "none"}},
		"alg of HMAC":                      {jose.RS256, member{"alg": "HS256"}},
		"alg of encryption":                {jose.RS256, member{"alg": "RSA-OAEP-256"}},
		"alg empty":                        {jose.RS256, member{"alg": ""}},
		"alg null":                         {jose.RS256, member{"alg": json.RawMessage("null")}},
		"alg of another curve":             {jose.ES256, member{"alg": "ES384"}},
		"alg of another type":              {jose.ES256, member{"alg": "RS256"}},
		"use enc":                          {jose.ES256, member{"use": "enc"}},
		"use empty":                        {jose.ES256, member{"use": ""}},
		"use in the wrong case":            {jose.ES256, member{"use": "SIG"}},
		"use a list":                       {jose.ES256, member{"use": []string{"sig"}}},
		"key_ops without verify":           {jose.ES256, member{"key_ops": []string{"sign", "deriveKey"}}},
		"key_ops empty":                    {jose.ES256, member{"key_ops": []string{}}},
		"key_ops a string":                 {jose.ES256, member{"key_ops": "verify"}},
		"use sig but key_ops for wrapping": {jose.RS256, member{"use": "sig", "key_ops": []string{"wrapKey"}}},
		"private half of EC":               {jose.ES256, member{"d": "AAAA"}},
		"private half of RSA":              {jose.RS256, member{"p": "AAAA"}},
		"private half that is null":        {jose.ES256, member{"d": json.RawMessage("null")}},
		"secret beside it":                 {jose.ES256, member{"k": "AAAA"}},
		"crv unknown":                      {jose.ES256, member{"crv": "secp256k1"}},
		"crv of another curve":             {jose.ES256, member{"crv": "P-384", "alg": nil}},
		"crv missing":                      {jose.ES256, member{"crv": nil}},
		"x missing":                        {jose.ES256, member{"x": nil}},
		"x short":                          {jose.ES256, member{"x": base64.RawURLEncoding.EncodeToString(make([]byte, 31))}},
		"x long":                           {jose.ES256, member{"x": base64.RawURLEncoding.EncodeToString(make([]byte, 33))}},
		"point off the curve":              {jose.ES256, member{"x": base64.RawURLEncoding.EncodeToString(make([]byte, 32))}},
		"point at infinity": {jose.ES256, member{"x": base64.RawURLEncoding.EncodeToString(make([]byte, 32)),
			"y": base64.RawURLEncoding.EncodeToString(make([]byte, 32))}},
		"Ed25519 too short":       {jose.EdDSA, member{"x": "AAAA"}},
		"Ed448":                   {jose.EdDSA, member{"crv": "Ed448"}},
		"X25519":                  {jose.EdDSA, member{"crv": "X25519"}},
		"n missing":               {jose.RS256, member{"n": nil}},
		"n empty":                 {jose.RS256, member{"n": ""}},
		"n of 1024 bits":          {jose.RS256, member{"n": rsaNumber(1024, 1)}},
		"n of 2047 bits":          {jose.RS256, member{"n": rsaNumber(1, 0)}},
		"n of 10240 bits":         {jose.RS256, member{"n": longer}},
		"n even":                  {jose.RS256, member{"n": rsaNumber(0, 1)}},
		"n with a leading zero":   {jose.RS256, member{"n": padded}},
		"n with padding":          {jose.RS256, member{"n": rsaNumber(0, 0) + "=="}},
		"n with a line break":     {jose.RS256, member{"n": rsaNumber(0, 0) + "\n"}},
		"n in standard base64":    {jose.RS256, member{"n": "+/" + rsaNumber(0, 0)[2:]}},
		"n a number":              {jose.RS256, member{"n": 35}},
		"e missing":               {jose.RS256, member{"e": nil}},
		"e 1":                     {jose.RS256, member{"e": "AQ"}},
		"e 3":                     {jose.RS256, member{"e": "Aw"}},
		"e even":                  {jose.RS256, member{"e": "AQAC"}},
		"e below 65537":           {jose.RS256, member{"e": "__8"}},
		"e of 32 bits":            {jose.RS256, member{"e": "gAAAAQ"}},
		"e of 9 bytes":            {jose.RS256, member{"e": "AQAAAAAAAAAB"}},
		"e with a leading zero":   {jose.RS256, member{"e": "AAEAAQ"}},
		"e with a stray bit":      {jose.RS256, member{"e": "AQABAB"}},
		"RSA that claims to be P": {jose.RS256, member{"kty": "EC", "crv": "P-256"}},
	} {
		t.Run(name, func(t *testing.T) {
			bad := publicJWK(t, c.of, "bad", c.change)
			set, err := jose.ParsePublicSet(setOf(t, bad, publicJWK(t, jose.ES256, "good", nil)), algorithms)
			require.NoError(t, err)
			assert.Equal(t, []string{"good"}, ids(set))
			require.Len(t, set.Skipped, 1)
			assert.ErrorIs(t, set.Skipped[0], jose.ErrKey)
			assert.ErrorContains(t, set.Skipped[0], "key 1: ")
		})
	}
	for _, element := range []string{"1", "null", `"x"`, "[]", "{}"} {
		good, err := json.Marshal(publicJWK(t, jose.ES256, "good", nil))
		require.NoError(t, err)
		set, err := jose.ParsePublicSet(fmt.Sprintf(`{"keys":[%s,%s]}`, element, good), algorithms)
		require.NoError(t, err, element)
		assert.Equal(t, []string{"good"}, ids(set), element)
	}
}

func TestWhatPublicSetsMayCarry(t *testing.T) {
	for name, change := range map[string]member{
		"neither use nor key_ops": {"use": nil},
		"key_ops":                 {"use": nil, "key_ops": []string{"verify"}},
		"use and key_ops":         {"key_ops": []string{"sign", "verify"}},
		"certificates":            {"x5c": []string{"MII"}, "x5t": "a", "x5t#S256": "b", "x5u": "https://other.example"},
		"members nobody knows":    {"issuer": "https://issuer.example", "exp": 1, "ext": true},
	} {
		set, err := jose.ParsePublicSet(setOf(t, publicJWK(t, jose.ES256, "k", change)), algorithms)
		require.NoError(t, err)
		assert.Equal(t, []string{"k"}, ids(set), "%s: %v", name, set.Skipped)
	}
}

func TestSetsThatAreRefusedAsAWhole(t *testing.T) {
	good := publicJWK(t, jose.ES256, "good", nil)
	goodText := setOf(t, good)
	secret := member{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}
	many := func(n int) string {
		keys := make([]member, n)
		for i := range keys {
			keys[i] = maps.Clone(good)
			keys[i]["kid"] = fmt.Sprint(i)
		}
		return setOf(t, keys...)
	}
	set, err := jose.ParsePublicSet(many(jose.MaxSetKeys), algorithms)
	require.NoError(t, err)
	assert.Len(t, set.Keys, jose.MaxSetKeys)

	for name, text := range map[string]string{
		"101 keys":                     many(jose.MaxSetKeys + 1),
		"101 keys that are not keys":   `{"keys":[` + strings.Repeat("1,", jose.MaxSetKeys) + `1]}`,
		"kid twice":                    setOf(t, good, publicJWK(t, jose.ES256, "good", nil)),
		"kid twice, types differ":      setOf(t, good, publicJWK(t, jose.RS256, "good", nil)),
		"kid twice, one key is weak":   setOf(t, good, publicJWK(t, jose.RS256, "good", member{"e": "Aw"})),
		"one key twice":                setOf(t, good, good),
		"symmetric":                    setOf(t, secret, good),
		"symmetric for encryption":     setOf(t, good, member{"kty": "oct", "k": "c2VjcmV0", "use": "enc"}),
		"symmetric behind a bad alg":   `{"keys":[{"alg":7,"kid":7,"kty":"oct","k":"c2VjcmV0"}]}`,
		"symmetric and nothing more":   setOf(t, member{"kty": "oct"}),
		"nothing":                      "",
		"null":                         "null",
		"an array":                     "[]",
		"a single key":                 string(goodText[len(`{"keys":[`) : len(goodText)-2]),
		"keys missing":                 "{}",
		"keys in the wrong case":       `{"Keys":[]}`,
		"keys null":                    `{"keys":null}`,
		"keys an object":               `{"keys":{}}`,
		"keys twice":                   `{"keys":[],"keys":[]}`,
		"a member of a key twice":      `{"keys":[{"kty":"EC","kty":"RSA"}]}`,
		"text after it":                goodText + "x",
		"a byte order mark":            "\ufeff" + goodText,
		"invalid UTF-8":                "{\"keys\":[],\"x\":\"\xff\"}",
		"too deep":                     `{"keys":[` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `]}`,
		"HTML":                         "<!doctype html><title>Sign in</title>",
		"an array that is not closed":  `{"keys":[{}`,
		"an array with a comma behind": `{"keys":[{},]}`,
	} {
		t.Run(name, func(t *testing.T) {
			set, err := jose.ParsePublicSet(text, algorithms)
			require.Error(t, err)
			assert.Empty(t, set)
			assert.NotContains(t, err.Error(), "c2VjcmV0")
		})
	}
}

func TestKidOfAKeyForAnotherPurposeDoesNotCount(t *testing.T) {
	good := publicJWK(t, jose.ES256, "k", nil)
	for name, other := range map[string]member{
		"encryption":            publicJWK(t, jose.RS256, "k", member{"use": "enc"}),
		"an encryption alg":     publicJWK(t, jose.RS256, "k", member{"use": nil, "alg": "RSA-OAEP"}),
		"an alg that is not on": publicJWK(t, jose.PS256, "k", nil),
	} {
		set, err := jose.ParsePublicSet(setOf(t, other, good), []jose.Algorithm{jose.ES256, jose.RS256})
		require.NoError(t, err, name)
		assert.Equal(t, []string{"k"}, ids(set), name)
	}
}
