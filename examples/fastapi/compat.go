package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/oauth"
)

// What follows are the differences between the tutorial and the standards, and all of them.

// denyGuard answers 401 where RFC 6750, section 3.1, says 403, with the texts of the tutorial.
func denyGuard(compat bool) func(http.ResponseWriter, *http.Request, error) {
	if !compat {
		return nil
	}
	return func(w http.ResponseWriter, _ *http.Request, err error) {
		refusal, ok := errors.AsType[*auth.Error](err)
		switch {
		case !ok:
			writeJSON(w, http.StatusInternalServerError, detail{"Internal Server Error"})
		case errors.Is(err, auth.ErrNoCredentials):
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeJSON(w, http.StatusUnauthorized, detail{"Not authenticated"})
		case errors.Is(err, auth.ErrInsufficientScope):
			writeJSON(w, http.StatusUnauthorized, detail{"Not enough permissions"})
		case refusal.HTTPStatus() == http.StatusUnauthorized:
			writeJSON(w, http.StatusUnauthorized, detail{"Could not validate credentials"})
		default:
			writeJSON(w, refusal.HTTPStatus(), detail{refusal.Public()})
		}
	}
}

// denyToken has one member where RFC 6749, section 5.2, has two.
func denyToken(compat bool) func(http.ResponseWriter, *http.Request, error) {
	if !compat {
		return nil
	}
	return func(w http.ResponseWriter, _ *http.Request, err error) {
		refusal, ok := errors.AsType[*oauth.Error](err)
		switch {
		case !ok:
			writeJSON(w, http.StatusInternalServerError, detail{"Internal Server Error"})
		case refusal.Code() == "invalid_grant":
			writeJSON(w, refusal.HTTPStatus(), detail{"Incorrect username or password"})
		default:
			writeJSON(w, refusal.HTTPStatus(), detail{refusal.Public()})
		}
	}
}

const maxForm = 16 << 10

// likeFastAPI takes a form without grant_type for a password grant, passes over scopes that nobody has, and writes the token's type in
// lower case.
func likeFastAPI(token http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1)) // the token endpoint refuses what is longer
		if err != nil {
			writeJSON(w, http.StatusBadRequest, detail{"The body could not be read"})
			return
		}
		if form, err := url.ParseQuery(string(body)); err == nil && len(body) <= maxForm {
			if len(form["grant_type"]) == 0 {
				form.Set("grant_type", "password")
			}
			if scopes := form["scope"]; len(scopes) == 1 {
				form.Set("scope", strings.Join(within(strings.Fields(scopes[0])), " "))
			}
			body = []byte(form.Encode())
		}
		inner := r.Clone(r.Context())
		inner.Body, inner.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		answer := &held{ResponseWriter: w, status: http.StatusOK}
		token.ServeHTTP(answer, inner)
		w.WriteHeader(answer.status)
		text := bytes.Replace(answer.body.Bytes(), []byte(`"token_type":"Bearer"`), []byte(`"token_type":"bearer"`), 1)
		_, _ = w.Write(text) // a client that went away is not our error
	})
}

// held is an answer that is not sent yet.
type held struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *held) WriteHeader(status int)      { h.status = status }
func (h *held) Write(p []byte) (int, error) { return h.body.Write(p) }

func within(scopes []string) (known []string) {
	for _, s := range scopes {
		if s == scopeMe || s == scopeItems {
			known = append(known, s)
		}
	}
	return known
}
