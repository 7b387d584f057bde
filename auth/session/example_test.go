package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/session"
)

// A site with a login form, and a browser that uses it.
func Example() {
	store, err := session.NewMemory(session.MemoryConfig{}) // to keep them: sqlsessions
	if err != nil {
		log.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	sessions, err := session.New(session.Config{Store: store, Logger: quiet})
	if err != nil {
		log.Fatal(err)
	}
	guard, err := auth.New(auth.Config{Authenticator: sessions, Logger: quiet})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("password") != "correct horse" { // auth/password and auth/throttle
			http.Error(w, "wrong name or password", http.StatusForbidden)
			return
		}
		if err := sessions.Login(w, r, auth.Identity{Subject: "u-17", AMR: []string{"pwd"}}); err != nil {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "welcome")
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := sessions.Logout(w, r); err != nil {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "bye")
	})
	mux.Handle("GET /orders", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := auth.FromContext(r.Context())
		fmt.Fprint(w, "the orders of ", p.Subject())
	})))
	server := httptest.NewTLSServer(sessions.Handler(mux))
	defer server.Close()

	browser := server.Client()
	browser.Jar, _ = cookiejar.New(nil)
	show := func(res *http.Response, err error) {
		if err != nil {
			log.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK {
			fmt.Println(res.StatusCode)
			return
		}
		fmt.Println(res.StatusCode, strings.TrimSpace(string(body)))
	}
	show(browser.Get(server.URL + "/orders"))
	show(browser.PostForm(server.URL+"/login", url.Values{"password": {"correct horse"}}))
	show(browser.Get(server.URL + "/orders"))

	forged, _ := http.NewRequest("POST", server.URL+"/logout", nil) // a form on another site
	forged.Header.Set("Sec-Fetch-Site", "cross-site")
	show(browser.Do(forged))

	show(browser.PostForm(server.URL+"/logout", nil))
	show(browser.Get(server.URL + "/orders"))
	// Output:
	// 401
	// 200 welcome
	// 200 the orders of u-17
	// 403
	// 200 bye
	// 401
}

// The page of a user's sessions. Each but the present one has a button that ends it.
func ExampleSessions_List() {
	store, err := session.NewMemory(session.MemoryConfig{})
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.Config{Store: store, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	for _, device := range []string{"Firefox on Linux", "a phone"} {
		r := httptest.NewRequest("POST", "https://site.example/login", nil)
		r.Header.Set("User-Agent", device)
		if err := sessions.Login(httptest.NewRecorder(), r, auth.Identity{Subject: "u-17"}); err != nil {
			log.Fatal(err)
		}
	}
	ctx := context.Background()
	list, err := sessions.List(ctx, "u-17")
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range list {
		if s.UserAgent == "a phone" { // lost
			fmt.Println(sessions.EndOwn(ctx, "u-18", s.ID)) // another user cannot
			fmt.Println(sessions.EndOwn(ctx, "u-17", s.ID))
		}
	}
	list, err = sessions.List(ctx, "u-17")
	fmt.Println(len(list), list[0].UserAgent, err)
	// Output:
	// session: unknown session
	// <nil>
	// 1 Firefox on Linux <nil>
}

// A browser whose session is not there any more is sent to log in, and forgets the cookie. An outage does not log anybody out.
func ExampleSessions_Forget() {
	store, err := session.NewMemory(session.MemoryConfig{})
	if err != nil {
		log.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	sessions, err := session.New(session.Config{Store: store, Logger: quiet})
	if err != nil {
		log.Fatal(err)
	}
	guard, err := auth.New(auth.Config{Authenticator: sessions, Logger: quiet, Deny: func(w http.ResponseWriter, r *http.Request, err error) {
		switch {
		case errors.Is(err, auth.ErrExpired), errors.Is(err, auth.ErrInvalidCredentials):
			sessions.Forget(w)
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case errors.Is(err, auth.ErrNoCredentials):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		default:
			http.Error(w, "not now", http.StatusServiceUnavailable)
		}
	}})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "https://site.example/orders", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-session", Value: "of-yesterday"})
	w := httptest.NewRecorder()
	guard.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Location"))
	fmt.Println(w.Header().Get("Set-Cookie"))
	// Output:
	// 303 /login
	// __Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax
}
