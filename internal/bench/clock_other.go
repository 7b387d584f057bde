//go:build !unix

package bench

import "time"

var start = time.Now()

// processTime is the time on the wall: the standard library offers no other here.
func processTime() time.Duration { return time.Since(start) }
