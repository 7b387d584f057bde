package validate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

func TestTimesAreThoseOfRFC3339(t *testing.T) {
	type settings struct {
		At time.Time `env:"AT"`
	}
	for text, ok := range map[string]bool{
		"2020-01-01T00:00:00Z": true, "2020-01-01T00:00:00.5Z": true, "2020-01-01T00:00:00+02:00": true,
		"2020-01-01T00:00:00,5Z": false, "2020-01-01T0:00:00Z": false, "2020-01-01": false, "2020-01-01T00:00:00": false, "2020-13-01T00:00:00Z": false,
		"2020-01-01T00:00:00+25:00": false, "0-1-1T0:0:0Z": false,
	} {
		t.Setenv("TIMES_AT", text)
		_, err := validate.Env[settings]("TIMES")
		if ok {
			require.NoError(t, err, text)
		} else {
			assert.Error(t, err, text)
		}
	}
}
