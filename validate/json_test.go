package validate_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

// request is a POST with a JSON body.
func request(t testing.TB, body string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// found returns the violations of err as "in pointer code".
func found(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*validate.Error](err)
	require.True(t, ok, "%v", err)
	list := []string{}
	for _, v := range e.Violations {
		list = append(list, v.In+" "+v.Pointer+" "+v.Code)
		assert.NotEmpty(t, v.Message)
		assert.NotContains(t, v.Message, "{", v.Code)
	}
	return list
}

func status(t testing.TB, err error) int {
	t.Helper()
	e, ok := errors.AsType[*validate.Error](err)
	require.True(t, ok, "%v", err)
	return e.HTTPStatus()
}

type address struct {
	City string `json:"city" validate:"required,min=2"`
	Zip  string `json:"zip" validate:"omitempty,numeric,len=5"`
}

type base struct {
	ID   int64     `json:"id" validate:"required,gt=0"`
	Made time.Time `json:"made"`
}

type level uint8

type person struct {
	base
	Name    string                    `json:"name" validate:"required,min=2,max=10"`
	Email   string                    `json:"email" validate:"omitempty,email"`
	Age     uint8                     `json:"age" validate:"max=130"`
	Score   float64                   `json:"score" validate:"gte=-1.5,lt=10"`
	Small   float32                   `json:"small"`
	Role    string                    `json:"role" default:"user" validate:"oneof=user admin 'super user'"`
	Active  bool                      `json:"active" default:"true"`
	Level   level                     `json:"level"`
	Home    address                   `json:"home" validate:"required"`
	Work    *address                  `json:"work"`
	Past    []address                 `json:"past" validate:"max=3"`
	Tags    []string                  `json:"tags" validate:"unique,dive,alphanum,max=5"`
	Labels  map[string]string         `json:"labels" validate:"dive,keys,lowercase,endkeys,min=1"`
	Places  map[string]*address       `json:"places"`
	Addr    netip.Addr                `json:"addr"`
	Blob    []byte                    `json:"blob" validate:"max=4"`
	Key     validate.Secret           `json:"key" validate:"omitempty,min=8"`
	Note    *string                   `json:"note" validate:"omitnil,min=1"`
	Friends []person                  `json:"friends"`
	Boss    *person                   `json:"boss"`
	Nick    validate.Optional[string] `json:"nick" validate:"min=2"`
	Deep    [][]int                   `json:"a/b~c"`
	hidden  string
}

func TestJSONReadsEveryKind(t *testing.T) {
	p, err := validate.JSON[person](request(t, `{
		"id": 7, "made": "2026-01-02T03:04:05.5Z", "name": "Zoë", "email": "zoe@example.org", "age": 130, "score": -1.5, "small": 0.1,
		"level": 255, "home": {"city": "Bern\u00e9 \ud83d\ude00", "zip": "12345"}, "work": null, "past": [{"city": "Rome"}],
		"tags": ["a", "b1"], "labels": {"x\u0079": "1"}, "places": {"A": {"city": "Oslo"}, "B": null}, "addr": "192.0.2.1", "blob": "AQI=",
		"key": "correct horse", "note": "n", "friends": [], "nick": "zz", "a/b~c": [[1, -2], [], null]}`))
	require.NoError(t, err)
	assert.EqualValues(t, 7, p.ID)
	assert.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC), p.Made)
	assert.Equal(t, "Zoë", p.Name)
	assert.Equal(t, "user", p.Role)
	assert.True(t, p.Active)
	assert.EqualValues(t, 255, p.Level)
	assert.InDelta(t, 0.1, p.Small, 1e-8)
	assert.Equal(t, "Berné 😀", p.Home.City)
	assert.Nil(t, p.Work)
	assert.Equal(t, []address{{City: "Rome"}}, p.Past)
	assert.Equal(t, []string{"a", "b1"}, p.Tags)
	assert.Equal(t, map[string]string{"xy": "1"}, p.Labels)
	assert.Equal(t, map[string]*address{"A": {City: "Oslo"}, "B": nil}, p.Places)
	assert.Equal(t, netip.MustParseAddr("192.0.2.1"), p.Addr)
	assert.Equal(t, []byte{1, 2}, p.Blob)
	assert.Equal(t, "correct horse", p.Key.Reveal())
	assert.Equal(t, "n", *p.Note)
	assert.NotNil(t, p.Friends)
	assert.Equal(t, [][]int{{1, -2}, {}, nil}, p.Deep)
	nick, ok := p.Nick.Get()
	assert.True(t, ok)
	assert.Equal(t, "zz", nick)
	assert.Empty(t, p.hidden)
}

// good is a body to which a case adds members.
func good(members string) string {
	return `{"id":1,"name":"Ann","home":{"city":"Bern"}` + members + `}`
}

func TestJSONReportsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		status int
		want   []string
	}{
		"good":              {good(``), 0, nil},
		"empty object":      {`{}`, 422, []string{"body /id missing", "body /name missing", "body /home missing"}},
		"null":              {`null`, 422, []string{"body  model_attributes_type"}},
		"array":             {`[{"id":1}]`, 422, []string{"body  model_attributes_type"}},
		"blanks":            {" \r\n\t", 422, []string{"body  missing"}},
		"required is null":  {`{"id":null,"name":null,"home":null}`, 422, []string{"body /id int_type", "body /name string_type", "body /home model_attributes_type"}},
		"required is zero":  {`{"id":1,"name":"","home":{"city":""}}`, 422, []string{"body /name string_too_short", "body /home/city string_too_short"}},
		"wrong types":       {good(`,"made":1,"email":2,"age":"3","score":"4","active":"true","past":{},"labels":[],"work":"x","addr":5,"blob":6,"key":7,"nick":8`), 422, []string{"body /made datetime_type", "body /email string_type", "body /age int_type", "body /score float_type", "body /active bool_type", "body /past list_type", "body /labels dict_type", "body /work model_attributes_type", "body /addr string_type", "body /blob string_type", "body /key string_type", "body /nick string_type"}},
		"rules":             {good(`,"email":"x","age":131,"score":10,"role":"root","tags":["a","a"],"blob":"AAAAAAAA","key":"short","note":"","nick":"n"`), 422, []string{"body /email value_error", "body /age less_than_equal", "body /score less_than", "body /role literal_error", "body /tags value_error", "body /blob too_long", "body /key string_too_short", "body /note string_too_short", "body /nick string_too_short"}},
		"not the least":     {`{"id":0,"name":"Ann","home":{"city":"Bern"},"score":-1.6}`, 422, []string{"body /id greater_than", "body /score greater_than_equal"}},
		"length":            {good(`,"work":{"city":"Bern","zip":"1234"},"boss":{"id":1,"name":"Bob","home":{"city":"Bern","zip":"123456"}}`), 422, []string{"body /work/zip string_too_short", "body /boss/home/zip string_too_long"}},
		"in slices":         {good(`,"past":[{"city":"x"},{}],"tags":["ok","a-b"]`), 422, []string{"body /past/0/city string_too_short", "body /past/1/city missing", "body /tags/1 value_error"}},
		"too many":          {good(`,"past":[{"city":"aa"},{"city":"aa"},{"city":"aa"},{"city":"aa"}]`), 422, []string{"body /past too_long"}},
		"in maps":           {good(`,"labels":{"a":"1","B":"2","c":""},"places":{"x":{"city":1}}`), 422, []string{"body /labels/1 value_error", "body /labels/2 string_too_short", "body /places/0/city string_type"}},
		"escaped pointer":   {good(`,"a/b~c":[[1],[2,"x"]]`), 422, []string{"body /a~1b~0c/1/1 int_type"}},
		"unknown":           {good(`,"x":1,"y":{"z":[1]}`), 422, []string{"body  extra_forbidden"}},
		"unknown below":     {`{"id":1,"name":"Ann","home":{"city":"Bern","x":1}}`, 422, []string{"body /home extra_forbidden"}},
		"case differs":      {`{"ID":1,"Name":"Ann","home":{"city":"Bern"}}`, 422, []string{"body  extra_forbidden", "body /id missing", "body /name missing"}},
		"duplicate":         {good(`,"name":"Bob"`), 400, []string{"body /name duplicate"}},
		"duplicate escaped": {good(`,"n\u0061me":"Bob"`), 400, []string{"body /name duplicate"}},
		"duplicate in map":  {good(`,"labels":{"a":"1","\u0061":"2"}`), 400, []string{"body /labels/1 duplicate"}},
		"trailing":          {good(``) + `{}`, 400, []string{"body  json_invalid"}},
		"trailing garbage":  {good(``) + `x`, 400, []string{"body  json_invalid"}},
		"cut":               {`{"id":0,"name":"Ann"`, 400, []string{"body /id greater_than", "body  json_invalid"}},
		"cut in a value":    {`{"id":1,"home":{"city":"Be`, 400, []string{"body  json_invalid"}},
		"cut in skipped":    {`{"x":[{"y":`, 400, []string{"body  extra_forbidden", "body  json_invalid"}},
		"no value":          {`{"id":}`, 400, []string{"body  json_invalid"}},
		"trailing comma":    {`{"id":1,}`, 400, []string{"body  json_invalid"}},
		"array comma":       {good(`,"tags":["a",]`), 400, []string{"body  json_invalid"}},
		"comment":           {`{/**/}`, 400, []string{"body  json_invalid"}},
		"single quotes":     {`{'id':1}`, 400, []string{"body  json_invalid"}},
		"NaN":               {good(`,"score":NaN`), 400, []string{"body  json_invalid"}},
		"plus":              {good(`,"age":+1`), 400, []string{"body  json_invalid"}},
		"leading zero":      {good(`,"age":01`), 400, []string{"body  json_invalid"}},
		"byte order mark":   {"\ufeff" + good(``), 400, []string{"body  json_invalid"}},
		"control character": {`{"name":"a` + "\x01" + `"}`, 400, []string{"body  json_invalid"}},
		"invalid UTF-8":     {good(`,"email":"a` + "\xff" + `"`), 400, []string{"body /email string_unicode"}},
		"lone surrogate":    {good(`,"email":"\ud800"`), 400, []string{"body /email string_unicode"}},
		"reverse surrogate": {good(`,"email":"\udc00\ud800"`), 400, []string{"body /email string_unicode"}},
		"bad UTF-8 name":    {good(`,"` + "\xc0\xaf" + `":1`), 400, []string{"body  string_unicode"}},
		"bad UTF-8 skipped": {good(`,"x":{"y":["` + "\xed\xa0\x80" + `","\ud800"]}`), 400, []string{"body  extra_forbidden", "body  string_unicode"}},
		"NUL":               {good(`,"email":"a\u0000b"`), 422, []string{"body /email string_nul"}},
		"NUL in a key":      {good(`,"labels":{"\u0000":"x"}`), 422, []string{"body /labels/0 string_nul"}},
		"fraction":          {good(`,"age":1.0`), 422, []string{"body /age int_from_float"}},
		"exponent":          {good(`,"age":1e1`), 422, []string{"body /age int_from_float"}},
		"over the type":     {good(`,"age":256,"level":-1`), 422, []string{"body /age less_than_equal", "body /level greater_than_equal"}},
		"over int64":        {`{"id":9223372036854775808,"name":"Ann","home":{"city":"Bern"}}`, 422, []string{"body /id less_than_equal"}},
		"under int64":       {`{"id":-9223372036854775809,"name":"Ann","home":{"city":"Bern"}}`, 422, []string{"body /id greater_than_equal"}},
		"over float64":      {good(`,"score":1e309`), 422, []string{"body /score finite_number"}},
		"over float32":      {good(`,"small":1e39`), 422, []string{"body /small finite_number"}},
		"to zero":           {good(`,"score":1e-400`), 422, []string{"body /score float_imprecise"}},
		"rounded integer":   {good(`,"small":16777217,"score":-9007199254740993`), 422, []string{"body /small float_imprecise", "body /score float_imprecise"}},
		"exact integer":     {good(`,"small":16777216`), 0, nil},
		"long number":       {good(`,"score":0.` + strings.Repeat("1", 63)), 422, []string{"body /score number_too_long"}},
		"not a time":        {good(`,"made":"2026-02-30T00:00:00Z"`), 422, []string{"body /made datetime_parsing"}},
		"not base64":        {good(`,"blob":"A"`), 422, []string{"body /blob bytes_invalid_encoding"}},
		"loose base64":      {good(`,"blob":"AQJ="`), 422, []string{"body /blob bytes_invalid_encoding"}},
		"base64 in lines":   {good(`,"blob":"AQ\nI="`), 422, []string{"body /blob bytes_invalid_encoding"}},
		"text type":         {good(`,"addr":"300.0.2.1"`), 422, []string{"body /addr value_error"}},
		"null allowed":      {good(`,"work":null,"note":null,"past":null,"tags":null,"labels":null,"blob":null,"boss":null`), 0, nil},
		"null refused":      {good(`,"nick":null,"role":null,"tags":[null],"home2":null`), 422, []string{"body /nick string_type", "body /role string_type", "body /tags/0 string_type", "body  extra_forbidden"}},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := validate.JSON[person](request(t, c.body))
			assert.Equal(t, c.want, found(t, err))
			if c.status == 0 {
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, c.status, status(t, err))
			assert.Empty(t, v.Name, "a refused value is not returned in parts")
		})
	}
}

