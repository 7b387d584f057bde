package auth_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

const partnerIssuer = "https://partner.example"

// twoIssuers trusts testIssuer under the first key, without a prefix, and partnerIssuer under the second.
func twoIssuers(t testing.TB, own, partner testKey) *auth.Issuers {
	t.Helper()
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: partnerIssuer, Audience: []string{testAudience}, Keys: ring(t, partner)})
	require.NoError(t, err)
	m, err := auth.NewIssuers(auth.IssuersConfig{Issuers: []auth.TrustedIssuer{
		{Verifier: newVerifier(t, ring(t, own))}, {Verifier: v, Prefix: "partner:"},
	}})
	require.NoError(t, err)
	return m
}

func TestIssuersKeepPeopleApart(t *testing.T) {
	own, partner := testKey{"es256", "ES256", p256()}, testKey{"es256", "ES256", mustEC(p256().Curve)}
	m := twoIssuers(t, own, partner)
	for range 2 { // the second time from the cache
		p, err := m.Verify(t.Context(), newForge(t, own).token())
		require.NoError(t, err)
		assert.Equal(t, "alice", p.Subject(), "adding an issuer renames nobody")

		f := newForge(t, partner)
		f.claims["iss"] = partnerIssuer
		token := f.token()
		for range 2 {
			p, err = m.Verify(t.Context(), token)
			require.NoError(t, err)
			assert.Equal(t, "partner:alice", p.Subject())
			assert.Equal(t, partnerIssuer, p.Issuer())
		}
	}
}

func TestOneIssuerCannotSpeakForAnother(t *testing.T) {
	own, partner := testKey{"es256", "ES256", p256()}, testKey{"partner", "ES256", mustEC(p256().Curve)}
	m := twoIssuers(t, own, partner)
	for name, c := range map[string]struct {
		key    testKey
		change func(*forge)
		want   error
	}{
		"the partner's key under our name":   {partner, func(*forge) {}, auth.ErrUnknownKey},
		"its signature under our key's id":   {partner, func(f *forge) { f.header["kid"] = "es256" }, auth.ErrSignature},
		"our key under the partner's name":   {own, func(f *forge) { f.claims["iss"] = partnerIssuer }, auth.ErrUnknownKey},
		"nobody's name":                      {own, func(f *forge) { f.claims["iss"] = "https://evil.example" }, auth.ErrIssuer},
		"a name with a slash more":           {own, func(f *forge) { f.claims["iss"] = testIssuer + "/" }, auth.ErrIssuer},
		"a name in another letter case":      {own, func(f *forge) { f.claims["iss"] = "https://Issuer.example" }, auth.ErrIssuer},
		"no name":                            {own, func(f *forge) { f.without("iss") }, auth.ErrIssuer},
		"a list of names":                    {own, func(f *forge) { f.claims["iss"] = []string{testIssuer, partnerIssuer} }, auth.ErrIssuer},
		"a user with the partner's prefix":   {own, func(f *forge) { f.claims["sub"] = "partner:alice" }, auth.ErrClaims},
		"a user with the prefix and no name": {own, func(f *forge) { f.claims["sub"] = "partner:" }, auth.ErrClaims},
		"two names":                          {own, func(f *forge) { f.rawClaims = f.with(`"iss":"` + partnerIssuer + `"`) }, auth.ErrIssuer},
		"a subject too long behind its prefix": {partner, func(f *forge) {
			f.claims["iss"], f.claims["sub"] = partnerIssuer, longName(250)
		}, auth.ErrClaims},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForge(t, c.key)
			c.change(f)
			_, err := m.Verify(t.Context(), f.token())
			assert.ErrorIs(t, err, c.want)
		})
	}
	_, err := m.Verify(t.Context(), "a.b")
	assert.ErrorIs(t, err, auth.ErrMalformed)
}

func longName(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a'
	}
	return string(b)
}

func TestIssuersFaultsAreReportedTogether(t *testing.T) {
	v := newVerifier(t, ring(t, testKey{"es256", "ES256", p256()}))
	_, err := auth.NewIssuers(auth.IssuersConfig{})
	assert.ErrorContains(t, err, "1 to 16")
	_, err = auth.NewIssuers(auth.IssuersConfig{Issuers: make([]auth.TrustedIssuer, 17)})
	assert.ErrorContains(t, err, "1 to 16")
	_, err = auth.NewIssuers(auth.IssuersConfig{Issuers: []auth.TrustedIssuer{{Verifier: v}, {Verifier: v}, {Prefix: "a:b:"}}})
	assert.ErrorContains(t, err, "[1].Prefix is that of another issuer")
	assert.ErrorContains(t, err, "[1].Verifier is for an issuer that is there already")
	assert.ErrorContains(t, err, "[2].Prefix is not 1 to 31 bytes")
	assert.ErrorContains(t, err, "[2].Verifier is nil")
	for _, prefix := range []string{"a", ":", "a::", "A:", "a b:", "é:", longName(32) + ":"} {
		_, err = auth.NewIssuers(auth.IssuersConfig{Issuers: []auth.TrustedIssuer{{Verifier: v, Prefix: prefix}}})
		assert.ErrorContains(t, err, "Prefix", prefix)
	}
	_, err = auth.NewIssuers(auth.IssuersConfig{Issuers: []auth.TrustedIssuer{{Verifier: v, Prefix: longName(31) + ":"}}})
	assert.NoError(t, err, "the longest prefix")
	_, err = auth.New(auth.Config{Authenticator: auth.Bearer((*auth.Issuers)(nil))})
	assert.ErrorContains(t, err, "Bearer(nil)")
}

func TestIssuersServeManyAtOnce(t *testing.T) {
	own, partner := testKey{"es256", "ES256", p256()}, testKey{"es256", "ES256", mustEC(p256().Curve)}
	m := twoIssuers(t, own, partner)
	f := newForge(t, partner)
	f.claims["iss"] = partnerIssuer
	theirs, ours := f.token(), newForge(t, own).token()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				p, err := m.Verify(t.Context(), theirs)
				if assert.NoError(t, err) {
					assert.Equal(t, "partner:alice", p.Subject())
				}
				p, err = m.Verify(t.Context(), ours)
				if assert.NoError(t, err) {
					assert.Equal(t, "alice", p.Subject())
				}
			}
		})
	}
	wg.Wait()
}
