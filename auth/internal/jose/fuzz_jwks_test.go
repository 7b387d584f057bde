package jose_test

import (
	"slices"
	"testing"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// FuzzPublicSet states the law of the reader: each key that it accepts is for one algorithm that was allowed and that fits
// the key, under an id of its own; and writing the key and reading it again gives the same key with the same thumbprint.
func FuzzPublicSet(f *testing.F) {
	var all []member
	for _, alg := range algorithms {
		all = append(all, publicJWK(f, alg, string(alg), nil))
		f.Add(setOf(f, publicJWK(f, alg, "k", member{"alg": nil, "use": nil})))
	}
	f.Add(setOf(f, all...))
	f.Add(`{"keys":[{"kty":"oct","k":"AAAA","kid":"k"}]}`)
	f.Add(`{"keys":[1,{},{"kty":"OKP","crv":"Ed25519","kid":"k","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}`)
	allowed := []jose.Algorithm{jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.PS384, jose.RS256, jose.RS384, jose.RS512, jose.PS256}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := jose.ParsePublicSet(text, allowed)
		if err != nil {
			if set.Keys != nil || set.Skipped != nil {
				t.Fatal("an error, and a set")
			}
			return
		}
		if len(set.Keys)+len(set.Skipped) > jose.MaxSetKeys {
			t.Fatal("too many keys")
		}
		seen := map[string]bool{}
		for _, k := range set.Keys {
			if seen[k.ID()] || !jose.ValidKeyID(k.ID()) || !slices.Contains(allowed, k.Algorithm()) {
				t.Fatalf("%q for %s", k.ID(), k.Algorithm())
			}
			seen[k.ID()] = true
			again := reread(t, k)
			if !k.Equal(again) {
				t.Fatal("reading it again gives another key")
			}
		}
	})
}

func reread(t *testing.T, k *jose.PublicKey) *jose.PublicKey {
	t.Helper()
	before, err := k.Thumbprint()
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.JWK()
	if err != nil {
		t.Fatal(err)
	}
	set, err := jose.ParsePublicSet(`{"keys":[`+string(text)+`]}`, []jose.Algorithm{k.Algorithm()})
	if err != nil || len(set.Keys) != 1 {
		t.Fatalf("%v %v: %s", err, set.Skipped, text)
	}
	after, err := set.Keys[0].Thumbprint()
	if err != nil || before != after {
		t.Fatal("the thumbprint changed")
	}
	return set.Keys[0]
}
