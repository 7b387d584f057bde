package oauth_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sallyport-go/sallyport/auth/oauth"
)

// What is accepted has each parameter once and none without a value, and is what any other reader of the form gets.
func FuzzFormHasEachParameterOnce(f *testing.F) {
	for _, s := range []string{loginForm, "", "a=1&a=2", "a=&b", "a=%00", "a;b", "%zz", "=x", "a=1&A=1&a%20=1", "&&&", "+=+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		form, err := oauth.ParseForm(body)
		if err != nil {
			return
		}
		values, err := url.ParseQuery(body)
		assert.NoError(t, err)
		for name, v := range values {
			assert.Len(t, v, 1)
			got, ok := form[name]
			assert.Equal(t, v[0] != "", ok)
			assert.Equal(t, v[0], got)
		}
		assert.LessOrEqual(t, len(form), len(values))
	})
}

// What is accepted is a list of different scope-tokens, and writing it again changes nothing.
func FuzzScopeIsAListOfTokens(f *testing.F) {
	for _, s := range []string{"", "a", "a b", "a  b", " a", "a ", "a a", "é", "\"", "\\", "a\tb", strings.Repeat("a ", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		scopes, ok := oauth.ParseScope(s)
		if !ok {
			return
		}
		assert.LessOrEqual(t, len(scopes), 100)
		again, ok := oauth.ParseScope(strings.Join(scopes, " "))
		assert.True(t, ok)
		assert.Equal(t, scopes, again)
		for i, scope := range scopes {
			assert.NotContains(t, scopes[i+1:], scope)
			assert.True(t, slices.Contains(strings.Split(s, " "), scope))
		}
	})
}
