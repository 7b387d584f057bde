package password_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/internal/problem"
)

var _ problem.Listed = (*password.Error)(nil)

func newPolicy(t testing.TB, c password.PolicyConfig) *password.Policy {
	t.Helper()
	p, err := password.NewPolicy(c)
	require.NoError(t, err)
	return p
}

// codes are the reasons for which pw is refused.
func codes(t *testing.T, p *password.Policy, pw string, words ...string) []password.Code {
	t.Helper()
	err := p.Check(t.Context(), pw, words...)
	if err == nil {
		return nil
	}
	var refusal *password.Error
	require.ErrorAs(t, err, &refusal)
	require.ErrorIs(t, err, password.ErrPolicy)
	var all []password.Code
	for _, r := range refusal.Reasons() {
		all = append(all, r.Code)
	}
	return all
}

func TestPolicyCountsCodePoints(t *testing.T) {
	alone, second := newPolicy(t, password.PolicyConfig{}), newPolicy(t, password.PolicyConfig{SecondFactor: true})
	longer := newPolicy(t, password.PolicyConfig{MinLength: 64})
	for name, c := range map[string]struct {
		policy *password.Policy
		pw     string
		want   []password.Code
	}{
		"15":                       {alone, "kdwufnqpzrtlmxo", nil},
		"14":                       {alone, "kdwufnqpzrtlmx", []password.Code{password.CodeTooShort}},
		"15 of two bytes":          {alone, "ждубхщюлзыфцэпм", nil},
		"14 of four bytes":         {alone, "🂡🂢🂣🂤🂱🂲🂳🃁🃂🃃🃄🃑🃒🃓", []password.Code{password.CodeTooShort}},
		"8, with a second factor":  {second, "kdwufnqp", nil},
		"7, with a second factor":  {second, "kdwufnq", []password.Code{password.CodeTooShort}},
		"64":                       {alone, strings.Repeat("kdwufnqpzrtlmxoa", 3) + "Zzrtlmxoa qwe123", nil},
		"63 of 64":                 {longer, strings.Repeat("kdwufnqpzrtlmxo", 4) + "Zz!", []password.Code{password.CodeTooShort}},
		"1,024 bytes":              {alone, strings.Repeat("kdwufnqpzrtlmxoa", 63) + "Zzrtlmxoa qwe123", nil},
		"1,025 bytes":              {alone, strings.Repeat("kdwufnqpzrtlmxoa", 63) + "Zzrtlmxoa qwe1234", []password.Code{password.CodeTooLong}},
		"1 MB":                     {alone, strings.Repeat("x", 1<<20), []password.Code{password.CodeTooLong}},
		"nothing":                  {alone, "", []password.Code{password.CodeTooShort}},
		"nothing, with the zero":   {new(password.Policy), "", []password.Code{password.CodeTooShort}},
		"14, with the zero":        {new(password.Policy), "kdwufnqpzrtlmx", []password.Code{password.CodeTooShort}},
		"NUL":                      {alone, "kdwufnqpzrtlmxo\x00", []password.Code{password.CodeBadText}},
		"not UTF-8":                {alone, "kdwufnqpzrtlmxo\xff", []password.Code{password.CodeBadText}},
		"no composition: letters":  {alone, "drilled maple oyster", nil},
		"no composition: digits":   {alone, "830174469350127", nil},
		"no composition: spaces":   {alone, "  a b  c d e   f g ", nil},
		"no composition: controls": {alone, "kdwuf\tnqp\nzrtlmx", nil},
	} {
		assert.Equal(t, c.want, codes(t, c.policy, c.pw), name)
	}
}

func TestAttackCommonPasswords(t *testing.T) {
	p := newPolicy(t, password.PolicyConfig{SecondFactor: true})
	for _, pw := range []string{
		"password", "PASSWORD", "PassWord", "12345678", "iloveyou", "trustno1", "qwertyuiop", "1q2w3e4r5t", "mailcreated5240",
		"ｐａｓｓｗｏｒｄ", "pa\u017f\u017fword", // another width, and long s
		"passwordpassword", "Password" + "pAssword" + "pass", "letmeinletmein", "qwertyqwertyqwerty",
	} {
		assert.Contains(t, codes(t, p, pw), password.CodeCommon, pw)
	}
	for _, pw := range []string{"password of my own", "xpassword", "iloveyou but not enough", "pássword", "the whole is compared"} {
		assert.Empty(t, codes(t, p, pw), "the whole is compared, not parts: %s", pw)
	}
}

