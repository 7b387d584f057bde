// Command cluster shows that two nodes of a service share everything that a login needs: it starts examples/notes twice on one
// PostgreSQL, walks through logins that use now one node and now the other, ends one of them in the middle, and goes on with the other.
//
//	go run ./cluster -db postgres://user:password@127.0.0.1:5432/notes
//	go run ./cluster -db postgres://… -logins redis://127.0.0.1:6379/0
//
// With -logins refresh tokens, revocations and counted guesses are in Redis, and the notes in PostgreSQL. It makes tables in the database
// and three users, and leaves them there.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

type settings struct{ db, logins string }

func main() {
	var s settings
	flag.StringVar(&s.db, "db", "", "postgres:// URL of a database")
	flag.StringVar(&s.logins, "logins", "", "redis:// URL; empty keeps logins in the database")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s settings, out io.Writer) error {
	if s.db == "" {
		return fmt.Errorf("-db is empty: give a postgres:// URL")
	}
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := build(ctx, dir)
	if err != nil {
		return err
	}
	// One folder for both: they have the same signing keys and the same certificate authority.
	var nodes [2]*node
	for i := range nodes {
		if nodes[i], err = startNode(ctx, program, dir, s); err != nil {
			return fmt.Errorf("node %c: %w", 'A'+i, err)
		}
		defer nodes[i].kill()
	}
	for _, step := range steps {
		if err := step.walk(ctx, nodes[0], nodes[1]); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		fmt.Fprintf(out, "ok  %s\n", step.what)
	}
	return nil
}

// build builds examples/notes, from wherever in the module this runs.
func build(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "notes.exe")
	c := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/sallyport-go/sallyport/examples/notes")
	c.Stderr = os.Stderr
	return program, c.Run()
}
