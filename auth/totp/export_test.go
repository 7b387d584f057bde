package totp

// Code is for the vectors of the RFCs, whose times are before the epoch of testing/synctest.
func Code(s Secret, step int64) string { return s.code(step) }

// RawSecret is for keys and codes that no Config makes.
func RawSecret(key []byte, a Algorithm, digits int) Secret { return newSecret(key, a, digits) }

// Digits returns how many a secret's codes have.
func Digits(s Secret) int { return s.digits }

// Decode32 reads what [Secret.Reveal] returns.
func Decode32(text string) ([]byte, bool) { return decode32(text) }

// Finds says whether code is one of the window.
func Finds(s Secret, code string, current, drift int64) bool {
	_, ok := s.find(code, current, drift)
	return ok
}