func TestAttackRepetitionAndRuns(t *testing.T) {
	p := newPolicy(t, password.PolicyConfig{SecondFactor: true})
	for _, pw := range []string{
		"zzzzzzzzzzzzzzzzzz", "xyxyxyxyxyxyxyx", "q7!Mq7!Mq7!Mq7", "щщщщщщщщщ", "ЩщЩщЩщЩщ", "🂡🂡🂡🂡🂡🂡🂡🂡",
		"abcdefghijklmnop", "zyxwvutsrqponm", "56789012345678901", "1234567890123456", "98765432109876", "ABCDEFGHIJ", "абвгдежзийк",
	} {
		assert.Contains(t, codes(t, p, pw), password.CodeRepetitive, pw)
	}
	for _, pw := range []string{"abcdefgi", "q7!Mxq7!Mxq7!Mx", "zzzzzzzzy", "13579135791", "\u0449\u0429\u0448\u0448ab12"} {
		assert.NotContains(t, codes(t, p, pw), password.CodeRepetitive, pw)
	}
}

func TestAttackContextWords(t *testing.T) {
	p := newPolicy(t, password.PolicyConfig{SecondFactor: true, Words: []string{"Sallyport", "Acme Inc."}})
	words := []string{"alexander_h", "alex.hamilton@example.org", "Alexander Hämilton", "", "x", strings.Repeat("w", 1<<20)}
	for _, pw := range []string{
		"sallyport", "SALLYPORT2026!", "2026sallyport", "sallyport-acme-1", "acmeinc2026", "alexander_h", "alexanderh", "alexander1999",
		"alex.hamilton@example.org", "hamilton123", "hämilton123", "HÄMILTON123", "ha\u0308milton99", "alexhamilton!", "sallyport alexander",
		"ｓａｌｌｙｐｏｒｔ１", "alexalexalex", "example.org",
	} {
		assert.Contains(t, codes(t, p, pw, words...), password.CodeContext, pw)
	}
	for _, pw := range []string{"sallyporter", "my sallyport word", "alexandrine verse", "20261999!!?", "x marks nothing"} {
		assert.NotContains(t, codes(t, p, pw, words...), password.CodeContext, pw)
	}
	assert.Empty(t, codes(t, p, "alexander1999"), "words are for one user")
}

