package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"

	"github.com/sallyport-go/sallyport/auth"
)

const maxClaims = 64 << 10

// mint signs whatever is on in with the active key of the file, for tests of those who verify: no issuer would sign everything.
func mint(file string, in io.Reader, out io.Writer) error {
	if file == "" {
		return errors.New("mint needs -keys")
	}
	if _, err := auth.NewKeyRing(auth.KeyRingConfig{Path: file}); err != nil { // makes it when missing, and checks it
		return err
	}
	claims, err := io.ReadAll(io.LimitReader(in, maxClaims+1))
	if err != nil || len(claims) > maxClaims {
		return fmt.Errorf("standard input cannot be read, or has more than %d bytes", maxClaims)
	}
	if !json.Valid(claims) {
		return errors.New("standard input is not JSON")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return err
	}
	for _, raw := range set.Keys {
		var about struct{ State, Alg, Kid string }
		if err := json.Unmarshal(raw, &about); err != nil {
			return err
		}
		if about.State != "active" {
			continue
		}
		key, err := jwk.ParseKey(raw)
		if err != nil {
			return err
		}
		header := jws.NewHeaders()
		if err := errors.Join(header.Set(jws.TypeKey, "at+jwt"), header.Set(jws.KeyIDKey, about.Kid)); err != nil {
			return err
		}
		token, err := jws.Sign(claims, jws.WithKey(jwa.SignatureAlgorithm(about.Alg), key, jws.WithProtectedHeaders(header)))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", token)
		return err
	}
	return errors.New("the file has no active key")
}
