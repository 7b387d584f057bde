package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"

	"github.com/sallyport-go/sallyport/auth"
)

// A ring that is run changes its key every 90 days. The next key is published a day before it signs.
func ExampleKeyRing_Run() {
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Logger: slog.New(slog.DiscardHandler)}) // with a Path, to keep the keys
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- keys.Run(ctx) }()

	// … server.Run(ctx)

	cancel()
	fmt.Println(<-done)
	// Output: <nil>
}

// A rotation begins before it is due, and a key that somebody else may have goes at once.
func ExampleKeyRing_Rotate() {
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	show := func(what string) []string {
		var set struct{ Keys []struct{ Kid string } }
		w := httptest.NewRecorder()
		keys.JWKS().ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/jwks.json", nil))
		if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
			log.Fatal(err)
		}
		var ids []string
		for _, k := range set.Keys {
			ids = append(ids, k.Kid)
		}
		fmt.Println(what, len(ids))
		return ids
	}
	first := show("keys at the start:")
	if err := keys.Rotate(context.Background()); err != nil {
		log.Fatal(err)
	}
	show("with the next one:")
	if err := keys.Remove(context.Background(), first[0]); err != nil {
		log.Fatal(err)
	}
	show("without the first:")
	// Output:
	// keys at the start: 1
	// with the next one: 2
	// without the first: 1
}

// Keys of a KMS or an HSM stay there: whatever implements crypto.Signer will do.
func ExampleSignerKey() {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // in place of a client of the KMS
	if err != nil {
		log.Fatal(err)
	}
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Signers: []auth.SignerKey{{Signer: signer, ID: "kms/tokens/1"}}})
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	keys.JWKS().ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/jwks.json", nil))
	var set struct{ Keys []struct{ Kid, Alg string } }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Keys[0].Kid, set.Keys[0].Alg)
	// Output: kms/tokens/1 ES256
}
