package auth

// Cached returns how many tokens v remembers, and the bytes of them.
func (v *Verifier) Cached() (tokens, bytes int) {
	if v.cache == nil {
		return 0, 0
	}
	for i := range v.cache.shards {
		s := &v.cache.shards[i]
		s.mu.RLock()
		tokens, bytes = tokens+len(s.byToken), bytes+s.bytes
		s.mu.RUnlock()
	}
	return tokens, bytes
}

// Become gives k the keys of other, as a rotation does.
func (k *KeyRing) Become(other *KeyRing) {
	set := *other.current.Load() // a new state, as every change is
	k.current.Store(&set)
}
