//go:build unix

package validate_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

type common struct {
	Debug bool `env:"DEBUG"`
}

type settings struct {
	common
	Addr    string        `env:"ADDR" default:":8443" validate:"hostname_port"`
	Timeout time.Duration `env:"TIMEOUT" default:"10s" validate:"min=1s,max=1m"`
	Origins []string      `env:"ORIGINS" validate:"dive,https_url"`
	Ports   []uint16      `env:"PORTS" default:"80, 443"`
	Workers *int          `env:"WORKERS" validate:"omitempty,min=1"`
	DB      struct {
		URL validate.Secret `env:"URL" validate:"required,min=8"`
	} `env:"DB"`
	Skipped chan int `env:"-"`
}

func setenv(t *testing.T, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		t.Setenv(pairs[i], pairs[i+1])
	}
}

func TestEnvReadsSettings(t *testing.T) {
	setenv(t, "NOTES_DB_URL", "postgres://x", "NOTES_ORIGINS", "https://a.example, https://b.example", "NOTES_TIMEOUT", "", "NOTES_DEBUG", "true", "NOTES_WORKERS", "3")
	s, err := validate.Env[settings]("NOTES")
	require.NoError(t, err)
	assert.Equal(t, ":8443", s.Addr)
	assert.Equal(t, 10*time.Second, s.Timeout)
	assert.Equal(t, []string{"https://a.example", "https://b.example"}, s.Origins)
	assert.Equal(t, []uint16{80, 443}, s.Ports)
	assert.Equal(t, 3, *s.Workers)
	assert.True(t, s.Debug)
	assert.Equal(t, "postgres://x", s.DB.URL.Reveal())
}

func TestEnvReportsAllFaultsWithoutValues(t *testing.T) {
	setenv(t, "NOTES_ADDR", "canary", "NOTES_TIMEOUT", "2m", "NOTES_ORIGINS", "https://a.example,http://canary", "NOTES_DEBUG", "canary",
		"NOTES_PORTS", "canary", "NOTES_WORKERS", "0", "NOTES_DB_URL", "canary")
	s, err := validate.Env[settings]("NOTES")
	assert.ElementsMatch(t, []string{
		"env /NOTES_ADDR value_error", "env /NOTES_TIMEOUT less_than_equal", "env /NOTES_ORIGINS/1 url_parsing", "env /NOTES_DEBUG bool_parsing",
		"env /NOTES_PORTS int_parsing", "env /NOTES_WORKERS greater_than_equal", "env /NOTES_DB_URL string_too_short",
	}, found(t, err))
	assert.Equal(t, 500, status(t, err))
	assert.NotContains(t, err.Error(), "canary")
	assert.Contains(t, err.Error(), "NOTES_TIMEOUT: less_than_equal: The value must be at most 1m")
	assert.Empty(t, s.Addr)
}

func TestEnvMissingAndEmptyAreTheSame(t *testing.T) {
	for _, value := range []string{"", " "} {
		setenv(t, "NOTES_DB_URL", value)
		_, err := validate.Env[settings]("NOTES")
		require.Error(t, err)
	}
	setenv(t, "NOTES_DB_URL", "")
	_, err := validate.Env[settings]("NOTES")
	assert.Equal(t, []string{"env /NOTES_DB_URL missing"}, found(t, err))
}

func TestEnvWithoutPrefix(t *testing.T) {
	type one struct {
		A string `env:"SALLYPORT_TEST_A" validate:"required"`
	}
	setenv(t, "SALLYPORT_TEST_A", "x")
	v, err := validate.Env[one]("")
	assert.NoError(t, err)
	assert.Equal(t, "x", v.A)
}