func TestJSONOfOtherTypes(t *testing.T) {
	n, err := validate.JSON[int](request(t, `7`))
	assert.NoError(t, err)
	assert.Equal(t, 7, n)
	m, err := validate.JSON[map[string][]bool](request(t, `{"a":[true,false],"b":null}`))
	assert.NoError(t, err)
	assert.Equal(t, map[string][]bool{"a": {true, false}, "b": nil}, m)
	l, err := validate.JSON[[]address](request(t, `[{"city":"Bern"},{"city":"B"}]`))
	assert.Equal(t, []string{"body /1/city string_too_short"}, found(t, err))
	assert.Nil(t, l)
}

func TestAbsentStructKeepsItsPromises(t *testing.T) {
	type page struct {
		Limit int    `json:"limit" default:"20" validate:"min=1"`
		Sort  string `json:"sort" validate:"required"`
	}
	type search struct {
		Page page  `json:"page"`
		Next *page `json:"next"`
		Min  int   `json:"min" validate:"min=1"`
	}
	_, err := validate.JSON[search](request(t, `{}`))
	assert.Equal(t, []string{"body /page/sort missing", "body /min missing"}, found(t, err))
	v, err := validate.JSON[search](request(t, `{"page":{"sort":"x"},"min":1}`))
	assert.NoError(t, err)
	assert.Equal(t, search{Page: page{20, "x"}, Min: 1}, v)
}

