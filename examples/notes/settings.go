package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/validate"
)

// settings come from the environment: NOTES_ADDR, NOTES_DB and so on. A value that does not fit stops the start, and all of
// them are reported at once. NOTES_DB_FILE and the like read the value from a file instead.
type settings struct {
	Addr         hostPort `env:"ADDR" default:"127.0.0.1:8443"`
	RedirectAddr hostPort `env:"REDIRECT_ADDR" default:"127.0.0.1:8080"`
	// Hosts are the names that clients use for this service.
	Hosts []string `env:"HOSTS" default:"127.0.0.1,localhost" validate:"min=1,max=20"`
	// Issuer names this service in its tokens. Change it, and the tokens issued before are refused.
	Issuer issuerURL `env:"ISSUER" default:"https://127.0.0.1:8443"`
	// Data is the folder for what is made at the first start.
	Data string `env:"DATA" default:"data"`
	// DB is a file for SQLite or a postgres:// URL; empty means notes.db in Data.
	DB location `env:"DB"`
	// Logins is a redis:// URL for logins, revocations and counted guesses; empty keeps them in the database.
	Logins validate.Secret `env:"LOGINS"`
	// Keys is the file of the signing keys; empty means keys.json in Data.
	Keys string `env:"KEYS"`
	// Policy replaces policy.csv, which is compiled in.
	Policy existingFile `env:"POLICY"`
	// TLSCert and TLSKey replace the development certificate.
	TLSCert existingFile `env:"TLS_CERT"`
	TLSKey  existingFile `env:"TLS_KEY"`
	// SeedPasswords are the first passwords, as alice:…,bob:…,admin:…; those not given are made and printed once.
	SeedPasswords seeds `env:"SEED_PASSWORDS"`
}

// hostPort is where to listen; port 0 is any that is free.
type hostPort string

func (h *hostPort) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	*h = hostPort(text)
	return err
}

// issuerURL is https, or http on loopback, without query and fragment.
type issuerURL string

func (i *issuerURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(string(text), "?#") || u.Scheme != "https" && !(u.Scheme == "http" && u.Hostname() == "127.0.0.1") {
		return errors.New("not an https URL without query and fragment")
	}
	*i = issuerURL(text)
	return nil
}

// location is where the database is. It is a Secret because a URL holds a password.
type location struct{ validate.Secret }

func (l *location) UnmarshalText(text []byte) error {
	s := string(text)
	if isPostgres(s) {
		if u, err := url.Parse(s); err != nil || u.Host == "" {
			return errors.New("not a URL")
		}
	} else if strings.ContainsAny(s, "=?") || strings.Contains(s, ":/") || strings.HasPrefix(s, ":") { // a connection string of another form
		return errors.New("neither a file nor a postgres:// URL")
	}
	l.Secret = validate.NewSecret(s)
	return nil
}

func isPostgres(s string) bool {
	return strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://")
}

// existingFile is the path of a file that can be opened.
type existingFile string

func (e *existingFile) UnmarshalText(text []byte) error {
	f, err := os.Open(string(text))
	if err != nil {
		return err
	}
	*e = existingFile(text)
	return f.Close()
}

// seeds are the passwords of the first users.
type seeds struct{ given map[string]validate.Secret }

func (s *seeds) UnmarshalText(text []byte) error {
	s.given = map[string]validate.Secret{}
	for pair := range strings.SplitSeq(string(text), ",") {
		name, pw, ok := strings.Cut(pair, ":")
		if _, twice := s.given[name]; !ok || twice || pw == "" || name != "alice" && name != "bob" && name != "admin" {
			return errors.New("not alice:…,bob:…,admin:…")
		}
		s.given[name] = validate.NewSecret(pw)
	}
	return nil
}

// of returns the password of a user, and whether it was made here.
func (s seeds) of(name string) (pw validate.Secret, made bool) {
	if pw, ok := s.given[name]; ok {
		return pw, false
	}
	return validate.NewSecret(rand.Text()), true
}

func readSettings() (settings, error) {
	s, err := validate.Env[settings]("NOTES")
	if (os.Getenv("NOTES_TLS_CERT") == "") != (os.Getenv("NOTES_TLS_KEY") == "") {
		err = errors.Join(err, errors.New("NOTES_TLS_CERT and NOTES_TLS_KEY go together: set both or neither"))
	}
	if err != nil {
		return settings{}, err
	}
	if err := makeData(s.Data); err != nil {
		return settings{}, err
	}
	if s.Keys == "" {
		s.Keys = filepath.Join(s.Data, "keys.json")
	}
	if s.DB.Reveal() == "" {
		s.DB.Secret = validate.NewSecret(filepath.Join(s.Data, "notes.db"))
	}
	return s, nil
}

// makeData makes the folder of keys and database, closed to others, and keeps it out of repositories.
func makeData(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("NOTES_DATA: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { // it may have been there
		return fmt.Errorf("NOTES_DATA: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*\n"), 0o600); err != nil {
		return fmt.Errorf("NOTES_DATA: %w", err)
	}
	return nil
}
