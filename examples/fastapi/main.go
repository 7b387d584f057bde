// Command fastapi serves what FastAPI's tutorial "OAuth2 with scopes" serves, on the same paths, for the same users, so that its clients
// move over unchanged: POST /token, GET /users/me/, /users/me/items/ and /status/.
//
//	go run ./fastapi -keys keys.json
//	curl http://127.0.0.1:8000/token -d 'username=johndoe&password=secret&grant_type=password&scope=me items'
//
// Where the tutorial and a standard differ, the standard wins: alice, who is disabled, cannot log in; a scope that is missing is 403;
// nobody is granted a scope for the asking. With -compat fastapi the answers are those of the tutorial, as far as that is safe. Beyond the
// tutorial there are refresh tokens, a confidential client web with the secret s3cret for every grant, revocation (RFC 7009),
// introspection (RFC 7662) and metadata (RFC 8414).
//
// The passwords and the secret are the tutorial's and public, and so the program serves plain HTTP on loopback only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type settings struct{ addr, keys, compat string }

func main() {
	var s settings
	flag.StringVar(&s.addr, "addr", "127.0.0.1:8000", "loopback address to listen on")
	flag.StringVar(&s.keys, "keys", "", "file of the signing keys, made when missing; empty keeps them in memory")
	flag.StringVar(&s.compat, "compat", "", "fastapi: answer as the tutorial does where a standard says otherwise")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "fastapi [flags]             serve\nfastapi -keys FILE mint     print a token with the claims on standard input, for tests\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case flag.NArg() == 0:
		err = run(ctx, s, os.Stdout)
	case flag.NArg() == 1 && flag.Arg(0) == "mint":
		err = mint(s.keys, os.Stdin, os.Stdout)
	default:
		err = errors.New("the only command is mint: see -help")
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s settings, out io.Writer) error {
	if s.compat != "" && s.compat != "fastapi" {
		return errors.New("-compat is neither empty nor fastapi")
	}
	if host, _, err := net.SplitHostPort(s.addr); err != nil || !net.ParseIP(host).IsLoopback() {
		return errors.New("-addr is not a loopback address with a port: give one such as 127.0.0.1:8000")
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	base := "http://" + listener.Addr().String()
	handler, err := service(ctx, base, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listening on %s\n", base)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second}
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
