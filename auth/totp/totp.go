// Package totp verifies the codes of authenticator apps (TOTP, RFC 6238) as a second factor, each of them once, and makes recovery
// codes for whoever loses the app.
//
// Build one [Codes] at start-up. To enrol a user, show the picture of a URI, and keep the secret once the first code was right:
//
//	codes, err := totp.New(totp.Config{Issuer: "Acme", Steps: steps, SealKeys: []totp.SealKey{totp.NewSealKey("2030", key)}})
//	…
//	secret := codes.NewSecret()
//	uri, err := codes.URI(secret, "alice@example.com") // for any encoder of QR codes; it contains the secret
//	…
//	err = codes.Verify(ctx, "u-17", secret, code)
//	…
//	sealed, err := codes.Seal("u-17", secret)          // a text for the table of users
//
// At a login, after the password, ask for a code, behind a throttle:
//
//	attempt, err := limiter.Begin(r, "u-17")           // auth/throttle, apart from that of passwords
//	…
//	secret, err := codes.Open("u-17", sealed)
//	…
//	err = codes.Verify(ctx, "u-17", secret, code)
//	switch {
//	case err == nil:
//		attempt.Succeeded(ctx)
//	case errors.Is(err, totp.ErrUnavailable), errors.Is(err, totp.ErrSealed):
//		attempt.Undecided(ctx)
//	} // every other error is a wrong code, which stays a failure
//
// # Security model
//
// A code is accepted once. RFC 6238, section 5.2, demands it, and NIST SP 800-63B-4 and OWASP ASVS 6.5.1 do too. [Steps] remembers the last time step of each
// subject, and setting it forward is one atomic step: of any number of uses of one code, exactly one wins. Codes of the past, and one
// that is older than the last that was used, are refused, whatever the clock says.
//
// A code belongs to 30 seconds of the server's clock. [Config.Drift] says how many steps before and after are accepted too: one by default,
// which section 5.2 recommends as the most, so that a code works for 90 s. ASVS 6.5.5 asks for 30 s, which is Drift -1; then users whose
// phone is slow, or who type slowly, are refused now and then.
//
// A code of 6 digits can be guessed: with the default drift three in a million are right at any time. Nothing in this package counts
// attempts, so a throttle must stand before [Codes.Verify]. Use another value of auth/throttle than that of passwords, because who
// knows the password could clear a count that both share by giving it again. With the default limits a stranger has 58 guesses in 24
// hours, one of which is right in 5,700 days on average; if that is too often, count in the user's record too, which never forgets.
//
// All codes of the window are computed and compared in constant time. A wrong code, one that was used, and a text that is no code get
// the same answer; the log tells them apart. A store that cannot answer is 503, never a pass.
//
// What is in the database gives nobody a code: [Codes.Seal] encrypts a secret with AES-256-GCM under a key that is kept
// elsewhere, bound to its subject, so that a row that is copied to another user does not open. Secrets are not hashed, because both
// sides compute with them. A [Secret] and a [RecoveryCode] print as [redacted].
//
// TOTP does not resist phishing: a site in between can ask for a code and use it at once (NIST SP 800-63B-4, section 3.2.5). Passkeys do.
//
// Left to the caller: the throttle, HTTPS, that the first factor was right, that a user proves both factors anew before changing one
// (auth.MaxAge with auth.ACR: give sessions and tokens an ACR of yours, such as "mfa", once the code was right), and a message to the user when one is changed or a recovery code was used.
package totp

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Config configures [Codes]. Issuer and Steps are required.
type Config struct {
	// Issuer is what apps show above the code: 1 to 64 bytes of UTF-8 without control characters, ":" and spaces around it.
	Issuer string
	// Steps remembers which codes were used: a table of yours, by way of [StepsFunc], or [NewMemory] for a single process.
	Steps Steps
	// Recovery holds the recovery codes. Nil means that there are none, and [Codes.Recover] refuses everything with 500.
	Recovery Recovery
	// SealKeys seal secrets for the database. The first seals, and all of them open, up to 16. None means that you encrypt secrets
	// in another way; then [Codes.Seal] and [Codes.Open] fail.
	SealKeys []SealKey

	// Drift is how many steps of 30 s before and after the current one are accepted, at most 2. Zero means 1, negative none.
	Drift int
	// Digits is the length of the codes of new secrets, from 6 to 8. Zero means 6. Some apps show 6 whatever the URI says.
	Digits int
	// Algorithm is that of new secrets. Empty means [SHA1], because the widely used apps know no other or silently take it for SHA1.
	// What is weak in SHA-1 is its resistance to collisions, which HMAC does not rest on.
	Algorithm Algorithm

	// Logger receives the security events. Nil means slog.Default at the time of each event.
	Logger *slog.Logger

	_ struct{} // keyed literals only: fields may be added later
}

// Codes makes secrets and verifies codes. It is safe for concurrent use. Make one with [New].
type Codes struct {
	issuer    string
	steps     Steps
	recovery  Recovery
	seals     []SealKey
	drift     int64
	digits    int
	algorithm Algorithm
	log       *event.Log
}

const (
	minDigits, maxDigits = 6, 8
	defaultDrift         = 1
	maxDrift             = 2
	maxIssuer            = 64
	maxName              = 255 // bytes of a subject or an account
)

// New returns Codes, or all faults of c in one error.
func New(c Config) (*Codes, error) {
	if err := errors.Join(append(c.faults(), sealFaults(c.SealKeys)...)...); err != nil {
		return nil, err
	}
	if c.Digits == 0 {
		c.Digits = minDigits
	}
	if c.Drift == 0 {
		c.Drift = defaultDrift
	}
	if c.Algorithm == "" {
		c.Algorithm = SHA1
	}
	return &Codes{
		issuer: c.Issuer, steps: c.Steps, recovery: c.Recovery, seals: append([]SealKey(nil), c.SealKeys...),
		drift: int64(max(c.Drift, 0)), digits: c.Digits, algorithm: c.Algorithm, log: event.New(c.Logger, nil),
	}, nil
}

func (c Config) faults() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("totp: Config."+format, args...)) }
	if !validLabel(c.Issuer, maxIssuer) {
		fault("Issuer is not 1 to %d bytes of UTF-8 without control characters, \":\" and spaces around it: give the name of the service", maxIssuer)
	}
	if c.Steps == nil {
		fault("Steps is nil: give a StepsFunc of yours, or NewMemory for a single process")
	}
	if c.Drift > maxDrift {
		fault("Drift %d is more than %d: lower it, or leave it zero for %d", c.Drift, maxDrift, defaultDrift)
	}
	if c.Digits != 0 && (c.Digits < minDigits || c.Digits > maxDigits) {
		fault("Digits %d is not from %d to %d: bring it into that range, or leave it zero for %d", c.Digits, minDigits, maxDigits, minDigits)
	}
	if _, ok := algorithms[c.Algorithm]; c.Algorithm != "" && !ok {
		fault("Algorithm is none of SHA1, SHA256 and SHA512: leave it empty for SHA1")
	}
	return faults
}

// validLabel says whether s can stand in the label of a URI: apps split it at the colon and drop the spaces that follow.
func validLabel(s string, limit int) bool {
	return s != "" && plain(s, limit) && !strings.Contains(s, ":") && strings.TrimSpace(s) == s
}

func validSubject(s string) bool { return s != "" && plain(s, maxName) }

// plain says whether s is at most limit bytes of UTF-8 without control characters.
func plain(s string, limit int) bool {
	if len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return false
		}
	}
	return true
}
