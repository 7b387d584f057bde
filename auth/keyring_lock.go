package auth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// errLocked says that another process, or another ring of this one, changes the file.
var errLocked = errors.New("somebody else holds the lock")

// lockRetry is the pause between two attempts to get the lock. Locks that are waited for cannot be given up when a context ends.
const lockRetry = 20 * time.Millisecond

// lockKeyFile takes the lock of the file behind path, which may be a symbolic link, and returns where that file is. If somebody else has
// the lock it waits until ctx ends, or fails with errLocked at once. The system drops the lock of a process that ends, however it does.
//
// What is locked is a file beside it, which stays: a lock on the file itself would be worth nothing once the file is replaced.
func lockKeyFile(ctx context.Context, path string, wait bool) (file string, unlock func(), err error) {
	if file, err = filepath.EvalSymlinks(path); err != nil {
		return "", nil, err
	}
	for {
		f, err := openLocked(besideKeyFile(file, "lock"))
		if err == nil {
			if err := shareLock(f, file); err != nil {
				return "", nil, errors.Join(err, f.Close())
			}
			return file, func() { _ = f.Close() }, nil
		}
		if !wait || !errors.Is(err, errLocked) {
			return "", nil, err
		}
		select {
		case <-ctx.Done():
			return "", nil, errors.Join(err, context.Cause(ctx))
		case <-time.After(lockRetry):
		}
	}
}

// shareLock gives the lock to the owner of the key file, whom a lock of root would shut out.
func shareLock(lock *os.File, file string) error {
	info, err := os.Stat(file)
	if err == nil {
		err = giveToOwner(lock, info)
	}
	return err
}
