package apikey_test

import (
	"testing"

	"github.com/sallyport-go/sallyport/auth/apikey"
)

// BenchmarkAuthenticate is our own cost of a request: that of a store on a database comes to it.
func BenchmarkAuthenticate(b *testing.B) {
	k := newKeys(b, apikey.Config{})
	key, _ := create(b, k, apikey.Grant{Scopes: []string{"orders:read"}})
	good, mistyped := withKey(b, key), withKey(b, key[:69]+"_")
	forged := withKey(b, apikey.Compose("acme", "0123456789abcdef", key[21:64]))
	b.Run("good", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.Authenticate(good); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := k.Authenticate(good); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("unknown", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.Authenticate(forged); err == nil {
				b.Fatal("accepted")
			}
		}
	})
	b.Run("mistyped", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.Authenticate(mistyped); err == nil {
				b.Fatal("accepted")
			}
		}
	})
}

// BenchmarkMemory says what a key takes.
func BenchmarkMemory(b *testing.B) {
	b.ReportAllocs()
	m := newMemory(b, apikey.MemoryConfig{Keys: 10_000_000})
	n := 0
	for b.Loop() {
		r := record(n, "u-1234567890")
		r.Subject += r.ID
		r.Name, r.Scopes = "a script", []string{"orders:read"}
		if err := m.Create(b.Context(), r, 50, now); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
