package session_test

import (
	"testing"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/session"
)

// BenchmarkAuthenticate is our own cost of a request: that of a store on a database comes to it.
func BenchmarkAuthenticate(b *testing.B) {
	s := newSessions(b, session.Config{})
	cookie := login(b, s, auth.Identity{Subject: "alice", Scopes: []string{"orders:read"}, AMR: []string{"pwd"}})
	good := request(b, "GET", cookie)
	b.Run("good", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Authenticate(good); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.Authenticate(good); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
