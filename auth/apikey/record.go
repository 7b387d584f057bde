package apikey

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Hash is the SHA-256 of a key.
type Hash [sha256.Size]byte

// Bounds of a [Record], in bytes unless it says otherwise.
const (
	maxName   = 255  // of a subject
	maxLabel  = 100  // of a name for people
	maxScopes = 100  // scopes
	maxScope  = 255  // of a scope
	maxList   = 4096 // of all scopes with a space between
)

// Record is what is kept of a key. Times are in UTC and to the microsecond.
type Record struct {
	// ID names the key: 16 letters and digits. It is part of the key, and no secret.
	ID string
	// Hash is that of the whole key. [Keys] leaves it zero in what it returns.
	Hash Hash `json:"-"`
	// Subject is whom the key speaks for: 1 to 255 bytes of UTF-8 without control characters, compared byte by byte.
	Subject string
	// Name is what its owner calls it: up to 100 bytes of UTF-8 without control characters.
	Name string
	// Scopes are what it was granted: up to 100 scope-tokens of RFC 6749, section 3.3, of up to 255 bytes, and 4,096 bytes in all.
	Scopes []string
	// Created is when it was made, and Expiry when it ends.
	Created, Expiry time.Time
	// LastUsed is when it last passed, at most a minute or so behind. It is zero if it never did, and Revoked if it was not.
	LastUsed, Revoked time.Time

	_ struct{} // keyed literals only: fields may be added later
}

// Live says whether the key has neither ended nor been revoked at now.
func (r Record) Live(now time.Time) bool { return r.Revoked.IsZero() && now.Before(r.Expiry) }

// Ended returns when the key ended or will end: by itself or because it was revoked, whichever was first.
func (r Record) Ended() time.Time {
	if !r.Revoked.IsZero() && r.Revoked.Before(r.Expiry) {
		return r.Revoked
	}
	return r.Expiry
}

// Validate reports everything that a store does not take, without the values. Stores call it in Create.
func (r Record) Validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf("apikey: Record."+format, args...)) }
	if !validID(r.ID) {
		fault("ID is not %d letters and digits: take that of the key", idLen)
	}
	if r.Hash == (Hash{}) {
		fault("Hash is zero: give the key's SHA-256")
	}
	if r.Created.IsZero() || r.Expiry.IsZero() {
		fault("Created or Expiry is zero: every key ends")
	}
	return errors.Join(append(errs, describedFaults("Record", r.Subject, r.Name, r.Scopes)...)...)
}

// describedFaults is about what a Record has of a Grant.
func describedFaults(of, subject, name string, scopes []string) []error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf("apikey: "+of+"."+format, args...)) }
	if subject == "" || !plain(subject, maxName) {
		fault("Subject is not 1 to %d bytes of UTF-8 without control characters: give a stable user id", maxName)
	}
	if !plain(name, maxLabel) {
		fault("Name is longer than %d bytes, not UTF-8, or has control characters: shorten or clean it", maxLabel)
	}
	if len(scopes) > maxScopes || !allScopes(scopes) || len(strings.Join(scopes, " ")) > maxList {
		fault("Scopes are more than %d or over %d bytes, or one is not a scope-token of RFC 6749, section 3.3, of up to %d: mend them", maxScopes, maxList, maxScope)
	}
	return errs
}

func allScopes(scopes []string) bool {
	for _, s := range scopes {
		if s == "" || len(s) > maxScope || !allBytes(s, func(c byte) bool { return '!' <= c && c <= '~' && c != '"' && c != '\\' }) {
			return false
		}
	}
	return true
}

// clone also gives the times the shape that every store returns.
func (r Record) clone() Record {
	r.Scopes = slices.Clone(r.Scopes)
	r.Created, r.Expiry, r.LastUsed, r.Revoked = micro(r.Created), micro(r.Expiry), micro(r.LastUsed), micro(r.Revoked)
	return r
}

func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

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
