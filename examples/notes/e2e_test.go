package main_test

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// onEachDatabase runs the test on SQLite and on PostgreSQL, there in a schema of its own.
func onEachDatabase(t *testing.T, test func(t *testing.T, env string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, "NOTES_DB=data/notes.db") })
	t.Run("postgres", func(t *testing.T) { test(t, "NOTES_DB="+postgresSchema(t)) })
}

// postgresSchema makes a schema and returns a URL for it.
func postgresSchema(t *testing.T) string {
	t.Helper()
	server := os.Getenv("SALLYPORT_TEST_POSTGRES")
	if server == "" {
		t.Skip("SALLYPORT_TEST_POSTGRES is empty")
	}
	db, err := sql.Open("pgx", server)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	schema := "notes_" + strings.ToLower(rand.Text()[:12])
	_, err = db.ExecContext(t.Context(), "CREATE SCHEMA "+schema)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = db.Exec("DROP SCHEMA " + schema + " CASCADE") })
	u, err := url.Parse(server)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestWalkThrough(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		s := start(t, t.TempDir(), db)
		alice, bob, admin := s.login("alice", alicePassword), s.login("bob", bobPassword), s.login("admin", adminPassword)

		health := s.call("GET", "/healthz", "", "")
		assert.Equal(t, 200, health.status)
		assert.Equal(t, "ok", health.object(t)["status"])

		me := s.call("GET", "/users/me", alice.access, "")
		assert.Equal(t, 200, me.status)
		assert.Equal(t, "alice", me.object(t)["name"])

		// An editor creates, everybody reads.
		created := s.call("POST", "/notes", alice.access, `{"title": "Hello", "body": "World"}`)
		require.Equal(t, 201, created.status, created.text)
		path := created.header.Get("Location")
		assert.Equal(t, "/notes/"+created.object(t)["id"].(string), path)
		assert.Equal(t, "World", s.call("GET", path, bob.access, "").object(t)["body"])

		// A patch changes what it names.
		patched := s.call("PATCH", path, alice.access, `{"title": "Hi"}`)
		require.Equal(t, 200, patched.status, patched.text)
		assert.Equal(t, "Hi", patched.object(t)["title"])
		assert.Equal(t, "World", patched.object(t)["body"])
		assert.Equal(t, 200, s.call("PATCH", path, admin.access, `{"body": "by admin"}`).status)

		for _, title := range []string{"beta", "alpha", "100% sure", "O'Brien", "émoji 🙂"} {
			require.Equal(t, 201, s.call("POST", "/notes", admin.access, fmt.Sprintf(`{"title": %q}`, title)).status)
		}
		titles := func(query string) (list []any) {
			a := s.call("GET", "/notes?"+query, bob.access, "")
			require.Equal(t, 200, a.status, a.text)
			for _, n := range a.list(t) {
				list = append(list, n["title"])
			}
			return list
		}
		assert.Equal(t, []any{"O'Brien"}, titles("q="+url.QueryEscape("O'B")))
		assert.Equal(t, []any{"100% sure"}, titles("q="+url.QueryEscape("%")), "a percent sign is no wildcard")
		assert.Equal(t, []any{"émoji 🙂"}, titles("q="+url.QueryEscape("🙂")))
		assert.JSONEq(t, "[]", s.call("GET", "/notes?q="+url.QueryEscape(`' OR 1=1 --`), bob.access, "").text)
		assert.Len(t, titles("limit=2"), 2)
		assert.Equal(t, "émoji 🙂", titles("sort=-title")[0])

		// Editors change their own notes, viewers none.
		admins := s.call("GET", "/notes?q=beta", bob.access, "").list(t)[0]["id"].(string)
		assert.Equal(t, 403, s.call("DELETE", "/notes/"+admins, alice.access, "").status)
		assert.Equal(t, 403, s.call("PATCH", path, bob.access, `{"title": "mine"}`).status)
		assert.Equal(t, 403, s.call("POST", "/notes", bob.access, `{"title": "mine"}`).status)
		assert.Equal(t, 403, s.call("GET", "/admin/users", alice.access, "").status)

		users := s.call("GET", "/admin/users", admin.access, "")
		require.Equal(t, 200, users.status)
		assert.Len(t, users.list(t), 3)
		assert.NotContains(t, users.text, "argon2")

		assert.Equal(t, 204, s.call("DELETE", path, alice.access, "").status)
		assert.Equal(t, 404, s.call("GET", path, alice.access, "").status)
		s.stop()
	})
}

