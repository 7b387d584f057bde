package auth_test

import (
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/authtest"
)

// canary stands in every forgery. Nothing that leaves the process may contain it.
const canary = "c4n4ry"

var attackGrant = auth.Grant{Subject: "alice", Client: "web", Scopes: []string{"orders:read"}}

func TestForgeriesAreRefused(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	v := issuer.Verifier()
	_, err := v.Verify(t.Context(), issuer.Token(attackGrant))
	require.NoError(t, err, "the table proves nothing unless the token without an attack is good")

	list := issuer.Forgeries(attackGrant)
	names := map[string]bool{}
	for _, a := range list {
		t.Run(a.Name, func(t *testing.T) {
			assert.False(t, names[a.Name], "two attacks of one name")
			names[a.Name] = true
			p, err := v.Verify(t.Context(), a.Token)
			assert.Nil(t, p)
			assert.ErrorIs(t, err, a.Want)
			refusal, ok := errors.AsType[*auth.Error](err)
			require.True(t, ok)
			assert.NotContains(t, refusal.Error()+refusal.Public(), canary)
		})
	}
	assert.GreaterOrEqual(t, len(list), 200, "the documentation says 240, with those that carry a good token wrongly")
}

// BenchmarkForgeries reports what the dearest of the forgeries costs to refuse, as the median of five.
func BenchmarkForgeries(b *testing.B) {
	issuer := authtest.NewIssuer(b)
	v := issuer.Verifier()
	list := issuer.Forgeries(attackGrant)
	var worst time.Duration
	for b.Loop() {
		for _, a := range list {
			var costs [5]time.Duration
			for i := range costs {
				start := time.Now()
				if _, err := v.Verify(b.Context(), a.Token); err == nil {
					b.Fatal(a.Name)
				}
				costs[i] = time.Since(start)
			}
			slices.Sort(costs[:])
			worst = max(worst, costs[2])
		}
	}
	b.ReportMetric(float64(worst.Microseconds()), "µs/worst")
}

func TestTheCorpusAgainstAGuard(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(issuer.Verifier())})
	authtest.Attack(t, g.Require("orders:read")(whoami), issuer, authtest.AttackConfig{Grant: attackGrant})
}

// A second form of an ECDSA signature is valid by the standard. It is the same token: that is why no decision may hang on the text.
func TestSecondFormOfAnECDSASignatureIsTheSameToken(t *testing.T) {
	active := testKey{"es256", "ES256", p256()}
	keys := ring(t, active)
	f := newForge(t, active)
	input := f.input()
	sig := active.sign(t, input)
	s := new(big.Int).SetBytes(sig[32:])
	s.Sub(p256().Params().N, s).FillBytes(sig[32:])
	p, err := newVerifier(t, keys).Verify(t.Context(), input+"."+b64.EncodeToString(sig))
	require.NoError(t, err)
	assert.Equal(t, "t1", p.TokenID())
}

func TestNoRefusalEchoesTheRequest(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	v := issuer.Verifier()
	var log logBuffer
	handler := func() http.Handler { // a new guard for each, so that no event is dropped for their number
		guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(v), Logger: log.logger()})
		require.NoError(t, err)
		return guard.Require("admin")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("an attack got through") }))
	}

	authorizations := []string{canary, "Bearer", "Bearer ", "Bearer  " + canary, `Bearer "` + canary + `"`, "Bearer " + canary + "\x01", "Basic " + canary}
	for _, a := range issuer.Forgeries(attackGrant) {
		authorizations = append(authorizations, "Bearer "+a.Token)
	}
	authorizations = append(authorizations, "Bearer "+issuer.Forge(attackGrant, func(_, claims map[string]any) { claims["x"] = canary })) // good, but without the scope

	for _, authorization := range authorizations {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/?q="+canary, nil)
		r.Header["Authorization"] = []string{authorization}
		w := httptest.NewRecorder()
		handler().ServeHTTP(w, r)
		assert.GreaterOrEqual(t, w.Code, 400)
		assert.Less(t, w.Code, 500)
		assert.NotContains(t, w.Body.String(), canary)
		for _, values := range w.Header() {
			assert.NotContains(t, strings.Join(values, " "), canary)
		}
	}
	assert.NotContains(t, log.String(), canary)
	assert.GreaterOrEqual(t, strings.Count(log.String(), "\n"), len(authorizations), "each refusal is an event")
}
