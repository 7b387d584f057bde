package password

import (
	"crypto/subtle"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	saltLen = 16 // bytes; RFC 9106, section 3.1, recommends 16 for password hashing
	keyLen  = 32 // bytes
)

// params are the costs of one Argon2id hash.
type params struct {
	memory, time uint32 // KiB, passes
	lanes        uint8
}

// work is what the hash costs, whatever the number of lanes it is spread over.
func (p params) work() uint64 { return uint64(p.memory) * uint64(p.time) }

// inBounds says whether p may be run at all. Argon2 needs eight blocks of a KiB for each lane (RFC 9106, section 3.1).
func (p params) inBounds() bool {
	return p.time >= 1 && p.time <= maxTime && p.lanes >= 1 && p.lanes <= maxParallelism &&
		p.memory >= 8*uint32(p.lanes) && p.memory <= maxMemory && p.work() <= maxWork
}

// leastMemory is the OWASP Password Storage Cheat Sheet's minimum for a number of passes, in KiB.
func leastMemory(time uint32) uint32 {
	table := [...]uint32{1: 47104, 2: 19456, 3: 12288, 4: 9216, 5: 7168}
	return table[min(max(time, 1), uint32(len(table)-1))]
}

func (p params) strong() bool { return p.memory >= leastMemory(p.time) }

func (p params) key(pw string, salt []byte, length int) []byte {
	return argon2.IDKey([]byte(pw), salt, p.time, p.memory, p.lanes, uint32(length))
}

// forGap returns parameters for a gap of work, with no more memory than p; ok is false if it is less than Argon2 can do.
func (p params) forGap(gap uint64) (rest params, ok bool) {
	if gap == 0 {
		return params{}, false
	}
	passes := (gap + uint64(p.memory) - 1) / uint64(p.memory)
	rest = params{memory: uint32(gap / passes), time: uint32(passes), lanes: p.lanes}
	return rest, rest.memory >= 8*uint32(rest.lanes)
}

// argon2id is a stored hash.
type argon2id struct {
	params
	pepper    string // the id of its pepper, or empty
	salt, key []byte
}

func (a argon2id) cost() params  { return a.params }
func (a argon2id) class() string { return "argon2id" } // never asked: its work is known

func (a argon2id) match(pw string) (bool, error) {
	return subtle.ConstantTimeCompare(a.params.key(pw, a.salt, len(a.key)), a.key) == 1, nil
}

// outdated says whether the hash should be made anew.
func (a argon2id) outdated(today params, pepper string) bool {
	return a.params != today || a.pepper != pepper || len(a.salt) < saltLen || len(a.key) < keyLen
}

// encode writes the PHC string. The order of the parameters is that of the reference implementation.
func (a argon2id) encode() string {
	b := make([]byte, 0, 128)
	b = append(b, "$argon2id$v=19$m="...)
	b = strconv.AppendUint(b, uint64(a.memory), 10)
	b = append(b, ",t="...)
	b = strconv.AppendUint(b, uint64(a.time), 10)
	b = append(b, ",p="...)
	b = strconv.AppendUint(b, uint64(a.lanes), 10)
	if a.pepper != "" {
		b = append(b, ",keyid="...)
		b = b64.AppendEncode(b, []byte(a.pepper))
	}
	b = append(b, '$')
	b = b64.AppendEncode(b, a.salt)
	b = append(b, '$')
	return string(b64.AppendEncode(b, a.key))
}

// parseArgon2id reads what follows "$argon2id$". Only version 0x13 of the function is known, and no data.
func parseArgon2id(rest string) (argon2id, bool) {
	var a argon2id
	rest, ok := strings.CutPrefix(rest, "v=19$m=")
	if !ok {
		return a, false
	}
	memory, rest, ok1 := strings.Cut(rest, ",t=")
	time, rest, ok2 := strings.Cut(rest, ",p=")
	lanes, rest, ok3 := strings.Cut(rest, "$")
	lanes, keyID, peppered := strings.Cut(lanes, ",keyid=")
	salt, key, ok4 := strings.Cut(rest, "$")
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return a, false
	}
	m, ok1 := number(memory)
	t, ok2 := number(time)
	p, ok3 := number(lanes)
	if !ok1 || !ok2 || !ok3 || p > maxParallelism {
		return a, false
	}
	a.params = params{memory: m, time: t, lanes: uint8(p)}
	if !a.inBounds() {
		return a, false
	}
	if peppered {
		id, ok := decode(b64, keyID, 1, maxPepperID)
		if !ok {
			return a, false
		}
		a.pepper = string(id)
	}
	a.salt, ok1 = decode(b64, salt, minSaltLen, maxSaltLen)
	a.key, ok2 = decode(b64, key, minKeyLen, maxKeyLen)
	return a, ok1 && ok2
}
