package auth

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/problem"
)

// publish makes the public set: the public members of each key and nothing else.
func (s *ringKeys) publish(keys []ringKey) error {
	texts := make([][]byte, len(keys))
	for i, k := range keys {
		text, err := k.key.Public().JWK()
		if err != nil {
			return fmt.Errorf("auth: %w", err)
		}
		texts[i] = text
	}
	s.jwks = fmt.Appendf(nil, `{"keys":[%s]}`, bytes.Join(texts, []byte(",")))
	sum := sha256.Sum256(s.jwks)
	s.etag = `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	return nil
}

// jwksMaxAge is how long verifiers may keep the public set.
const jwksMaxAge = 5 * time.Minute

// JWKS returns a handler that answers GET and HEAD with the public keys as a JWK set (RFC 7517, section 5). Verifiers may keep it
// for five minutes. The answer is 503 if the ring follows a file that it could not read for too long.
func (k *KeyRing) JWKS() http.Handler { return jwks{k} }

type jwks struct{ ring *KeyRing }

func (h jwks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		problem.Write(w, r, problem.Details{Status: http.StatusMethodNotAllowed, Detail: "The keys can only be read."})
		return
	}
	header := w.Header()
	set, err := h.ring.fresh(r.Context())
	if err != nil {
		header.Set("Retry-After", retryAfter)
		problem.Write(w, r, problem.Details{Status: http.StatusServiceUnavailable, Detail: "The service is not available at the moment. Try again later."})
		return
	}
	header.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", jwksMaxAge/time.Second))
	header.Set("Etag", set.etag)
	if match(r.Header.Values("If-None-Match"), set.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", "application/jwk-set+json")
	header.Set("Content-Length", fmt.Sprint(len(set.jwks)))
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodHead {
		_, _ = w.Write(set.jwks) // a client that went away is not our error
	}
}

// match is the weak comparison of RFC 9110, section 13.1.2. Our tags have no comma, so that cutting at commas finds them.
func match(fields []string, etag string) bool {
	for _, field := range fields {
		for candidate := range strings.SplitSeq(field, ",") {
			candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
			if candidate == etag || candidate == "*" {
				return true
			}
		}
	}
	return false
}
