package totp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/throttle"
	"github.com/sallyport-go/sallyport/auth/totp"
)

// A user enrols, and logs in with a code later.
func Example() {
	ctx := context.Background()
	steps, err := totp.NewMemory(totp.MemoryConfig{}) // several processes: StepsFunc
	if err != nil {
		log.Fatal(err)
	}
	key := totp.NewSealKey("2030", []byte("32 bytes that are not in the DB.")) // from the environment
	codes, err := totp.New(totp.Config{Issuer: "Acme", Steps: steps, SealKeys: []totp.SealKey{key}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}

	secret := codes.NewSecret()
	uri, err := codes.URI(secret, "alice@example.com")
	fmt.Println(strings.HasPrefix(uri, "otpauth://totp/Acme:alice%40example.com?secret="), err)
	fmt.Println(codes.Verify(ctx, "u-17", secret, phone(secret))) // the app works: keep the secret
	sealed, err := codes.Seal("u-17", secret)
	fmt.Println(sealed[:11], err)
	fmt.Println("in a log:", secret)

	// At the next login.
	secret, err = codes.Open("u-17", sealed)
	fmt.Println(err)
	fmt.Println(codes.Verify(ctx, "u-17", secret, phone(secret)), "(within the same 30 s)")
	fmt.Println(codes.Verify(ctx, "u-17", secret, "12345"))
	// Output:
	// true <nil>
	// <nil>
	// totp1.2030. <nil>
	// in a log: [redacted]
	// <nil>
	// totp: the code was used before (within the same 30 s)
	// totp: wrong code: not of the form of a code
}

// The limiter stands before the code. It is not the one that passwords have.
func ExampleCodes_Verify() {
	steps, err := totp.NewMemory(totp.MemoryConfig{})
	if err != nil {
		log.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	codes, err := totp.New(totp.Config{Issuer: "Acme", Steps: steps, Logger: quiet})
	if err != nil {
		log.Fatal(err)
	}
	limiter, err := throttle.New(throttle.Config{Hold: -1, Logger: quiet}) // Hold: so that this example does not wait
	if err != nil {
		log.Fatal(err)
	}
	secret := codes.NewSecret()

	second := func(w http.ResponseWriter, r *http.Request) {
		subject := "u-17" // of whoever has given the right password
		attempt, err := limiter.Begin(r, subject)
		if err != nil {
			limiter.Refuse(w, r, err)
			return
		}
		err = codes.Verify(r.Context(), subject, secret, r.FormValue("code"))
		switch {
		case errors.Is(err, totp.ErrCode), errors.Is(err, totp.ErrUsed): // counts as a failure already
			http.Error(w, "The code is not valid.", http.StatusForbidden)
		case err != nil:
			attempt.Undecided(r.Context())
			http.Error(w, "Try again later.", http.StatusServiceUnavailable)
		default:
			attempt.Succeeded(r.Context())
			fmt.Fprint(w, "logged in")
		}
	}

	for guess := range 6 {
		r := httptest.NewRequest("POST", "/login/code", strings.NewReader("code=guess"+fmt.Sprint(guess)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		second(w, r)
		fmt.Print(w.Code, " ")
	}
	// Output: 403 403 403 403 403 429
}

// Recovery codes are shown once; the table has their hashes.
func ExampleCodes_Recover() {
	ctx := context.Background()
	rows := map[totp.RecoveryHash]bool{} // DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?
	take := totp.RecoveryFunc(func(_ context.Context, _ string, hash totp.RecoveryHash) (bool, error) {
		found := rows[hash]
		delete(rows, hash)
		return found, nil
	})
	steps := totp.StepsFunc(func(context.Context, string, int64, time.Time) (bool, error) { return false, nil })
	codes, err := totp.New(totp.Config{Issuer: "Acme", Steps: steps, Recovery: take, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	made, hashes, err := codes.NewRecoveryCodes("u-17")
	if err != nil {
		log.Fatal(err)
	}
	for _, hash := range hashes {
		rows[hash] = true
	}
	paper := made[0].Reveal() // such as 8k3f-0m9q-xw2v-7tzc-1d5h-rn6p
	fmt.Println(len(made), len(paper), made[0])
	fmt.Println(codes.Recover(ctx, "u-17", strings.ToUpper(paper)))
	fmt.Println(codes.Recover(ctx, "u-17", paper))
	// Output:
	// 10 29 [redacted]
	// <nil>
	// totp: wrong code: no recovery code of the user, or used before
}

// phone is the user's app.
func phone(s totp.Secret) string { return at(s, 0) }
