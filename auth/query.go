package auth

import (
	"errors"
	"net/http"
	"net/url"
)

// InsecureQuery returns an Authenticator that reads the token from the query parameter access_token (RFC 6750, section 2.3). It is
// insecure because URLs end in logs, histories and Referer headers, from which the token can be used until it expires; RFC 9700,
// section 4.3.2, says that clients must not do this. It is for clients that can send nothing else, such as an EventSource in
// a browser: give them tokens that live for a minute.
//
// The parameter may be there once, and a query that cannot be parsed is refused. Answers that passed [Guard.Handler] or
// [Guard.Require] are marked Cache-Control: private, unless the handler says otherwise.
func InsecureQuery(v TokenVerifier) Authenticator { return query{v} }

type query struct{ verifier TokenVerifier }

const queryParameter = "access_token"

func (q query) fault() error {
	if missing(q.verifier) {
		return errors.New("auth: Config.Authenticator is InsecureQuery(nil): give it a verifier, such as issuer.Verifier()")
	}
	return nil
}

func (query) Schemes() []string { return []string{schemeBearer} }
func (query) Vary() []string    { return []string{} } // the URL is in every cache's key, and in its hands

// Presents says whether the parameter is there.
func (query) Presents(r *http.Request) bool {
	values, err := url.ParseQuery(r.URL.RawQuery)
	return err == nil && values.Has(queryParameter)
}

func (q query) Authenticate(r *http.Request) (*Principal, error) {
	if err := q.fault(); err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil { // what it left out may be a second token
		return nil, refusal(ErrInvalidRequest, "the query cannot be parsed")
	}
	tokens := values[queryParameter]
	switch {
	case len(tokens) == 0:
		return nil, refusal(ErrNoCredentials, "")
	case len(tokens) > 1:
		return nil, refusal(ErrInvalidRequest, "more than one access_token")
	case !token68(tokens[0]):
		return nil, refusal(ErrInvalidRequest, "access_token is not a token68")
	}
	return verifyFrom(r, q.verifier, tokens[0])
}
