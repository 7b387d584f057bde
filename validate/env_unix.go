//go:build unix

package validate

import (
	"io/fs"
	"syscall"
)

// nonBlocking keeps a named pipe from holding the program up.
const nonBlocking = syscall.O_NONBLOCK

func writableByOthers(mode fs.FileMode) bool { return mode.Perm()&0o022 != 0 }
