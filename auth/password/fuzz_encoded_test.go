package password_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sallyport-go/sallyport/auth/password"
)

// Whatever is accepted has one spelling and stays within the bounds of memory and work.
func FuzzAcceptedHashReencodesToItself(f *testing.F) {
	for _, s := range unreadable {
		f.Add(s)
	}
	f.Add(phc("pw", 8, 1, 1, 8, 16))
	f.Add(phc("pw", 4096, 3, 4, 64, 64))
	f.Fuzz(func(t *testing.T, encoded string) {
		again, memory, time, ok := password.Reencode(encoded)
		if !ok {
			return
		}
		assert.Equal(t, encoded, again)
		assert.LessOrEqual(t, memory, uint32(256*1024))
		assert.LessOrEqual(t, uint64(memory)*uint64(time), uint64(1024*1024))
	})
}