func TestBadInput(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		s := start(t, t.TempDir(), db)
		alice := s.login("alice", alicePassword).access
		const canary = "cAnArY-8471"
		for name, c := range map[string]struct {
			method, path, token, contentType, body string
			status                                 int
		}{
			"unknown route":             {"GET", "/" + canary, alice, "", "", 404},
			"unknown route, nobody":     {"GET", "/" + canary, "", "", "", 404},
			"unknown note":              {"GET", "/notes/" + canary, alice, "", "", 404},
			"wrong method":              {"PUT", "/notes", alice, "application/json", `{}`, 405},
			"no token":                  {"GET", "/notes?q=" + canary, "", "", "", 401},
			"bad token":                 {"GET", "/notes", canary, "", "", 401},
			"changed token":             {"GET", "/notes", alice[:len(alice)-4] + "AAAA", "", "", 401},
			"malformed JSON":            {"POST", "/notes", alice, "application/json", `{"title": "` + canary, 400},
			"not JSON at all":           {"POST", "/notes", alice, "application/json", canary, 400},
			"trailing data":             {"POST", "/notes", alice, "application/json", `{"title": "a"} {"` + canary + `": 1}`, 400},
			"unknown field":             {"POST", "/notes", alice, "application/json", `{"title": "a", "` + canary + `": 1}`, 422},
			"wrong type":                {"POST", "/notes", alice, "application/json", `{"title": ["` + canary + `"]}`, 422},
			"too long":                  {"POST", "/notes", alice, "application/json", `{"title": "` + strings.Repeat(canary, 20) + `"}`, 422},
			"empty body":                {"POST", "/notes", alice, "application/json", "", 422},
			"oversize":                  {"POST", "/notes", alice, "application/json", `{"title": "a", "body": "` + strings.Repeat("x", 2<<20) + `"}`, 413},
			"wrong content type":        {"POST", "/notes", alice, "text/plain", `{"title": "` + canary + `"}`, 415},
			"no content type":           {"POST", "/notes", alice, "", `{"title": "` + canary + `"}`, 415},
			"repeated parameter":        {"GET", "/notes?q=" + canary + "&q=b", alice, "", "", 400},
			"unknown parameter":         {"GET", "/notes?" + canary + "=1", alice, "", "", 422},
			"limit is not a number":     {"GET", "/notes?limit=" + canary, alice, "", "", 422},
			"limit is too large":        {"GET", "/notes?limit=101", alice, "", "", 422},
			"sort is not on offer":      {"GET", "/notes?sort=" + canary, alice, "", "", 400},
			"sort is an injection":      {"GET", "/notes?sort=" + url.QueryEscape("title;DROP TABLE notes"), alice, "", "", 400},
			"missing permission":        {"GET", "/admin/users", alice, "", "", 403},
			"form endpoint by JSON":     {"POST", "/token", "", "application/json", `{"grant_type": "password"}`, 400},
			"unknown grant":             {"POST", "/token", "", "application/x-www-form-urlencoded", "grant_type=" + canary, 400},
			"wrong password":            {"POST", "/token", "", "application/x-www-form-urlencoded", "grant_type=password&username=alice&password=" + canary, 400},
			"unknown user":              {"POST", "/token", "", "application/x-www-form-urlencoded", "grant_type=password&username=" + canary + "&password=x", 400},
			"refresh token that is not": {"POST", "/token", "", "application/x-www-form-urlencoded", "grant_type=refresh_token&refresh_token=" + canary, 400},
		} {
			t.Run(name, func(t *testing.T) {
				a := s.send(c.method, c.path, c.token, c.contentType, c.body)
				assert.Equal(t, c.status, a.status, a.text)
				assert.NotContains(t, a.text, canary, "a refusal never shows the input")
				assert.NotContains(t, strings.ToUpper(a.text), "SELECT")
				assert.NotContains(t, a.text, ".go:")
				assert.Equal(t, "no-store", a.header.Get("Cache-Control"))
				if strings.HasPrefix(c.path, "/token") { // RFC 6749, section 5.2, has a form of its own
					assert.Equal(t, "application/json", a.header.Get("Content-Type"))
					assert.NotEmpty(t, a.object(t)["error"])
					return
				}
				assert.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
				assert.IsType(t, "", a.object(t)["detail"])
				switch c.status {
				case 401:
					assert.Contains(t, a.header.Get("WWW-Authenticate"), `Bearer realm="notes"`)
					assert.Equal(t, c.token != "", strings.Contains(a.header.Get("WWW-Authenticate"), `error="invalid_token"`))
				case 405:
					assert.Contains(t, a.header.Get("Allow"), "GET")
				}
			})
		}

		all := s.call("POST", "/notes", alice, `{"title": "", "body": 7, "colour": "red", "shape": "round"}`)
		assert.Equal(t, 422, all.status)
		assert.Len(t, all.object(t)["errors"], 3, "every violation is listed, and unknown names once for all: %s", all.text)
		assert.NotContains(t, s.stderr.String(), canary+"\"", "nor does the log show a value")
		s.stop()
	})
}

