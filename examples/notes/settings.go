package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sallyport-go/sallyport/validate"
)

// settings come from the environment: NOTES_ADDR, NOTES_DB and so on. A value that does not fit stops the start, and all of
// them are reported at once. NOTES_DB_FILE and the like read a secret from a file instead.
type settings struct {
	Addr         hostPort `env:"ADDR" default:"127.0.0.1:8443"`
	RedirectAddr hostPort `env:"REDIRECT_ADDR" default:"127.0.0.1:8080"`
	// Hosts are the names that clients use for this service.
	Hosts []string `env:"HOSTS" default:"127.0.0.1,localhost" validate:"min=1,max=20"`
	// Issuer names this service in its tokens. Change it, and the tokens issued before are refused.
	Issuer string `env:"ISSUER" default:"https://127.0.0.1:8443" validate:"url"`
	// Data is the folder for what is made at the first start.
	Data string `env:"DATA" default:"data"`
	// DB is a file for SQLite or a postgres:// URL; empty means notes.db in Data. It is a Secret because a URL holds a password.
	DB validate.Secret `env:"DB"`
	// Logins is a redis:// URL for logins, revocations and counted guesses; empty keeps them in the database.
	Logins validate.Secret `env:"LOGINS"`
	// Keys is the file of the signing keys; empty means keys.json in Data.
	Keys string `env:"KEYS"`
	// Policy replaces policy.csv, which is compiled in.
	Policy string `env:"POLICY"`
	// TLSCert and TLSKey replace the development certificate.
	TLSCert string `env:"TLS_CERT"`
	TLSKey  string `env:"TLS_KEY"`
	// SeedPasswords are the first passwords, as alice:…,bob:…,admin:…; those not given are made and printed once.
	SeedPasswords validate.Secret `env:"SEED_PASSWORDS"`
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
		s.DB = validate.NewSecret(filepath.Join(s.Data, "notes.db"))
	}
	return s, nil
}

// makeData makes the folder of keys and database, closed to others, and keeps it out of repositories.
func makeData(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("NOTES_DATA: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*\n"), 0o600); err != nil {
		return fmt.Errorf("NOTES_DATA: %w", err)
	}
	return nil
}
