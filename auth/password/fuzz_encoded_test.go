package password_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sallyport-go/sallyport/auth/password"
)

// Whatever is accepted has one spelling and stays within the bounds of memory and work, and reading it takes next to nothing.
func FuzzAcceptedHashReencodesToItself(f *testing.F) {
	for _, seeds := range []map[string]string{unreadable, unreadableSchemes, foreign} {
		for _, s := range seeds {
			f.Add(s)
		}
	}
	f.Add(peppered)
	f.Add(of72)
	f.Add(phc("pw", 8, 1, 1, 8, 16))
	f.Add(phc("pw", 4096, 3, 4, 64, 64))
	f.Fuzz(func(t *testing.T, encoded string) {
		var again string
		var memory, time uint32
		var ok bool
		allocated := bytesAllocated(func() { again, memory, time, ok = password.Reencode(encoded) })
		assert.Less(t, allocated, uint64(1<<20))
		if !ok {
			return
		}
		assert.Equal(t, encoded, again)
		assert.LessOrEqual(t, memory, uint32(256*1024+256)) // scrypt mixes its blocks outside its table
		assert.LessOrEqual(t, uint64(memory)*uint64(time), uint64(1024*1024))
	})
}