func TestRefreshRotatesAndReuseEndsTheLogin(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		s := start(t, t.TempDir(), db)
		first := s.login("alice", alicePassword)
		refresh := func(token string) answer {
			return s.form(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
		}
		a := refresh(first.refresh)
		require.Equal(t, 200, a.status, a.text)
		second := s.tokens(a)
		assert.NotEqual(t, first.refresh, second.refresh)
		assert.Equal(t, 200, s.call("GET", "/notes", second.access, "").status)

		stolen := refresh(first.refresh)
		assert.Equal(t, 400, stolen.status)
		assert.Equal(t, "invalid_grant", stolen.object(t)["error"])
		assert.Equal(t, 400, refresh(second.refresh).status, "reuse ended the whole family")
		assert.Contains(t, s.stderr.String(), "authn_token_reuse")
		assert.NotContains(t, s.stderr.String(), first.refresh)
		s.stop()
	})
}

func TestRestartKeepsKeysAndLogins(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		dir := t.TempDir()
		s := start(t, dir, db)
		assert.NotContains(t, s.stdout, alicePassword, "what a setting gave belongs into no log")
		login := s.login("alice", alicePassword)
		created := s.call("POST", "/notes", login.access, `{"title": "kept"}`)
		require.Equal(t, 201, created.status)
		jwks := s.call("GET", "/.well-known/jwks.json", "", "")
		s.stop()

		s = start(t, dir, db)
		assert.Equal(t, 200, s.call("GET", created.header.Get("Location"), login.access, "").status)
		assert.Equal(t, jwks.text, s.call("GET", "/.well-known/jwks.json", "", "").text)
		assert.NotContains(t, jwks.text, `"d"`)
		assert.Equal(t, 200, s.form(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {login.refresh}}).status)
		s.stop()

		if runtime.GOOS == "windows" {
			return // no such modes
		}
		files := map[string]os.FileMode{"keys.json": 0o600, "tls/ca.key": 0o600, ".": 0o700}
		if strings.HasSuffix(db, ".db") {
			files["notes.db"] = 0o600
		}
		for file, mode := range files {
			info, err := os.Stat(filepath.Join(dir, "data", file))
			require.NoError(t, err)
			assert.Equal(t, mode, info.Mode().Perm(), file)
		}
	})
}

