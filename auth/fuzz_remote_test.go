package auth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth"
)

// FuzzFreshness states that no header makes keys live shorter or longer than documented, and that a longer max-age in an answer that is
// otherwise the same never makes them live shorter.
func FuzzFreshness(f *testing.F) {
	for _, seed := range [][4]string{
		{"public, max-age=600", "", "", ""}, {"no-store", "1", "", ""}, {"", "", "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 GMT"},
		{"max-age=99999999999999999999", "-1", "0", "x"}, {`max-age="5", MAX-AGE=7`, "2", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], uint32(100))
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, cacheControl, age, expires, date string, n uint32) {
		h := http.Header{"Cache-Control": {cacheControl}, "Age": {age}, "Expires": {expires}, "Date": {date}}
		if got := auth.Freshness(h, now); got < auth.MinFresh || got > auth.MaxFresh {
			t.Fatal(got)
		}
		short, long := h.Clone(), h.Clone()
		short.Add("Cache-Control", "max-age="+fmt.Sprint(n/2))
		long.Add("Cache-Control", "max-age="+fmt.Sprint(n))
		if auth.Freshness(short, now) > auth.Freshness(long, now) {
			t.Fatal(short, long)
		}
	})
}

// FuzzMetadata states that whatever a document says, the keys are looked for at a URL with https, without user and fragment.
func FuzzMetadata(f *testing.F) {
	const issuer = "https://login.example"
	f.Add(metadata(issuer, issuer+"/keys"))
	f.Add(metadata(issuer+"/", issuer+"/keys"))
	f.Add(`{"issuer":"https:\/\/login.example","jwks_uri":"https://[::1]/\u006beys"}`)
	f.Add(metadata(issuer, "http://127.0.0.1/"))
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := auth.ParseMetadata(text, issuer)
		if err != nil {
			if keys != "" {
				t.Fatal("an error, and a URL")
			}
			return
		}
		u, err := url.Parse(keys)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
			t.Fatalf("%q", keys)
		}
		if _, err := auth.ParseMetadata(text, issuer+"/"); err == nil {
			t.Fatal("one document for two issuers")
		}
		if _, err := auth.NewRemoteKeys(auth.RemoteKeysConfig{URL: keys}); err != nil {
			t.Fatal(err)
		}
	})
}
