package apikey

import (
	"crypto/rand"
	"hash/crc32"
	"strings"
)

// A key is prefix_ID SECRET CHECKSUM without spaces. All but the prefix is of letters and digits, so that a double click selects a key,
// so that the last "_" ends the prefix, and so that a key has one spelling: nothing in it is decoded.
const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

	idLen     = 16 // 95 bits: names do not collide
	secretLen = 43 // 256 bits
	sumLen    = 6  // a CRC-32 takes up to 6 digits
	bodyLen   = idLen + secretLen + sumLen
)

// draw returns n letters and digits, each as likely as the others.
func draw(n int) string {
	const fair = 256 / len(alphabet) * len(alphabet) // bytes from here on would favour the first letters
	out := make([]byte, 0, n)
	var buf [64]byte
	for len(out) < n {
		_, _ = rand.Read(buf[:]) // never fails
		for _, b := range buf {
			if int(b) < fair && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}

// compose returns the text of a key.
func compose(prefix, id, secret string) string {
	text := prefix + "_" + id + secret
	sum := checksum(text)
	return text + string(sum[:])
}

// checksum finds every single wrong character and every exchange of two neighbours, since a CRC-32 finds all bursts of up to 32 bits.
func checksum(text string) (digits [sumLen]byte) {
	n := crc32.ChecksumIEEE([]byte(text))
	for i := sumLen - 1; i >= 0; i-- {
		digits[i] = alphabet[n%uint32(len(alphabet))]
		n /= uint32(len(alphabet))
	}
	return digits
}

// owns says whether text begins like a key with this prefix, and not like one whose prefix only begins with it.
func owns(prefix, text string) bool {
	end := strings.LastIndexByte(text, '_')
	return end >= 0 && text[:end] == prefix
}

// parse returns the name in a key. It is quick about texts of the wrong length, whatever that is.
func parse(prefix, text string) (id string, ok bool) {
	if len(text) != len(prefix)+1+bodyLen || !owns(prefix, text) {
		return "", false
	}
	body := text[len(prefix)+1:]
	if !allBytes(body, isAlphanumeric) {
		return "", false
	}
	sum := checksum(text[:len(text)-sumLen])
	if body[idLen+secretLen:] != string(sum[:]) {
		return "", false
	}
	return body[:idLen], true
}

func validID(s string) bool { return len(s) == idLen && allBytes(s, isAlphanumeric) }

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func allBytes(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}