func TestTheFirstStartMakesPasswordsAndShowsThemOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		dir := t.TempDir()
		s := start(t, dir, db, "NOTES_SEED_PASSWORDS=")
		shown := regexp.MustCompile(`user (\w+) +password (\w{26}) `).FindAllStringSubmatch(s.stdout, -1)
		require.Len(t, shown, 3, s.stdout)
		for _, u := range shown {
			s.login(u[1], u[2])
		}
		assert.NotContains(t, s.stderr.String(), shown[0][2])
		s.stop()
		s = start(t, dir, db, "NOTES_SEED_PASSWORDS=")
		assert.NotContains(t, s.stdout, "shown this once")
		s.login(shown[0][1], shown[0][2])
		s.stop()
	})
}

func TestPlainHTTPLeadsToHTTPS(t *testing.T) {
	s := start(t, t.TempDir())
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := plain.Get(s.redirect + "/notes?q=a")
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, http.StatusMovedPermanently, res.StatusCode)
	assert.Equal(t, s.https+"/notes?q=a", res.Header.Get("Location"))

	res, err = plain.Post(s.redirect+"/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=password"))
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, http.StatusForbidden, res.StatusCode)

	health := s.call("GET", "/healthz", "", "")
	for name, value := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
		assert.Equal(t, value, health.header.Get(name))
	}
	assert.Contains(t, health.header.Get("Content-Security-Policy"), "default-src 'none'")
	s.stop()
}

func TestBadSettingsStopTheStartAllAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		env     []string
		want    []string
		secrets []string
	}{
		"all": {
			[]string{"NOTES_ADDR=nowhere", "NOTES_REDIRECT_ADDR=:99999", "NOTES_ISSUER=ftp://x", "NOTES_TLS_CERT=cert.pem", "NOTES_POLICY=/nope",
				"NOTES_SEED_PASSWORDS=zebra", "NOTES_DB=mysql://app:hunter2@127.0.0.1/x"},
			[]string{"NOTES_ADDR", "NOTES_REDIRECT_ADDR", "NOTES_ISSUER", "NOTES_TLS_CERT", "NOTES_TLS_KEY", "NOTES_POLICY", "NOTES_SEED_PASSWORDS", "NOTES_DB"},
			[]string{"nowhere", "99999", "ftp://x", "hunter2", "zebra", "/nope"},
		},
		"a connection string of another form": {[]string{"NOTES_DB=host=127.0.0.1 user=u password=hunter2"}, []string{"NOTES_DB"}, []string{"hunter2"}},
		"a database in memory":                {[]string{"NOTES_DB=:memory:"}, []string{"NOTES_DB"}, nil},
		"a URL that cannot be parsed":         {[]string{"NOTES_DB=postgres://u:hunter2%zz@127.0.0.1/x"}, []string{"NOTES_DB"}, []string{"hunter2"}},
		"a server that is not there":          {[]string{"NOTES_DB=postgres://u:hunter2@127.0.0.1:1/x"}, []string{"NOTES_DB"}, []string{"hunter2"}},
		"logins elsewhere":                    {[]string{"NOTES_LOGINS=http://:hunter2@127.0.0.1"}, []string{"NOTES_LOGINS"}, []string{"hunter2"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cmd := command(t.Context(), dir, c.env...)
			var stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = io.Discard, &stderr
			require.Error(t, cmd.Run())
			assert.Equal(t, 1, cmd.ProcessState.ExitCode())
			for _, want := range c.want {
				assert.Contains(t, stderr.String(), want)
			}
			for _, secret := range c.secrets {
				assert.NotContains(t, stderr.String(), secret)
			}
		})
	}
}
