// Command resource-server is an API that accepts the tokens of an issuer elsewhere.
//
//	go run ./resource-server -issuer https://id.example -audience https://api.example
//
// finds the issuer's keys by its metadata. With -jwks they come from that URL or file, and with -hmac FILE the bytes of the file are the
// secret of HS256, 32 of them at least. It serves plain HTTP and therefore on loopback only.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/sallyport-go/sallyport/auth"
)

type settings struct{ addr, issuer, audience, jwks, hmac string }

func main() {
	var s settings
	flag.StringVar(&s.addr, "addr", "127.0.0.1:9000", "loopback address to listen on")
	flag.StringVar(&s.issuer, "issuer", "", "issuer of the tokens (iss)")
	flag.StringVar(&s.audience, "audience", "", "name of this service (aud)")
	flag.StringVar(&s.jwks, "jwks", "", "URL or file of the issuer's public keys; empty finds them by the issuer's metadata")
	flag.StringVar(&s.hmac, "hmac", "", "file of the secret of HS256")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s settings, out io.Writer) error {
	handler, err := service(ctx, s)
	if err != nil {
		return err
	}
	if host, _, err := net.SplitHostPort(s.addr); err != nil || !net.ParseIP(host).IsLoopback() {
		return errors.New("-addr is not a loopback address with a port: give one such as 127.0.0.1:9000")
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listening on http://%s/resource\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	drained := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		drained <- server.Shutdown(ending)
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}

func service(ctx context.Context, s settings) (http.Handler, error) {
	keys, err := issuerKeys(ctx, s)
	if err != nil {
		return nil, err
	}
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Issuer: s.issuer, Audience: []string{s.audience}, Keys: keys})
	if err != nil {
		return nil, err
	}
	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(verifier), Realm: "resource"})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /resource", guard.Handler(http.HandlerFunc(resource)))
	return mux, nil
}

// issuerKeys follows the flags.
func issuerKeys(ctx context.Context, s settings) (auth.Keys, error) {
	switch {
	case s.hmac != "" && s.jwks != "":
		return nil, errors.New("-hmac and -jwks exclude each other: a secret and public keys are never in one set")
	case s.hmac != "":
		secret, err := os.ReadFile(s.hmac)
		if err != nil {
			return nil, err
		}
		return auth.NewSecretKeys(auth.SecretKey{Secret: secret})
	case strings.HasPrefix(s.jwks, "https://"), strings.HasPrefix(s.jwks, "http://"):
		return auth.NewRemoteKeys(auth.RemoteKeysConfig{URL: s.jwks})
	case s.jwks != "":
		text, err := os.ReadFile(s.jwks)
		if err != nil {
			return nil, err
		}
		return auth.NewPublicKeys(text)
	}
	return auth.Discover(ctx, auth.DiscoverConfig{Issuer: s.issuer})
}

func resource(w http.ResponseWriter, r *http.Request) {
	p, ok := auth.FromContext(r.Context())
	if !ok {
		http.Error(w, "nobody is there", http.StatusInternalServerError)
		return
	}
	scopes := p.Scopes()
	if scopes == nil {
		scopes = []string{}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct { // a client that went away is not our error
		Subject string   `json:"subject"`
		Scopes  []string `json:"scopes"`
	}{p.Subject(), scopes})
}
