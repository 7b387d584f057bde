//go:build unix

package bench

import (
	"syscall"
	"time"
)

// processTime is how long this process has worked on all cores.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil { // not with these arguments
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