func TestDefaultsShareNoMemory(t *testing.T) {
	type list struct {
		Tags []string `json:"tags" default:"a, b" validate:"max=2,dive,alpha"`
	}
	a, err := validate.JSON[list](request(t, `{}`))
	require.NoError(t, err)
	a.Tags[0] = "changed"
	b, err := validate.JSON[list](request(t, `{}`))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, b.Tags)
}

func TestMediaTypeMustBeJSON(t *testing.T) {
	for value, want := range map[string]int{
		"application/json": 0, "Application/JSON; charset=UTF-8": 0, `application/json;charset="utf-8"`: 0,
		"": 415, "text/plain": 415, "application/json; charset=latin1": 415, "application/json; x=y": 415, "application/x-www-form-urlencoded": 415,
		"application/ld+json": 415, "application/json, text/plain": 415, "application/jsonx": 415,
	} {
		r := request(t, good(``))
		r.Header.Set("Content-Type", value)
		_, err := validate.JSON[person](r)
		if want == 0 {
			assert.NoError(t, err, value)
			continue
		}
		require.Error(t, err, value)
		assert.Equal(t, want, status(t, err), value)
		e, _ := errors.AsType[*validate.Error](err)
		assert.Equal(t, "application/json", e.Header().Get("Accept"))
	}
	r := request(t, good(``))
	r.Header.Add("Content-Type", "application/json")
	_, err := validate.JSON[person](r)
	assert.Equal(t, 415, status(t, err), "two types")
}

func TestContentCodingIsRefused(t *testing.T) {
	r := request(t, good(``))
	r.Header.Set("Content-Encoding", "gzip")
	_, err := validate.JSON[person](r)
	require.Equal(t, 415, status(t, err))
	e, _ := errors.AsType[*validate.Error](err)
	assert.Equal(t, "identity", e.Header().Get("Accept-Encoding"))
}

func TestEmptyBodyIsMissing(t *testing.T) {
	for _, body := range []io.Reader{nil, http.NoBody, strings.NewReader("")} {
		_, err := validate.JSON[person](httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body))
		assert.Equal(t, []string{"body  missing"}, found(t, err))
		assert.Equal(t, 422, status(t, err))
	}
}

func TestBodyThatBreaksIsRefused(t *testing.T) {
	r := request(t, ``)
	r.ContentLength, r.Body = -1, io.NopCloser(io.MultiReader(strings.NewReader(good(``)), errReader{}))
	_, err := validate.JSON[person](r)
	assert.Equal(t, 400, status(t, err))
	assert.ErrorIs(t, err, errBroken)
	assert.NotContains(t, err.Error(), errBroken.Error())
}

var errBroken = errors.New("canary")

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errBroken }

func TestOuterLimitIsRespected(t *testing.T) {
	r := request(t, good(``))
	r.Body = http.MaxBytesReader(nil, r.Body, 10)
	_, err := validate.JSON[person](r)
	assert.Equal(t, 413, status(t, err))
}

func TestParamsExplainTheRule(t *testing.T) {
	_, err := validate.JSON[person](request(t, good(`,"age":131,"role":"x","email":"y","level":256,"work":{"city":"","zip":"123"},"score":99`)))
	e, _ := errors.AsType[*validate.Error](err)
	require.Len(t, e.Violations, 7)
	var params []map[string]any
	for _, v := range e.Violations {
		params = append(params, v.Params)
	}
	assert.Equal(t, []map[string]any{
		{"le": int64(130)}, {"expected": []string{"user", "admin", "super user"}}, {"rule": "email"}, {"le": uint64(255)},
		{"min_length": int64(2)}, {"min_length": int64(5)}, {"lt": int64(10)},
	}, params)
	assert.Equal(t, "The value must be one of: user, admin, super user.", e.Violations[1].Message)
	e.Violations[0].Params["le"] = "changed"
	_, err = validate.JSON[person](request(t, good(`,"age":131`)))
	e, _ = errors.AsType[*validate.Error](err)
	assert.EqualValues(t, 130, e.Violations[0].Params["le"], "the parameters of a rule are not shared")
}
