package auth

import (
	"context"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// For the fuzz targets.
var (
	Freshness     = freshness
	ParseMetadata = parseMetadata
)

// The bounds that the documentation of RemoteKeys gives.
const (
	MinFresh = minFresh
	MaxFresh = maxFresh
)

// Remembered is how many unknown ids k remembers.
func (k *RemoteKeys) Remembered() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.unknown)
}

// Find looks a key up, for the benchmark.
func (k *RemoteKeys) Find(ctx context.Context, id string, alg Algorithm) error {
	_, err := k.key(ctx, id, jose.Algorithm(alg))
	return err
}

// State names the keys in use.
func (k *RemoteKeys) State() any { return k.state(time.Now()) }
