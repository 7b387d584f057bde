package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"io"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// schema makes a schema on PostgreSQL and returns a URL for it.
func schema(t *testing.T) string {
	t.Helper()
	server := os.Getenv("SALLYPORT_TEST_POSTGRES")
	if server == "" {
		t.Skip("SALLYPORT_TEST_POSTGRES is empty")
	}
	db, err := sql.Open("pgx", server)
	require.NoError(t, err)
	name := "cluster_" + strings.ToLower(rand.Text())
	_, err = db.ExecContext(t.Context(), "CREATE SCHEMA "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	u, err := url.Parse(server)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func walk(t *testing.T, s settings) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var out strings.Builder
	require.NoError(t, run(ctx, s, io.MultiWriter(&out, t.Output())))
	require.Equal(t, len(steps), strings.Count(out.String(), "ok  "))
}

func TestTwoNodesOnPostgreSQL(t *testing.T) { walk(t, settings{db: schema(t)}) }

func TestTwoNodesOnPostgreSQLAndRedis(t *testing.T) {
	server := os.Getenv("SALLYPORT_TEST_REDIS")
	if server == "" {
		t.Skip("SALLYPORT_TEST_REDIS is empty")
	}
	options, err := redis.ParseURL(server)
	require.NoError(t, err)
	options.DB = 7 // of its own, since notes has a fixed prefix
	client := redis.NewClient(options)
	t.Cleanup(func() {
		require.NoError(t, client.FlushDB(context.WithoutCancel(t.Context())).Err())
		require.NoError(t, client.Close())
	})
	require.NoError(t, client.FlushDB(t.Context()).Err())
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.Path = "/7"
	walk(t, settings{db: schema(t), logins: u.String()})
}
