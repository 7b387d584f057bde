//go:build unix

package validate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

func TestEverySettingThatIsWrongHasARemedy(t *testing.T) {
	type all struct {
		Addr    string          `env:"ADDR" validate:"required,hostname_port"`
		Port    uint16          `env:"PORT" validate:"min=1024"`
		Ratio   float64         `env:"RATIO" default:"0.5" validate:"gt=0,lt=1"`
		Timeout time.Duration   `env:"TIMEOUT" validate:"min=1m,max=10m"`
		Debug   bool            `env:"DEBUG"`
		Level   string          `env:"LEVEL" validate:"oneof=info warn"`
		Name    string          `env:"NAME" validate:"required,min=2,max=5"`
		Code    string          `env:"CODE" validate:"len=4"`
		Region  string          `env:"REGION" validate:"startswith=eu-"`
		Since   time.Time       `env:"SINCE"`
		Origins []string        `env:"ORIGINS" validate:"max=2,dive,https_url"`
		Mail    string          `env:"MAIL" validate:"email,endswith=.com"`
		Key     validate.Secret `env:"KEY" validate:"required,min=32"`
		Token   validate.Secret `env:"TOKEN" validate:"required,uuid"`
		Gone    string          `env:"GONE"`
		Both    string          `env:"BOTH"`
	}
	dir := t.TempDir()
	short := filepath.Join(dir, "canary")
	require.NoError(t, os.WriteFile(short, []byte("canary"), 0o400))
	setenv(t, "X_ADDR", "canary", "X_PORT", "80", "X_RATIO", "2", "X_TIMEOUT", "1s", "X_DEBUG", "canary", "X_LEVEL", "canary", "X_CODE", "canary", "X_REGION", "canary",
		"X_SINCE", "canary", "X_ORIGINS", "https://a.example,canary", "X_MAIL", "canary", "X_KEY_FILE", short, "X_GONE_FILE", filepath.Join(dir, "none"), "X_BOTH", "a", "X_BOTH_FILE", short)
	_, err := validate.Env[all]("X")
	require.Error(t, err)
	assert.Equal(t, []string{
		"validate: X_ADDR: value_error: The value does not have the required form; set X_ADDR to a host and a port, such as 127.0.0.1:8443.",
		"validate: X_PORT: greater_than_equal: The value must be at least 1024; set X_PORT to an integer of at least 1024.",
		"validate: X_RATIO: less_than: The value must be less than 1; set X_RATIO to a number of more than 0 and less than 1, such as 0.5.",
		"validate: X_TIMEOUT: greater_than_equal: The value must be at least 1m; set X_TIMEOUT to a duration of at least 1m and at most 10m, such as 5m.",
		"validate: X_DEBUG: bool_parsing: true, false, 1 or 0 is required; set X_DEBUG to true or false.",
		"validate: X_LEVEL: literal_error: The value must be one of: info, warn; set X_LEVEL to one of: info, warn.",
		"validate: X_NAME: missing: A value is required; set X_NAME or X_NAME_FILE to a text of at least 2 and at most 5 characters.",
		"validate: X_CODE: string_too_long: The text must have at most 4 characters; set X_CODE to a text of 4 characters.",
		"validate: X_REGION: value_error: The value does not have the required form; set X_REGION to a text that the rule startswith=eu- holds for.",
		"validate: X_SINCE: datetime_parsing: The date or time does not have the required form; set X_SINCE to a time in RFC 3339.",
		"validate: X_ORIGINS/1: url_parsing: An absolute URL is required; set X_ORIGINS to a list with commas of at most 2 entries, each an https URL, such as https://api.example.org.",
		"validate: X_MAIL: value_error: The value does not have the required form; set X_MAIL to an e-mail address that the rule endswith=.com holds for.",
		"validate: X_KEY: string_too_short: The text must have at least 32 characters; let the file that X_KEY_FILE names hold a text of at least 32 characters.",
		"validate: X_TOKEN: missing: A value is required; set X_TOKEN or X_TOKEN_FILE to a UUID.",
		"validate: X_GONE: file_unreadable: The file cannot be read as a regular file inside its folder; let X_GONE_FILE name a file that the program can read, with no link that leads out of the folder.",
		"validate: X_BOTH: both_set: The variable and its _FILE variant are both set; unset one.",
	}, strings.Split(err.Error(), "\n"))
	assert.NotContains(t, err.Error(), "canary")
}

// A setting that is no secret can be read from a file as well, and a file that was named by mistake is not shown.
func TestAnySettingCanBeReadFromAFile(t *testing.T) {
	type one struct {
		Workers int `env:"WORKERS" validate:"min=1"`
	}
	path := filepath.Join(t.TempDir(), "workers")
	for content, want := range map[string]int{"3\n": 3, "root:canary:19000\n": 0} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		t.Setenv("X_WORKERS_FILE", path)
		v, err := validate.Env[one]("X")
		assert.Equal(t, want, v.Workers)
		if want == 0 {
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "canary")
			assert.NotContains(t, err.Error(), path)
		}
	}
}
