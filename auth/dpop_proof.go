package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// proofClaims are those of a DPoP proof (RFC 9449, section 4.2).
type proofClaims struct {
	id, method, url, token, nonce string
	issued                        time.Time
}

// judge holds a proof whose signature is good against the request (RFC 9449, section 4.3).
func (d *dpop) judge(r *http.Request, payload, token, thumbprint string, now time.Time) *Error {
	c, ok := readProof(payload)
	if !ok {
		return refusal(ErrProof, "jti, htm, htu, iat or ath is missing or has the wrong form")
	}
	sum := sha256.Sum256([]byte(token))
	until := c.issued.Add(d.window)
	switch {
	case c.method != r.Method:
		return refusal(ErrProof, "it is for another method")
	case !d.sameURL(c.url, r):
		return refusal(ErrProof, "it is for another URL")
	case subtle.ConstantTimeCompare([]byte(c.token), []byte(base64url(string(sum[:])))) != 1:
		return refusal(ErrProof, "it is for another token")
	case !now.Before(until):
		return refusal(ErrProof, "it is too old")
	case c.issued.After(now.Add(proofLeeway)):
		return refusal(ErrProof, "it is from the future")
	case d.nonces != nil && !d.nonces.valid(c.nonce, now):
		return &Error{kind: errNonce, nonce: d.nonces.at(now)}
	}
	first, err := d.replays.Use(r.Context(), thumbprint, sha256.Sum256([]byte(thumbprint+"."+c.id)), until, now)
	switch {
	case err != nil:
		return &Error{kind: ErrUnavailable, cause: err, detail: "whether the proof was used before cannot be found out"}
	case !first:
		return refusal(ErrProof, "it was used before")
	}
	return nil
}

func readProof(payload string) (proofClaims, bool) {
	var room [8]jose.Member
	members, ok := jose.ParseObject(payload, room[:0])
	if !ok {
		return proofClaims{}, false
	}
	var c proofClaims
	for _, m := range members {
		switch m.Name {
		case "jti":
			c.id, ok = readName(m.Value)
		case "htm":
			c.method, ok = m.Value.Text()
		case "htu":
			c.url, ok = m.Value.Text()
		case "ath":
			c.token, ok = m.Value.Text()
		case "nonce":
			c.nonce, ok = m.Value.Text()
		case "iat":
			c.issued, ok = readTime(m.Value)
		default:
			ok = !miscased(m.Name, "jti", "htm", "htu", "ath", "nonce", "iat")
		}
		if !ok {
			return proofClaims{}, false
		}
	}
	return c, c.id != "" && c.method != "" && c.url != "" && c.token != "" && !c.issued.IsZero()
}

// sameURL says whether text is the URL of r, without query and fragment.
func (d *dpop) sameURL(text string, r *http.Request) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" || originOf(u) != d.origin {
		return false
	}
	asked := r.URL
	if r.RequestURI != "" { // middleware such as http.StripPrefix changes r.URL
		if asked, err = url.ParseRequestURI(r.RequestURI); err != nil {
			return false
		}
	}
	return normalPath(u) == normalPath(asked)
}

// originOf returns scheme, host and port in their normal form (RFC 3986, sections 6.2.2.1 and 6.2.3).
func originOf(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// normalPath returns the path as it is sent, without the freedom that RFC 3986, section 6.2.2, leaves in writing it: letters, digits,
// "-", ".", "_" and "~" are never escaped, and the digits of escapes are capitals. It resolves no dots, because a router may not either.
func normalPath(u *url.URL) string {
	s := u.EscapedPath()
	if s == "" {
		return "/"
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+2 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		hex := strings.ToUpper(s[i : i+3])
		if c, err := url.PathUnescape(hex); err == nil && strings.Trim(c, unreserved) == "" {
			b.WriteString(c)
		} else {
			b.WriteString(hex)
		}
		i += 2
	}
	return b.String()
}

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

func base64url(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
