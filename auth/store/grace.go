package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// maxSealed bounds Rotation.Sealed.
const maxSealed = 1024

// ErrRepeated says that the token was replaced a moment ago, and what replaced it has not been used.
var ErrRepeated = errors.New("store: the token was replaced a moment ago")

// GraceTokens is a store for a grace period, in which a client that has lost the answer may send its token again. Without one it
// is a [RefreshTokens] and nothing else. authtest.GraceContract tests an implementation.
type GraceTokens interface {
	RefreshTokens

	// RotateGrace is Rotate, but for two things. It keeps r.Sealed until r.GraceUntil; and if r.Old is not in force but was the last
	// before it, and r.GraceUntil of the rotation that replaced it is still ahead, nothing is changed and the answer is
	// what that rotation sealed, with [ErrRepeated]. It is not given in any other case.
	//
	// What was sealed is erased when its token is used or the family revoked, and is not given out after its time. Redis erases it
	// at that time, memory with the next token that is issued or used then, and SQL at the next sweep.
	RotateGrace(ctx context.Context, r Rotation, now time.Time) (sealed []byte, err error)
}

// Rotation is one use of a refresh token.
type Rotation struct {
	// Family is whose token it is; Old is what was used, Next what takes its place until the given time.
	Family    string
	Old, Next Hash
	Until     time.Time
	// Sealed is the next token, encrypted under a key that only the old one yields, so that the store alone cannot give it to anybody: up
	// to 1,024 bytes. Empty means that there is no grace after this use.
	Sealed []byte
	// GraceUntil is when the grace after this use ends. Choose some seconds: until then a thief of the old token gets
	// the new one, if its owner has not used it.
	GraceUntil time.Time

	_ struct{} // keyed literals only: fields may be added later
}

// Validate reports what a store does not take. Stores call it in RotateGrace.
func (r Rotation) Validate() error {
	var errs []error
	if r.Next == (Hash{}) {
		errs = append(errs, errors.New("store: Rotation.Next is zero: give the token's SHA-256"))
	}
	if r.Until.IsZero() {
		errs = append(errs, errors.New("store: Rotation.Until is zero: every token ends"))
	}
	if len(r.Sealed) > maxSealed {
		errs = append(errs, fmt.Errorf("store: Rotation.Sealed is over %d bytes: seal the token and nothing else", maxSealed))
	}
	if len(r.Sealed) > 0 && r.GraceUntil.IsZero() {
		errs = append(errs, errors.New("store: Rotation.GraceUntil is zero although there is something sealed: say how long to keep it"))
	}
	return errors.Join(errs...)
}

// grace is what the last rotation of a family left for its predecessor.
type grace struct {
	previous Hash
	sealed   []byte
	until    time.Time
}

func (r Rotation) grace() grace {
	if len(r.Sealed) == 0 {
		return grace{}
	}
	return grace{previous: r.Old, sealed: bytes.Clone(r.Sealed), until: micro(r.GraceUntil)}
}

// answers says whether old may have what was sealed.
func (g *grace) answers(old Hash, now time.Time) bool {
	return len(g.sealed) > 0 && g.previous == old && now.Before(g.until)
}
