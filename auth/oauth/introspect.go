package oauth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/store"
)

// Introspect returns the introspection endpoint (RFC 7662), for clients that authenticate. A client learns about its own tokens, and one
// with [Client.Introspect] about the access tokens of all. Everything else, and every token that is not good now, is answered with
// {"active":false} and nothing more (section 2.2).
func (s *Service) Introspect() http.Handler { return formEndpoint{s, s.introspect} }

// introspection is the answer of section 2.2.
type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	Client    string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	Expiry    int64  `json:"exp,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Audience  any    `json:"aud,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	ID        string `json:"jti,omitempty"`
}

func (s *Service) introspect(q request) (any, *Error) {
	if q.client.public() {
		return nil, invalidClient(len(q.Header["Authorization"]) > 0, "a public client asks about a token")
	}
	text := q.form["token"]
	if text == "" {
		return nil, badRequest("The parameter token is missing.")
	}
	if token, ok := parseRefreshToken(text); ok {
		return s.introspectRefresh(q, token)
	}
	p, err := s.issuer.Verifier().Verify(q.Context(), text)
	switch {
	case errors.Is(err, auth.ErrUnavailable):
		return nil, unavailable(err)
	case err != nil, !q.client.Introspect && p.Client() != q.client.ID:
		return introspection{}, nil
	}
	var more struct {
		Audience any `json:"aud"`
	}
	if err := p.Claims(&more); err != nil {
		return nil, serverError(err)
	}
	return introspection{
		Active: true, Scope: strings.Join(p.Scopes(), " "), Client: p.Client(), TokenType: "Bearer", Expiry: p.Expiry().Unix(),
		IssuedAt: p.IssuedAt().Unix(), Subject: p.Subject(), Audience: more.Audience, Issuer: p.Issuer(), ID: p.TokenID(),
	}, nil
}

// introspectRefresh tells a client about a refresh token of its own. To ask uses nothing up and ends nothing.
func (s *Service) introspectRefresh(q request, token refreshToken) (any, *Error) {
	if s.refresh.Store == nil {
		return introspection{}, nil
	}
	family, err := s.refresh.Store.Lookup(q.Context(), token.family(), q.now)
	switch {
	case errors.Is(err, store.ErrUnknown), errors.Is(err, store.ErrExpired):
		return introspection{}, nil
	case err != nil:
		return nil, unavailable(err)
	case family.Client != q.client.ID, family.Hash != token.hash():
		return introspection{}, nil
	}
	if u, err := s.users.LookupSubject(q.Context(), family.Subject); errors.Is(err, ErrUnknownUser) || err == nil && u.Disabled {
		return introspection{}, nil // a refresh would be refused
	} else if err != nil {
		return nil, unavailable(err)
	}
	end := family.Until
	if family.Expiry.Before(end) {
		end = family.Expiry
	}
	return introspection{Active: true, Scope: strings.Join(family.Scopes, " "), Client: family.Client, Expiry: end.Unix(), Subject: family.Subject, Issuer: s.issuer.Name()}, nil
}
