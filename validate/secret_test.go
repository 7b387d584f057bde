package validate_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sallyport-go/sallyport/validate"
)

const canary = "c4n4ry-5ecret"

type vault struct {
	Open   validate.Secret
	hidden validate.Secret
	List   []validate.Secret
	Map    map[string]validate.Secret
	Any    any
	Ptr    *validate.Secret
	Opt    validate.Optional[validate.Secret]
}

func newVault() *vault {
	s := validate.NewSecret(canary)
	return &vault{s, s, []validate.Secret{s}, map[string]validate.Secret{"a": s}, s, &s, validate.Some(s)}
}

func TestSecretNeverPrints(t *testing.T) {
	v := newVault()
	for _, subject := range []any{v.Open, &v.Open, v.hidden, v, *v, v.List, v.Map, []any{v.Any}, v.Opt, errors.Join(fmt.Errorf("%v", v.Open))} {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspw" {
			for _, flags := range []string{"", "+", "#", "-9.3", " ", "0", "+#"} {
				text := fmt.Sprintf("%"+flags+string(verb), subject)
				assert.NotContains(t, text, canary, "%%%s%c", flags, verb)
				assert.NotContains(t, text, fmt.Sprintf("%x", canary), "%%%s%c", flags, verb)
			}
		}
		assert.NotContains(t, fmt.Sprint(subject), canary)
	}
	assert.Equal(t, "[redacted] [redacted] [redacted]", fmt.Sprintf("%v %#v %d", v.Open, v.Open, v.Open))
	assert.Equal(t, "[redacted]", v.Open.String())
}

func TestSecretIsNeverEncoded(t *testing.T) {
	v := newVault()
	var buf bytes.Buffer
	for _, subject := range []any{v.Open, &v.Open, v.List, v.Map, v.Opt, struct{ A any }{v.Open}, v} {
		text, err := json.Marshal(subject)
		assert.Error(t, err)
		assert.NotContains(t, string(text)+fmt.Sprint(err), canary)
		buf.Reset()
		err = gob.NewEncoder(&buf).Encode(subject)
		assert.Error(t, err)
		assert.NotContains(t, buf.String()+fmt.Sprint(err), canary)
		text, err = xml.Marshal(subject)
		assert.NotContains(t, string(text)+fmt.Sprint(err), canary)
	}
	assert.NoError(t, template.Must(template.New("").Parse("{{.Open}} {{.}}")).Execute(&buf, v))
	assert.NotContains(t, buf.String(), canary)
}

func TestSecretNeverReachesTheLog(t *testing.T) {
	v := newVault()
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var buf bytes.Buffer
		slog.New(handler(&buf)).Info("x", "a", v.Open, "b", &v.Open, "c", v, "d", *v, "e", v.List, "f", v.Opt, slog.Group("g", "h", v.Map))
		assert.NotContains(t, buf.String(), canary, name)
		assert.Contains(t, buf.String(), "[redacted]")
	}
}

// The printer of testify's failures follows pointers.
func TestSecretIsNotFoundByReflection(t *testing.T) {
	var fake recorder
	assert.Equal(&fake, newVault(), &vault{})
	assert.NotEmpty(t, fake.text)
	assert.NotContains(t, fake.text, canary)
}

type recorder struct{ text string }

func (r *recorder) Errorf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) }

func TestSecretEqual(t *testing.T) {
	s := validate.NewSecret("a")
	assert.True(t, s.Equal(validate.NewSecret("a")))
	assert.False(t, s.Equal(validate.NewSecret("b")))
	assert.False(t, s.Equal(validate.Secret{}))
	assert.True(t, validate.Secret{}.Equal(validate.NewSecret("")))
	assert.Equal(t, "a", s.Reveal())
	assert.Empty(t, validate.Secret{}.Reveal())
}

func TestSecretIsReadFromText(t *testing.T) {
	var v struct{ Key validate.Secret }
	assert.NoError(t, json.Unmarshal([]byte(`{"Key":"a"}`), &v))
	assert.Equal(t, "a", v.Key.Reveal())
}