func TestPolicyTellsAllReasonsTogether(t *testing.T) {
	p := newPolicy(t, password.PolicyConfig{Words: []string{"1111"}, Breached: func(context.Context, string) (bool, error) { return true, nil }})
	err := p.Check(t.Context(), "11111111")
	var refusal *password.Error
	require.ErrorAs(t, err, &refusal)
	assert.EqualError(t, err, "password: refused by the policy: too_short, common, repetitive, context, breached")
	assert.Equal(t, http.StatusUnprocessableEntity, refusal.HTTPStatus())
	assert.Equal(t, "Choose another password. It has fewer than 15 characters. It is one of the most common passwords. "+
		"It repeats a few characters, or counts them up or down. It is made of your name or address, or of the name of this service. "+
		"It is known from a breach of another service.", refusal.Public())

	w := httptest.NewRecorder()
	problem.Refuse(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/password", nil), err, nil)
	var body struct {
		Status int
		Errors []map[string]any
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	assert.Equal(t, 422, body.Status)
	require.Len(t, body.Errors, 5)
	assert.Equal(t, map[string]any{"code": "too_short", "detail": "It has fewer than 15 characters.", "min_length": 15.0}, body.Errors[0])
	assert.Equal(t, map[string]any{"code": "breached", "detail": "It is known from a breach of another service."}, body.Errors[4])

	refusal.Reasons()[0].Code = "changed"
	assert.Equal(t, password.CodeTooShort, refusal.Reasons()[0].Code)
}

func TestOtherErrorsListNothing(t *testing.T) {
	_, err := password.Cheap(1).Verify(t.Context(), "pw", "x")
	w := httptest.NewRecorder()
	problem.Refuse(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/login", nil), err, nil)
	assert.NotContains(t, w.Body.String(), "errors")
}

func TestAttackBreachListThatFailsLetsNothingThrough(t *testing.T) {
	down := fmt.Errorf("GET https://breach.example/canary-canary-canary: %w", context.DeadlineExceeded)
	p := newPolicy(t, password.PolicyConfig{Breached: func(context.Context, string) (bool, error) { return false, down }})
	err := p.Check(t.Context(), "canary-canary-canary x")
	var refusal *password.Error
	require.ErrorAs(t, err, &refusal)
	assert.ErrorIs(t, err, password.ErrUnchecked)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotErrorIs(t, err, password.ErrPolicy)
	assert.Equal(t, http.StatusServiceUnavailable, refusal.HTTPStatus())
	assert.NotEmpty(t, refusal.Header().Get("Retry-After"))
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", err, err, err, refusal.Public()), "canary")

	assert.Equal(t, []password.Code{password.CodeTooShort}, codes(t, p, "canary of x"), "what is certain is said at once")
}

func TestBreachListIsAskedForThePasswordItself(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	var asked []string
	p := newPolicy(t, password.PolicyConfig{Breached: func(ctx context.Context, pw string) (bool, error) {
		assert.Equal(t, "value", ctx.Value(key{}))
		asked = append(asked, pw)
		return pw == "Ｆine Enough And Known", nil
	}})
	assert.NoError(t, p.Check(ctx, "Fine Enough And Unknown"))
	assert.ErrorIs(t, p.Check(ctx, "Ｆine Enough And Known"), password.ErrPolicy)
	for _, pw := range []string{"", "x\x00", "\xff", strings.Repeat("x", 1025)} {
		assert.Error(t, p.Check(ctx, pw))
	}
	assert.Equal(t, []string{"Fine Enough And Unknown", "Ｆine Enough And Known"}, asked, "as it is, and nothing that no password is")
}

func TestPolicyNeverEchoesThePassword(t *testing.T) {
	p := newPolicy(t, password.PolicyConfig{Words: []string{"canary"}})
	for _, pw := range []string{"canary", "canary\x00", "canary\xff", strings.Repeat("canary", 200), "canarycanarycanary"} {
		err := p.Check(t.Context(), pw, "canary", pw)
		var refusal *password.Error
		require.ErrorAs(t, err, &refusal)
		out, jsonErr := json.Marshal(refusal.Errors())
		require.NoError(t, jsonErr)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s %s", err, err, err, refusal.Public(), out), "canary")
	}
}

func TestNewPolicyReportsAllFaults(t *testing.T) {
	for name, c := range map[string]struct {
		config password.PolicyConfig
		want   []string
	}{
		"short": {password.PolicyConfig{MinLength: 14, Words: []string{"ok then", "a", "", strings.Repeat("x", 1025)}}, []string{
			"password: PolicyConfig.MinLength 14 is not from 15 to 64: bring it into that range, or leave it zero for 15",
			"password: PolicyConfig.Words[1] has no part of 3 to 1024 letters and digits: leave it out",
			"password: PolicyConfig.Words[2] has no part of 3 to 1024 letters and digits: leave it out",
			"password: PolicyConfig.Words[3] has no part of 3 to 1024 letters and digits: leave it out",
		}},
		"short, with a second factor": {password.PolicyConfig{SecondFactor: true, MinLength: 7}, []string{
			"password: PolicyConfig.MinLength 7 is not from 8 to 64: bring it into that range, or leave it zero for 8",
		}},
		"long": {password.PolicyConfig{MinLength: 65, Words: strings.Split(strings.Repeat("word,", 64)+"word", ",")}, []string{
			"password: PolicyConfig.MinLength 65 is not from 15 to 64: bring it into that range, or leave it zero for 15",
			"password: PolicyConfig.Words has 65 words, more than 64: keep the names that users know",
		}},
		"negative": {password.PolicyConfig{MinLength: -1}, []string{
			"password: PolicyConfig.MinLength -1 is not from 15 to 64: bring it into that range, or leave it zero for 15",
		}},
	} {
		p, err := password.NewPolicy(c.config)
		require.Error(t, err, name)
		assert.Nil(t, p)
		assert.Equal(t, c.want, strings.Split(err.Error(), "\n"), name)
	}
}

func TestPolicyManyAtOnce(t *testing.T) {
	p := newPolicy(t, password.PolicyConfig{Words: []string{"zebra", "aardvark"}})
	done := make(chan error)
	for i := range 32 {
		go func() { done <- p.Check(t.Context(), "aardvark zebra 2026 11", fmt.Sprint("user", i), "aardvarks") }()
	}
	for range 32 {
		var refusal *password.Error
		assert.True(t, errors.As(<-done, &refusal))
	}
}
