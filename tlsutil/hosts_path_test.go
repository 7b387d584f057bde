package tlsutil_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

// Over HTTP/2 ":authority" can be one host and ":path" a URL of another.
func TestAttackAnotherHostInThePath(t *testing.T) {
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{Hosts: []string{"localhost"}})
	require.NoError(t, err)
	for host, want := range map[string]bool{"": true, "localhost": true, "evil.example": false} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil)
		r.Host, r.URL = "localhost", &url.URL{Scheme: "http", Host: host, Path: "/healthz"}
		assert.Equal(t, want, hosts.Check(r) == nil, host)
	}
}
