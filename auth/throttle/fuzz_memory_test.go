package throttle_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

// However keys come, go and are cleared, a table that is far too small never says less than an unbounded one.
func FuzzMemoryNeverForgets(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0})
	f.Add([]byte("0123456789:;<=>?0p123456789:;<=>?p0"))
	f.Add([]byte{1, 1, 1, 0x82, 3, 3, 0x41, 0x20, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		const names = 32
		m := throttle.NewMemory(1)
		exact := map[byte]throttle.Count{}
		now := time.Now()
		limit := throttle.Default()[2]
		for _, op := range ops {
			name, clear, pass := op%names, op&0x40 != 0, op&0x80 != 0
			if pass {
				d := time.Duration(name) * time.Minute
				now = now.Add(d)
				for k, c := range exact {
					exact[k] = after(c, d)
				}
				continue
			}
			key := []throttle.Key{throttle.AccountKey("user " + strconv.Itoa(int(name)))}
			err := m.Update(t.Context(), key, now, func(counts []throttle.Count) bool {
				assert.GreaterOrEqual(t, counts[0].Heat, exact[name].Heat)
				assert.GreaterOrEqual(t, counts[0].Wait, exact[name].Wait)
				if clear {
					counts[0], exact[name] = throttle.Count{}, throttle.Count{}
				} else {
					counts[0], exact[name] = limit.Add(counts[0]), limit.Add(exact[name])
				}
				return true
			})
			assert.NoError(t, err)
		}
	})
}
