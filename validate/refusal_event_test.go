package validate_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

// ownRefusal is an error of an application.
type ownRefusal int

func (e ownRefusal) Error() string   { return "the note belongs to somebody else" }
func (e ownRefusal) HTTPStatus() int { return int(e) }
func (ownRefusal) Public() string    { return "No." }

func TestARefusalOfTheHandlerIsAnEvent(t *testing.T) {
	for status, want := range map[int]string{
		401: "authz_fail", 403: "authz_fail", 400: "input_validation_fail", 422: "input_validation_fail", 404: "", 409: "",
	} {
		var log bytes.Buffer
		endpoint, err := validate.Compile[struct{}](validate.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
		require.NoError(t, err)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/notes/1", nil)
		w := httptest.NewRecorder()
		endpoint.Refuse(w, r, ownRefusal(status))
		assert.Equal(t, status, w.Code)
		if want == "" {
			assert.Empty(t, log.String(), status)
			continue
		}
		assert.Contains(t, log.String(), `"event":"`+want+`"`, status)
		assert.Contains(t, log.String(), "somebody else")
	}
}
