// Command quickstart is a secure service in one file: HTTPS, tokens, roles, and input that is checked.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/rbac"
	"github.com/sallyport-go/sallyport/tlsutil"
	"github.com/sallyport-go/sallyport/validate"
)

var policy = rbac.Rules(
	"p, role:greeter, *, greetings, write, allow",
	"g, alice, role:greeter, *",
)

type request struct {
	Name string `json:"name" validate:"required,min=1,max=50"`
}

type response struct {
	Text string `json:"text"`
}

func greet(ctx context.Context, in request) (response, error) {
	me, ok := auth.FromContext(ctx)
	if !ok {
		return response{}, errors.New("nobody is there") // answered with 500
	}
	return response{fmt.Sprintf("%s greets %s", me.Subject(), in.Name)}, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	keys := must(auth.NewKeyRing(auth.KeyRingConfig{})) // in memory; give a Path to keep them
	issuer := must(auth.NewIssuer(auth.IssuerConfig{Issuer: "https://localhost:8443", Audience: []string{"greetings"}, Keys: keys}))
	guard := must(auth.New(auth.Config{Authenticator: auth.Bearer(issuer.Verifier()), Realm: "greetings"}))
	engine := must(rbac.New(rbac.Config{Source: policy, Authenticate: guard.Handler, Subject: auth.Subject}))

	mux := engine.Mux() // a route without a permission is an error of Build
	mux.Public("GET /.well-known/jwks.json", keys.JWKS())
	mux.Handle("POST /greetings", "greetings:write", validate.Endpoint(greet))
	handler := must(mux.Build())

	ca := must(tlsutil.NewDevCA(tlsutil.DevCAConfig{}))
	headers := must(tlsutil.NewHeaders(tlsutil.HeadersConfig{}))
	server := must(tlsutil.New(tlsutil.Config{Addr: address(), Handler: headers.Handler(handler), Certs: ca}))
	check(server.Listen())

	token := must(issuer.Issue(ctx, auth.Grant{Subject: "alice", Client: "quickstart"})) // logging in: see examples/notes
	fmt.Printf("curl --cacert %q https://%s/greetings -H 'Authorization: Bearer %s' --json '{\"name\": \"Bob\"}'\n",
		ca.Root(), server.Addr(), token.Value)
	check(server.Run(ctx))
}

func address() string {
	if len(os.Args) > 1 {
		return os.Args[1]
	}
	return "127.0.0.1:8443"
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
