package auth

import (
	"context"
	"os"
	"time"
)

// The bounds that the documentation of KeyRing gives.
const (
	Retain     = defaultPublish + maxTTL + maxLeeway
	MinPublish = minPublish
)

// Hasten gives k a schedule that is out of bounds, for tests in real time. It does not look for a key that it does not know, so that
// nothing makes up for one that is not known in time.
func (k *KeyRing) Hasten(rotate, publish, life, poll time.Duration) {
	k.schedule = schedule{rotate: rotate, publish: publish, retain: publish + life, poll: poll, ask: time.Hour}
}

// Signing is the id of the key that signs.
func (k *KeyRing) Signing() string { return k.current.Load().active.Public().ID() }

// Knows says whether k has a key, without looking at the file for it.
func (k *KeyRing) Knows(id string) bool { return k.current.Load().byID[id] != nil }

// States are the states of the keys by id.
func (k *KeyRing) States() map[string]string {
	states := map[string]string{}
	for _, key := range k.current.Load().keys {
		states[key.key.Public().ID()] = string(key.state)
	}
	return states
}

// State is what tells the cache whether the keys are still the same.
func (k *KeyRing) State() any { return k.state(time.Now()) }

// Look looks at the file as Run does.
func (k *KeyRing) Look(ctx context.Context) error { return k.refresh(ctx, 0) }

// ErrLocked is what somebody gets who does not wait.
var ErrLocked = errLocked

// TryRotate is what Run does when a rotation is due.
func (k *KeyRing) TryRotate(ctx context.Context) error { return k.change(ctx, false, k.step(true)) }

// StopBeforeRename locks the file at path and writes part of the next one, and leaves it at that.
func StopBeforeRename(path string) error {
	file, _, err := lockKeyFile(context.Background(), path, true)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return writeNewFile(besideKeyFile(file, "new"), []byte(`{"keys":[{"kty":"EC","d":"`), info)
}

// RewriteKeys reads a key file and writes it again.
func RewriteKeys(text []byte) ([]byte, error) {
	keys, err := parseKeys(text)
	if err != nil {
		return nil, err
	}
	return marshalKeys(keys)
}
