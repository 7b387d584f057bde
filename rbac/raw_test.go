package rbac_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/rbac"
)

// audit notes each handler that ran and each decision that was asked for.
type audit struct {
	mu      sync.Mutex
	asked   bool
	reached []string
}

func (a *audit) subject(r *http.Request) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = true
	return header(r)
}

func (a *audit) handler(secret bool) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if secret && !a.asked {
			a.reached = append(a.reached, "UNDECIDED")
		}
		a.reached = append(a.reached, r.Pattern+" "+r.PathValue("id"))
	})
}

func (a *audit) take() (asked bool, reached []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked, reached = a.asked, a.reached
	a.asked, a.reached = false, nil
	return asked, reached
}

// raw sends bytes that no client library would, and returns the status.
func raw(t *testing.T, addr, head string) int {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, head+"\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	method, _, _ := strings.Cut(head, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	_ = res.Body.Close()
	return res.StatusCode
}

func TestNoBytesReachAHandlerWithoutADecision(t *testing.T) {
	var a audit
	log, _ := events(t)
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: a.subject, Logger: log})
	require.NoError(t, err)
	mux := e.Mux()
	mux.Handle("GET /notes", "notes:read", a.handler(true))
	mux.Handle("GET /notes/{id}", "notes:read", a.handler(true))
	mux.Handle("/all/", "notes:read", a.handler(true))
	mux.Handle("GET /files/{id...}", "notes:read", a.handler(true))
	mux.Handle("GET internal.example/notes", "notes:read", a.handler(true))
	mux.Public("GET /public/", a.handler(false))
	mux.Public("GET /{$}", a.handler(false))
	h, err := mux.Build()
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(h)
	server.Config.DisableGeneralOptionsHandler = true // OPTIONS * reaches the mux
	server.Start()
	defer server.Close()

	const host = " HTTP/1.1\r\nHost: example.com"
	for name, test := range map[string]struct {
		head          string
		nobody, alice int    // statuses
		reached       string // pattern and value, as alice
	}{
		"plain":                       {"GET /notes" + host, 401, 200, "GET /notes "},
		"value":                       {"GET /notes/7" + host, 401, 200, "GET /notes/{id} 7"},
		"encoded letter":              {"GET /%6eotes" + host, 401, 200, "GET /notes "},
		"encoded slash":               {"GET /notes%2f7" + host, 404, 404, ""},
		"encoded slash in a value":    {"GET /notes/a%2Fb" + host, 401, 200, "GET /notes/{id} a/b"},
		"out of public, encoded":      {"GET /public/..%2fnotes" + host, 404, 404, ""},
		"out of public, dots":         {"GET /public/../notes" + host, 404, 404, ""},
		"out of public, %2e":          {"GET /public/%2e%2e/notes" + host, 404, 404, ""},
		"out of public, double slash": {"GET /public//../notes" + host, 404, 404, ""},
		"dots as a value":             {"GET /notes/%2e%2e" + host, 401, 200, "GET /notes/{id} .."},
		"dots in a rest":              {"GET /files/a/%2e%2e/b" + host, 404, 404, ""},
		"double slash":                {"GET //notes" + host, 404, 404, ""},
		"double slash inside":         {"GET /all//x" + host, 404, 404, ""},
		"dot":                         {"GET /./notes" + host, 404, 404, ""},
		"backslash":                   {"GET /public\\..\\notes" + host, 404, 404, ""},
		"semicolon":                   {"GET /notes;x=1" + host, 404, 404, ""},
		"NUL":                         {"GET /notes%00" + host, 404, 404, ""},
		"slash behind":                {"GET /notes/" + host, 404, 404, ""},
		"no slash before a subtree":   {"GET /all" + host, 404, 404, ""},
		"subtree":                     {"POST /all/x" + host, 401, 200, "/all/ "},
		"query":                       {"GET /notes?a=/public/" + host, 401, 200, "GET /notes "},
		"root":                        {"GET /" + host, 200, 200, "GET /{$} "},
		"whole URL":                   {"GET http://example.com/notes" + host, 401, 200, "GET /notes "},
		"whole URL, no path":          {"GET http://example.com" + host, 404, 404, ""},
		"whole URL, other host":       {"GET http://internal.example/notes" + host, 401, 200, "GET internal.example/notes "},
		"other host":                  {"GET /notes HTTP/1.1\r\nHost: internal.example", 401, 200, "GET internal.example/notes "},
		"other host, dot behind":      {"GET /notes HTTP/1.1\r\nHost: internal.example.", 401, 200, "GET /notes "},
		"empty host":                  {"GET /notes HTTP/1.1\r\nHost:", 401, 200, "GET /notes "},
		"HTTP/1.0 without a host":     {"GET /notes HTTP/1.0\r\nX: y", 401, 200, "GET /notes "},
		"star":                        {"GET *" + host, 404, 404, ""},
		"OPTIONS star":                {"OPTIONS *" + host, 404, 404, ""},
		"OPTIONS":                     {"OPTIONS /notes" + host, 405, 405, ""},
		"HEAD":                        {"HEAD /notes" + host, 401, 200, "GET /notes "},
		"CONNECT host":                {"CONNECT example.com:443" + host, 404, 404, ""},
		"CONNECT path":                {"CONNECT /all/x" + host, 405, 405, ""},
		"CONNECT out of public":       {"CONNECT /public/../all/x" + host, 404, 404, ""},
		"TRACE":                       {"TRACE /all/x" + host, 405, 405, ""},
		"invented method":             {"FOO /all/x" + host, 405, 405, ""},
		"method in lower case":        {"get /notes" + host, 405, 405, ""},
		"method in a header":          {"POST /notes" + host + "\r\nX-HTTP-Method-Override: GET", 405, 405, ""},
		"path in a header":            {"GET /public/" + host + "\r\nX-Original-URL: /notes", 200, 200, "GET /public/ "},
	} {
		t.Run(name, func(t *testing.T) {
			addr := server.Listener.Addr().String()
			assert.Equal(t, test.nobody, raw(t, addr, test.head), "nobody")
			if _, reached := a.take(); test.nobody != 200 {
				assert.Empty(t, reached)
			}
			assert.Equal(t, test.alice, raw(t, addr, test.head+"\r\nX-Example-User: alice"), "alice")
			_, reached := a.take()
			if test.reached == "" {
				assert.Empty(t, reached)
			} else {
				assert.Equal(t, []string{test.reached}, reached)
			}
			denied := raw(t, addr, test.head+"\r\nX-Example-User: mallory")
			if test.nobody == 401 {
				assert.Equal(t, 403, denied, "mallory")
			}
		})
		a.take()
	}
}