func TestEnvReadsFiles(t *testing.T) {
	type secret struct {
		Key validate.Secret `env:"KEY" validate:"required"`
	}
	dir, outside := t.TempDir(), t.TempDir()
	write := func(path, content string, mode os.FileMode) string {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	link := func(target, path string) string {
		require.NoError(t, os.Symlink(target, path))
		return path
	}
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	// Kubernetes: key -> ..data/key, ..data -> ..2026_01_01
	write(filepath.Join(dir, "..2026_01_01", "key"), "from k8s", 0o644)
	link("..2026_01_01", filepath.Join(dir, "..data"))
	target := write(filepath.Join(outside, "target"), "canary", 0o400)

	for name, c := range map[string]struct {
		path string
		want string
		code string
	}{
		"plain":          {write(filepath.Join(dir, "a"), "s3cret", 0o400), "s3cret", ""},
		"line break":     {write(filepath.Join(dir, "b"), "s3cret\n", 0o444), "s3cret", ""},
		"CRLF":           {write(filepath.Join(dir, "c"), "s3cret\r\n", 0o444), "s3cret", ""},
		"two breaks":     {write(filepath.Join(dir, "d"), " s3cret \n\n", 0o444), " s3cret \n", ""},
		"Kubernetes":     {link("..data/key", filepath.Join(dir, "key")), "from k8s", ""},
		"largest":        {write(filepath.Join(dir, "e"), strings.Repeat("x", 64<<10), 0o400), strings.Repeat("x", 64<<10), ""},
		"too large":      {write(filepath.Join(dir, "f"), strings.Repeat("x", 64<<10+1), 0o400), "", "file_too_large"},
		"group writable": {write(filepath.Join(dir, "g"), "canary", 0o620), "", "file_writable"},
		"world writable": {write(filepath.Join(dir, "h"), "canary", 0o602), "", "file_writable"},
		"link outside":   {link(target, filepath.Join(dir, "i")), "", "file_unreadable"},
		"link upwards":   {link("../"+filepath.Base(outside)+"/target", filepath.Join(dir, "j")), "", "file_unreadable"},
		"folder":         {dir, "", "file_unreadable"},
		"named pipe":     {pipe, "", "file_unreadable"},
		"absent":         {filepath.Join(dir, "none"), "", "file_unreadable"},
		"no folder":      {filepath.Join(dir, "none", "none"), "", "file_unreadable"},
		"empty":          {write(filepath.Join(dir, "k"), "\n", 0o400), "", "missing"},
		"not UTF-8":      {write(filepath.Join(dir, "l"), "canary\xff", 0o400), "", "string_unicode"},
		"NUL":            {write(filepath.Join(dir, "m"), "canary\x00", 0o400), "", "string_nul"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NOTES_KEY_FILE", c.path)
			v, err := validate.Env[secret]("NOTES")
			if c.code == "" {
				require.NoError(t, err)
				assert.Equal(t, c.want, v.Key.Reveal())
				return
			}
			assert.Equal(t, []string{"env /NOTES_KEY " + c.code}, found(t, err))
			assert.NotContains(t, err.Error(), "canary")
			assert.NotContains(t, err.Error(), dir)
		})
	}
	setenv(t, "NOTES_KEY", "x", "NOTES_KEY_FILE", filepath.Join(dir, "a"))
	_, err := validate.Env[secret]("NOTES")
	assert.Equal(t, []string{"env /NOTES_KEY both_set"}, found(t, err))
}

func TestEnvFindsFaultsInTheType(t *testing.T) {
	type wrong struct {
		A string
		B string   `env:"b"`
		C string   `env:"C" in:"query"`
		D *address `env:"D"`
		E []byte   `env:"E"`
		F int      `env:"F" validate:"email"`
	}
	_, err := validate.Env[wrong]("notes")
	require.Error(t, err)
	for _, want := range []string{".A has no env tag", `.B has the env tag "b"`, ".C has the tag in", ".D", ".E has the type []uint8", `.F has the rule "email"`, `prefix "notes"`} {
		assert.Contains(t, err.Error(), want)
	}
	_, err = validate.Env[int]("")
	assert.ErrorContains(t, err, "is not a struct")

	type clash struct {
		A string `env:"DB_URL"`
		B string `env:"KEY_FILE"`
		C string `env:"KEY"`
		D struct {
			URL string `env:"URL"`
		} `env:"DB"`
	}
	_, err = validate.Env[clash]("X")
	assert.ErrorContains(t, err, "two fields read X_KEY_FILE")
	assert.ErrorContains(t, err, "two fields read X_DB_URL")
}
