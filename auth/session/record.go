package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Hash is the SHA-256 of a cookie's value.
type Hash [sha256.Size]byte

// Bounds of a [Record], in bytes unless it says otherwise.
const (
	idLen    = 22  // characters, of 128 bits
	tokenLen = 43  // characters, of 256 bits
	maxName  = 255 // of a subject, a client, a class
	maxAgent = 200
	maxList  = 4096 // of all scopes, roles or methods, with one byte between
)

// Record is what is kept of a session. Times are in UTC and to the microsecond.
type Record struct {
	// ID names the session, in lists and logs: 22 characters of base64url. It is no secret, and nothing can be done with it alone.
	ID string
	// Hash is that of the cookie. [Sessions] leaves it zero in what it returns.
	Hash Hash `json:"-"`
	// Subject is who has logged in, Client by which one, if any: up to 255 bytes of UTF-8 without control characters, compared byte by byte.
	Subject, Client string
	// Scopes, Roles, ACR, AMR and AuthTime are those of the [auth.Identity] at login, up to 4,096 bytes for each list.
	Scopes, Roles []string
	ACR           string
	AMR           []string
	AuthTime      time.Time
	// UserAgent is what the browser said of itself at login, without control characters and cut to 200 bytes. It is the client's text:
	// escape it as any other.
	UserAgent string
	// Created is when the session was made, and Seen when it was last used, up to a tenth of the idle time behind.
	Created, Seen time.Time
	// Until is when it ends unless it is used, and Expiry when it ends however much it is. Until is never later.
	Until, Expiry time.Time

	_ struct{} // keyed literals only: fields may be added later
}

// Live says whether the session has not ended at now.
func (r Record) Live(now time.Time) bool { return now.Before(r.Until) }

// Validate reports everything that a store does not take, without the values. Stores call it in Create.
func (r Record) Validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf("session: Record."+format, args...)) }
	if !validID(r.ID) {
		fault("ID is not %d characters of base64url: draw one", idLen)
	}
	if r.Hash == (Hash{}) {
		fault("Hash is zero: give the cookie's SHA-256")
	}
	if r.Subject == "" {
		fault("Subject is empty: give a stable user id")
	}
	for _, f := range []struct {
		field, value string
		limit        int
	}{{"Subject", r.Subject, maxName}, {"Client", r.Client, maxName}, {"ACR", r.ACR, maxName}, {"UserAgent", r.UserAgent, maxAgent}} {
		if !plain(f.value, f.limit) {
			fault("%s is longer than %d bytes, not UTF-8, or has control characters: shorten or clean it", f.field, f.limit)
		}
	}
	for _, f := range []struct {
		field  string
		values []string
	}{{"Scopes", r.Scopes}, {"Roles", r.Roles}, {"AMR", r.AMR}} {
		if !validList(f.values) {
			fault("%s is over %d bytes, or one is empty, not UTF-8, or has control characters: mend it", f.field, maxList)
		}
	}
	if r.Created.IsZero() || r.Seen.IsZero() || r.Until.IsZero() || r.Until.After(r.Expiry) {
		fault("Created, Seen or Until is zero, or Until after Expiry: every session ends")
	}
	return errors.Join(errs...)
}

// clone also gives the times the shape that every store returns.
func (r Record) clone() Record {
	r.Scopes, r.Roles, r.AMR = slices.Clone(r.Scopes), slices.Clone(r.Roles), slices.Clone(r.AMR)
	r.AuthTime, r.Created, r.Seen, r.Until, r.Expiry = micro(r.AuthTime), micro(r.Created), micro(r.Seen), micro(r.Until), micro(r.Expiry)
	return r
}

func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

var b64 = base64.RawURLEncoding.Strict()

// draw returns bytes of the system's random numbers as text.
func draw(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return b64.EncodeToString(b)
}

// parse returns the hash of a cookie's value, with the names of cookie and issuer in it: of two Sessions that share a store neither takes a
// cookie of the other, under whatever name it comes. What cannot be a value never reaches the store.
func (s *Sessions) parse(value string) (Hash, bool) {
	if len(value) != tokenLen || !isBase64URL(value) {
		return Hash{}, false
	}
	return sha256.Sum256([]byte(s.name + "\x00" + s.issuer + "\x00" + value)), true
}

func validID(s string) bool { return len(s) == idLen && isBase64URL(s) }

func isBase64URL(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

func validList(values []string) bool {
	size := len(values) - 1
	for _, s := range values {
		if s == "" || !plain(s, maxList) {
			return false
		}
		size += len(s)
	}
	return size <= maxList
}

// clip returns a text of the client's as it may be kept.
func clip(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), 4*limit)], ""))
	for len(s) > limit {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
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
