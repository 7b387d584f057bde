package auth

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

const (
	schemeBearer = "Bearer"
	retryAfter   = "5" // seconds (RFC 9110, section 10.2.3)
)

// unauthenticated turns what an Authenticator said into the refusal of the request.
func (g *Guard) unauthenticated(err error) *Error {
	var e Error
	if known, ok := errors.AsType[*Error](err); ok {
		e = *known
	} else {
		e = Error{kind: ErrUnavailable, cause: err, detail: "the authenticator failed"} // it could not decide; it did not say no
		for _, kind := range append(slices.Clip(tokenFaults), ErrNoCredentials, ErrInvalidRequest, ErrCrossOrigin) {
			if errors.Is(err, kind) {
				e.kind, e.detail = kind, ""
				break
			}
		}
	}
	switch {
	case e.kind == ErrNoCredentials:
		e.header = g.challenge() // no error code for a client that did not try (RFC 6750, section 3.1)
	case e.kind == ErrInvalidRequest:
		e.header = g.challenge(`error="invalid_request"`, `error_description="The credentials are malformed or repeated"`)
	case e.kind == ErrCrossOrigin: // no credentials would help
	case e.kind == ErrUnavailable:
		e.header = http.Header{"Retry-After": {retryAfter}}
	case e.kind == ErrProof:
		e.header = g.challengeOf(schemeDPoP, `error="invalid_dpop_proof"`, `error_description="The DPoP proof is missing or not valid"`)
	case e.kind == errNonce:
		e.header = g.challengeOf(schemeDPoP, `error="use_dpop_nonce"`, `error_description="The DPoP proof needs the nonce of this service"`)
		e.header.Set("DPoP-Nonce", e.nonce)
	case slices.Contains(tokenFaults, e.kind):
		e.header = g.challenge(`error="invalid_token"`, `error_description="The access token is not valid"`)
	default:
		e.kind, e.header = errMisuse, nil
	}
	return &e
}

// insufficient completes a refusal with what the resource needs: scopes, or another login.
func (g *Guard) insufficient(e *Error, requirements []Requirement, needed []string) *Error {
	switch e.kind {
	case ErrInsufficientAuthentication:
		e.header = g.challenge(append([]string{`error="insufficient_user_authentication"`,
			`error_description="A more recent or a stronger login is required"`}, stepUpParams(requirements)...)...)
	case ErrInsufficientScope:
		e.header = g.challenge(`error="insufficient_scope"`, `error_description="The access token does not cover this request"`,
			`scope="`+strings.Join(needed, " ")+`"`)
	}
	return e
}

// challenge returns WWW-Authenticate, with a value for each scheme. All parameters are quoted, and all are constants of the
// program: neither this nor any other header reflects the request. The parameters are those of bearer tokens (RFC 6750, section 3).
func (g *Guard) challenge(params ...string) http.Header { return g.challengeOf("", params...) }

// challengeOf is challenge with the params for one scheme only, if it is not empty.
func (g *Guard) challengeOf(only string, params ...string) http.Header {
	given := len(params)
	params = append([]string{`realm="` + g.realm + `"`}, params...)
	if g.metadata != "" {
		params = append(params, g.metadata)
	}
	h := http.Header{}
	for _, scheme := range g.schemes {
		own := params
		if only != "" && scheme != only {
			own = append(slices.Clip(params[:1]), params[1+given:]...)
		}
		switch scheme {
		case schemeBearer:
		case schemeDPoP:
			own = append(slices.Clip(own), `algs="ES256 ES384 ES512 EdDSA PS256 RS256"`) // RFC 9449, section 7.1
		case schemeBasic:
			own = []string{params[0], `charset="UTF-8"`} // RFC 7617, section 2.1
		default:
			own = params[:1]
		}
		h.Add("WWW-Authenticate", scheme+" "+strings.Join(own, ", "))
	}
	return h
}
