// Command routers is one small API behind the same Guard on five routers: net/http, chi, gorilla/mux, echo and gin. Copy the file of yours.
//
//	go run ./routers -router chi
//
// It prints a token and the curl line to use it. Plain HTTP on loopback; package tlsutil serves it over HTTPS.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sallyport-go/sallyport/auth"
)

// routers are the same API five times.
var routers = map[string]func(*auth.Guard) http.Handler{
	"net/http": netHTTP, "chi": chiRouter, "gorilla": gorillaRouter, "echo": echoRouter, "gin": ginRouter,
}

func main() {
	name := flag.String("router", "net/http", strings.Join(names(), ", "))
	addr := flag.String("addr", "127.0.0.1:8080", "loopback address to listen on")
	flag.Parse()
	if err := run(*name, *addr); err != nil {
		log.Fatal(err)
	}
}

func names() []string {
	var list []string
	for name := range routers {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func run(name, addr string) error {
	router := routers[name]
	if router == nil {
		return fmt.Errorf("-router is none of %s", strings.Join(names(), ", "))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{})
	if err != nil {
		return err
	}
	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: "http://" + addr, Audience: []string{"orders"}, Keys: keys})
	if err != nil {
		return err
	}
	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(issuer.Verifier()), Realm: "orders"})
	if err != nil {
		return err
	}
	token, err := issuer.Issue(ctx, auth.Grant{Subject: "alice", Client: "curl", Scopes: []string{"orders:read"}})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("curl http://%s/orders/17 -H 'Authorization: Bearer %s'\n", listener.Addr(), token.Value)
	server := &http.Server{Handler: router(guard), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(ending) // Serve says so if it matters
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// answer is what every router answers: who asked, and for which order.
func answer(r *http.Request, id string) map[string]string {
	subject, _ := auth.Subject(r)
	return map[string]string{"subject": subject, "order": id}
}
