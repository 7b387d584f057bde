package apikey

// Compose makes the text of a key, with a right checksum.
func Compose(prefix, id, secret string) string { return compose(prefix, id, secret) }

// Parse returns the name in a key.
func Parse(prefix, text string) (string, bool) { return parse(prefix, text) }

// MaxRecent is how many keys half of the memory of recent uses holds.
const MaxRecent = maxRecent

// Remembered is how many keys that memory holds.
func (k *Keys) Remembered() int {
	k.touched.mu.Lock()
	defer k.touched.mu.Unlock()
	return len(k.touched.newer) + len(k.touched.older)
}

// Bounds of a Grant.
const (
	MinTTL     = minTTL
	DefaultTTL = defaultTTL
	MaxTTL     = maxTTL
)
