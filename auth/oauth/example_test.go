package oauth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/auth/store"
)

// exampleUsers is a table with one user.
type exampleUsers struct{ alice oauth.User }

func (u exampleUsers) Lookup(_ context.Context, name string) (oauth.User, error) {
	if name != "alice" {
		return oauth.User{}, oauth.ErrUnknownUser
	}
	return u.alice, nil
}

func (u exampleUsers) LookupSubject(_ context.Context, subject string) (oauth.User, error) {
	if subject != u.alice.Subject {
		return oauth.User{}, oauth.ErrUnknownUser
	}
	return u.alice, nil
}

func (exampleUsers) Upgrade(context.Context, string, string, string) error { return nil }

func newExampleService() (*oauth.Service, error) {
	quiet := slog.New(slog.DiscardHandler)
	hasher, err := password.New(password.Config{})
	if err != nil {
		return nil, err
	}
	hash, err := hasher.Hash(context.Background(), "correct horse battery staple")
	if err != nil {
		return nil, err
	}
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Logger: quiet})
	if err != nil {
		return nil, err
	}
	issuer, err := auth.NewIssuer(auth.IssuerConfig{
		Issuer: "https://api.example", Audience: []string{"https://api.example"}, Keys: keys, Logger: quiet,
	})
	if err != nil {
		return nil, err
	}
	logins, err := store.NewMemory(store.Config{})
	if err != nil {
		return nil, err
	}
	return oauth.New(oauth.Config{
		Issuer:   issuer,
		Users:    exampleUsers{oauth.User{Subject: "u-1", Hash: hash, Scopes: []string{"notes:read", "notes:write"}}},
		Hasher:   hasher,
		Password: &oauth.PasswordGrant{ClientID: "app"},
		Refresh:  &oauth.RefreshGrant{Store: logins},
		Logger:   quiet,
	})
}

// post sends a form as any client would, and returns the status with the answer.
func post(server *httptest.Server, form url.Values) (int, map[string]any) {
	res, err := server.Client().PostForm(server.URL+"/token", form)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		panic(err)
	}
	return res.StatusCode, answer
}

func Example() {
	tokens, err := newExampleService()
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /token", tokens.Token())
	server := httptest.NewServer(mux)
	defer server.Close()

	status, login := post(server, url.Values{
		"grant_type": {"password"}, "username": {"alice"}, "password": {"correct horse battery staple"},
	})
	fmt.Println(status, login["token_type"], login["scope"])

	status, next := post(server, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {login["refresh_token"].(string)}, "scope": {"notes:read"},
	})
	fmt.Println(status, next["token_type"], next["scope"])

	status, refused := post(server, url.Values{"grant_type": {"password"}, "username": {"alice"}, "password": {"a guess"}})
	fmt.Println(status, refused["error"])
	// Output:
	// 200 Bearer notes:read notes:write
	// 200 Bearer notes:read
	// 400 invalid_grant
}

// The usual mistake of a client is to use a refresh token twice, for instance from two tabs of a browser. It cannot be told from a
// theft, so that the login ends. Keep the token in one place, and let one request at a time use it.
func Example_refreshTokenUsedTwice() {
	tokens, err := newExampleService()
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(tokens.Token())
	defer server.Close()
	_, login := post(server, url.Values{
		"grant_type": {"password"}, "username": {"alice"}, "password": {"correct horse battery staple"},
	})
	refresh := func(token any) (int, any) {
		status, answer := post(server, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {fmt.Sprint(token)}})
		return status, answer["refresh_token"]
	}
	status, next := refresh(login["refresh_token"])
	fmt.Println("first use:", status)
	status, _ = refresh(login["refresh_token"])
	fmt.Println("second use:", status)
	status, _ = refresh(next)
	fmt.Println("the next one:", status)
	// Output:
	// first use: 200
	// second use: 400
	// the next one: 400
}
