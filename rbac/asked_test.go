package rbac_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/rbac"
)

func TestErrTellsTheFaultsOfAllRequires(t *testing.T) {
	e := newEngine(t, allowed)
	require.NoError(t, e.Err(), "nothing was asked yet")
	e.Require("notes:read")(http.NotFoundHandler())
	require.NoError(t, e.Err())

	e.Require("notes:raed") // also where the middleware is not used yet
	e.Require("notes:raed")(http.NotFoundHandler())
	e.Require("")(http.NotFoundHandler())
	e.Require("notes")(nil)
	e.Require("notes:read")(nil)
	err := e.Err()
	require.Error(t, err)
	assert.Equal(t, []string{
		`rbac: Require(""): the permission is empty: name one as "object:action"`,
		`rbac: Require("notes"): the permission is not "object:action", two plain names and one colon`,
		`rbac: Require("notes:raed"): no rule of the policy allows it to anybody: add one, or correct the permission`,
		`rbac: Require("notes:read"): the handler is nil`,
	}, strings.Split(err.Error(), "\n"))
}

func TestErrTellsOfAuthenticate(t *testing.T) {
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header, Authenticate: func(h http.Handler) http.Handler { return broken{h} }})
	require.NoError(t, err)
	e.Require("notes:read")(http.NotFoundHandler())
	assert.ErrorContains(t, e.Err(), "Config.Authenticate returned a handler that was built wrongly: scope is empty")
}

func TestErrWithoutAnEngine(t *testing.T) {
	for _, e := range []*rbac.Engine{nil, new(rbac.Engine)} {
		e.Require("notes:read")(http.NotFoundHandler())
		assert.ErrorContains(t, e.Err(), "the engine was not made by New")
	}
}

func TestErrIsBounded(t *testing.T) {
	e := newEngine(t, allowed)
	for i := range 100 {
		e.Require("notes:" + strconv.Itoa(i))
		e.Require("notes:read")(nil)
	}
	err := e.Err()
	require.Error(t, err)
	assert.Equal(t, 51, strings.Count(err.Error(), "\n")+1)
	assert.ErrorContains(t, err, "and 150 more faults of Require")

	for i := range 20_000 { // as if called for each request with what it names
		e.Require(fmt.Sprint("notes", i, ":read"))
	}
	assert.ErrorContains(t, e.Err(), "Require was called with more than 10000 permissions: call it when the program starts")
}
