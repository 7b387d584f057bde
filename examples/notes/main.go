// Command notes is a note-taking API: the program to copy when you start a service with Sallyport.
//
// Read [run] first. It builds each part once and hands it to the next; [service.routes] says who may call what.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/auth/throttle"
	"github.com/sallyport-go/sallyport/rbac"
	"github.com/sallyport-go/sallyport/tlsutil"
	"github.com/sallyport-go/sallyport/validate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// service is what the handlers share.
type service struct {
	db     *database
	tokens *oauth.Service
	policy *rbac.Engine
}

func run(ctx context.Context, out io.Writer) error {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	set, err := readSettings()
	if err != nil {
		return err
	}

	// The database, and who is in it.
	db, err := openDatabase(ctx, set.DB.Reveal())
	if err != nil {
		return err
	}
	defer db.pool.Close()
	logins, err := openLogins(set.Logins.Reveal(), db)
	if err != nil {
		return err
	}
	go db.sweep(ctx)
	hasher, err := password.New(password.Config{})
	if err != nil {
		return err
	}
	accounts := users{db}

	// Who are you: tokens are signed, and verified, with the keys of this ring.
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Path: set.Keys})
	if err != nil {
		return err
	}
	go func() { // rotates them, and follows the file where several processes serve
		if err := keys.Run(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "the signing keys are not rotated", "err", err)
		}
	}()
	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: string(set.Issuer), Audience: []string{string(set.Issuer)}, Keys: keys, Revocations: logins})
	if err != nil {
		return err
	}
	limiter, err := throttle.New(throttle.Config{Counters: logins})
	if err != nil {
		return err
	}
	tokens, err := oauth.New(oauth.Config{
		Issuer:   issuer,
		Users:    accounts,
		Hasher:   hasher,
		Throttle: limiter,
		Password: &oauth.PasswordGrant{ClientID: "notes"},
		Refresh:  &oauth.RefreshGrant{Store: logins},
	})
	if err != nil {
		return err
	}
	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(issuer.Verifier()), Realm: "notes"})
	if err != nil {
		return err
	}

	// What may you do: the policy decides on each route.
	policy, err := rbac.New(rbac.Config{Source: policySource(string(set.Policy)), Authenticate: guard.Handler, Subject: auth.Subject})
	if err != nil {
		return err
	}
	s := &service{db: db, tokens: tokens, policy: policy}
	handler, err := s.routes()
	if err != nil {
		return err
	}

	// HTTPS all the way.
	certs, trust, err := certificates(set)
	if err != nil {
		return err
	}
	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{})
	if err != nil {
		return err
	}
	server, err := tlsutil.New(tlsutil.Config{
		Addr:         string(set.Addr),
		RedirectAddr: string(set.RedirectAddr),
		Hosts:        set.Hosts,
		Handler:      headers.Handler(handler),
		Certs:        certs,
	})
	if err != nil {
		return err
	}
	if err := server.Listen(); err != nil {
		return err
	}
	made, err := accounts.seed(ctx, hasher, set.SeedPasswords) // last, so that their passwords are shown by a start that succeeds
	if err != nil {
		return err
	}
	greet(out, server, trust, made)
	return server.Run(ctx)
}

//go:embed policy.csv
var builtinPolicy embed.FS

func policySource(file string) rbac.Source {
	if file != "" {
		return rbac.File(file)
	}
	return rbac.Files(builtinPolicy, "policy.csv")
}

// routes is the whole surface. Build fails if a route has neither a permission nor Public, or asks for one that nobody has.
func (s *service) routes() (http.Handler, error) {
	mux := s.policy.Mux()
	mux.Public("GET /healthz", validate.Endpoint(s.health))
	for pattern, endpoint := range s.tokens.Endpoints() { // POST /token, POST /revoke, GET /.well-known/jwks.json and the like
		mux.Public(pattern, endpoint)
	}
	mux.Handle("GET /users/me", "self:read", validate.Endpoint(s.me))
	mux.Handle("GET /notes", "notes:read", validate.Endpoint(s.listNotes))
	mux.Handle("POST /notes", "notes:write", validate.Endpoint(s.createNote))
	mux.Handle("GET /notes/{id}", "notes:read", validate.Endpoint(s.getNote))
	mux.Handle("PATCH /notes/{id}", "notes:write", validate.Endpoint(s.patchNote))
	mux.Handle("DELETE /notes/{id}", "notes:write", validate.Endpoint(s.deleteNote))
	mux.Handle("GET /admin/users", "users:read", validate.Endpoint(s.listUsers))
	return mux.Build()
}

type health struct {
	Status string `json:"status"`
}

// health answers 503 while the database cannot be reached, and 200 again when it is back.
func (s *service) health(ctx context.Context, _ struct{}) (health, error) {
	if err := s.db.Ping(ctx); err != nil {
		return health{}, err
	}
	return health{Status: "ok"}, nil
}

// certificates returns those of the settings, or a development certificate and the file of the authority to trust.
func certificates(set settings) (certs tlsutil.Certs, trust string, err error) {
	if set.TLSCert != "" {
		files, err := tlsutil.NewFiles(tlsutil.FilesConfig{Cert: string(set.TLSCert), Key: string(set.TLSKey)})
		return files, "", err
	}
	ca, err := tlsutil.NewDevCA(tlsutil.DevCAConfig{Dir: filepath.Join(set.Data, "tls"), Hosts: set.Hosts})
	if err != nil {
		return nil, "", errors.Join(err, errors.New("for other hosts set NOTES_TLS_CERT and NOTES_TLS_KEY"))
	}
	trust, err = filepath.Abs(ca.Root())
	return ca, trust, err
}

// greet prints what a newcomer needs: where the service is, the passwords that were made, and three lines that show it working.
func greet(out io.Writer, server *tlsutil.Server, trust string, made []seeded) {
	base := "https://" + server.Addr().String()
	fmt.Fprintf(out, "notes listens on %s; http://%s leads there\n", base, server.RedirectAddr())
	password := "PASSWORD"
	for _, u := range made {
		if !u.made { // it came from a setting, and belongs into no log
			fmt.Fprintf(out, "  user %-5s  password as NOTES_SEED_PASSWORDS says\n", u.name)
			continue
		}
		fmt.Fprintf(out, "  user %-5s  password %s  (shown this once)\n", u.name, u.password.Reveal())
		if u.name == "alice" {
			password = u.password.Reveal()
		}
	}
	curl := "curl -sS"
	if trust != "" {
		curl += " --cacert " + trust
	}
	fmt.Fprintf(out, "\nTry it:\n"+
		"  TOKEN=$(%[1]s %[2]s/token -d grant_type=password -d username=alice --data-urlencode 'password=%[3]s' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n"+
		"  %[1]s %[2]s/notes -H \"Authorization: Bearer $TOKEN\" --json '{\"title\": \"Hello\", \"body\": \"My first note\"}'\n"+
		"  %[1]s \"%[2]s/notes?q=hello\" -H \"Authorization: Bearer $TOKEN\"\n\n", curl, base, password)
}
