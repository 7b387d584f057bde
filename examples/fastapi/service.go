package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/auth/store"
)

// The scopes of the tutorial.
const (
	scopeMe    = "me"    // read information about the current user
	scopeItems = "items" // read items
)

func service(ctx context.Context, base string, s settings) (http.Handler, error) {
	compat := s.compat == "fastapi"
	hasher, err := password.New(password.Config{})
	if err != nil {
		return nil, err
	}
	people, err := newTable(ctx, hasher, compat)
	if err != nil {
		return nil, err
	}
	logins, err := store.NewMemory(store.Config{})
	if err != nil {
		return nil, err
	}
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Path: s.keys})
	if err != nil {
		return nil, err
	}
	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: base, Audience: []string{base}, Keys: keys, Revocations: logins})
	if err != nil {
		return nil, err
	}
	grants := []oauth.GrantType{oauth.GrantPassword, oauth.GrantRefreshToken, oauth.GrantClientCredentials}
	tokens, err := oauth.New(oauth.Config{
		Issuer: issuer, Users: people, Hasher: hasher, Deny: denyToken(compat),
		Password:          &oauth.PasswordGrant{ClientID: "fastapi"},
		Refresh:           &oauth.RefreshGrant{Store: logins},
		ClientCredentials: &oauth.ClientCredentialsGrant{},
		Clients: []oauth.Client{{
			ID: "web", Secrets: []oauth.SecretHash{oauth.HashSecret("s3cret")}, // a real one is random: oauth.NewSecret
			Grants: grants, Scopes: []string{scopeMe, scopeItems}, Introspect: true,
		}},
	})
	if err != nil {
		return nil, err
	}
	guard, err := auth.New(auth.Config{Authenticator: known{auth.Bearer(issuer.Verifier()), people}, Realm: "fastapi", Deny: denyGuard(compat)})
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	for pattern, handler := range tokens.Endpoints() {
		if compat && pattern == "POST /token" {
			handler = likeFastAPI(handler)
		}
		mux.Handle(pattern, handler)
	}
	for _, end := range []string{"", "/{$}"} { // FastAPI redirects from one to the other
		mux.Handle("GET /users/me"+end, guard.Require(scopeMe)(active(people, compat, func(p person) any { return p })))
		mux.Handle("GET /users/me/items"+end, guard.Require(scopeMe, scopeItems)(active(people, compat, func(p person) any {
			return []map[string]string{{"item_id": "Foo", "owner": p.Username}}
		})))
		mux.Handle("GET /status"+end, guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
		})))
	}
	return mux, nil
}

// known is a login by a token whose subject is still in the table: a user, or a client that has a token for itself.
type known struct {
	auth.Authenticator
	people *table
}

// Unwrap shows what is inside.
func (k known) Unwrap() auth.Authenticator { return k.Authenticator }

func (k known) Authenticate(r *http.Request) (*auth.Principal, error) {
	p, err := k.Authenticator.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if _, ok := k.people.find(p.Subject()); !ok && !strings.HasPrefix(p.Subject(), "client:") {
		return nil, auth.ErrInvalidCredentials
	}
	return p, nil
}

// active answers for the user of the request, if it is a user and not disabled.
func active(people *table, compat bool, answer func(person) any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		subject, _ := auth.Subject(r)
		p, ok := people.find(subject)
		switch {
		case ok && !p.Disabled:
			writeJSON(w, http.StatusOK, answer(p))
		case ok && compat:
			writeJSON(w, http.StatusBadRequest, detail{"Inactive user"})
		default:
			writeJSON(w, http.StatusForbidden, detail{"Not an active user"})
		}
	})
}

type detail struct {
	Detail string `json:"detail"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away is not our error
}
