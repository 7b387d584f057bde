package auth

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultCacheSize = 8192    // tokens
	maxCacheSize     = 1 << 20 // tokens
	// cacheBytes is how long the tokens in a cache are on average at most. Their principals are about as large again, so that the
	// default holds 32 MiB, whatever is sent.
	cacheBytes = 2048
	shardCount = 32
)

// tokenCache remembers what tokens said that have been verified. A bearer token is sent many times before it expires, and a check of
// its signature costs as much as several hundred look-ups.
//
// It is keyed by the whole text, which is compared in full. What may change is checked again at each hit: the time, and whether
// the keys are still those that verified the token. A nil *tokenCache remembers nothing.
type tokenCache struct {
	shards [shardCount]cacheShard
}

// cacheShard is a part of the cache with a lock of its own. It evicts by the second-chance algorithm (CLOCK), so that a flood of
// tokens that come once does not displace those that come again.
type cacheShard struct {
	mu       sync.RWMutex
	byToken  map[string]cachedToken // by value: a hit costs no further trip to memory
	ring     []string               // the tokens in a fixed number of places, "" where there is room
	used     []atomic.Bool          // by place: since the hand passed by
	hand     int
	bytes    int
	maxBytes int
}

type cachedToken struct {
	principal *Principal
	keys      any   // the state of the keys that verified it
	from      int64 // valid from and before, in microseconds since 1970, with the leeway
	until     int64
	place     int
}

func newTokenCache(size int) *tokenCache {
	if size < 0 {
		return nil
	}
	c := &tokenCache{}
	each := (size + shardCount - 1) / shardCount
	for i := range c.shards {
		c.shards[i] = cacheShard{
			byToken: make(map[string]cachedToken), ring: make([]string, each), used: make([]atomic.Bool, each), maxBytes: each * cacheBytes,
		}
	}
	return c
}

// anew returns an empty cache of the same size.
func (c *tokenCache) anew() *tokenCache {
	if c == nil {
		return nil
	}
	return newTokenCache(shardCount * len(c.shards[0].ring))
}

// get returns the principal of a token that was verified by the same keys, if it is valid at the instant now.
func (c *tokenCache) get(token string, keys any, now time.Time) *Principal {
	if c == nil || keys == nil {
		return nil
	}
	s := c.shard(token)
	s.mu.RLock()
	t, ok := s.byToken[token]
	if ok && !s.used[t.place].Load() { // a store each time would have the cores fight for the line
		s.used[t.place].Store(true)
	}
	s.mu.RUnlock()
	if !ok || t.keys != keys {
		return nil
	}
	if n := now.UnixMicro(); n < t.from || n >= t.until {
		return nil
	}
	return t.principal
}

// put remembers a token that was verified.
func (c *tokenCache) put(token string, t cachedToken) {
	if c == nil || t.keys == nil {
		return
	}
	s := c.shard(token)
	if len(token) > s.maxBytes {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.byToken[token]; ok { // verified by other keys, or by two requests at once
		t.place = old.place
		s.byToken[s.ring[old.place]] = t
		return
	}
	for s.bytes+len(token) > s.maxBytes || s.ring[s.hand] != "" {
		s.evict() // ends in the second round, since nobody can use a token while the lock is held
	}
	token = strings.Clone(token) // it may be a piece of something larger
	t.place = s.hand
	s.ring[s.hand] = token
	s.used[s.hand].Store(false)
	s.byToken[token] = t
	s.bytes += len(token)
	s.advance()
}

// evict frees the place of the hand, or moves the hand on if there is nothing or a token that was used since the last time.
func (s *cacheShard) evict() {
	token := s.ring[s.hand]
	if token == "" || s.used[s.hand].Swap(false) {
		s.advance()
		return
	}
	delete(s.byToken, token)
	s.bytes -= len(token)
	s.ring[s.hand] = ""
}

func (s *cacheShard) advance() { s.hand = (s.hand + 1) % len(s.ring) }

// shard chooses by the end of the signature, which nobody can choose without the issuer's key. Only verified tokens are kept,
// so that a sender of others fills no shard.
func (c *tokenCache) shard(token string) *cacheShard {
	var h uint32
	for i := max(0, len(token)-8); i < len(token)-1; i++ {
		h = h*31 + uint32(token[i])
	}
	return &c.shards[h%shardCount]
}
