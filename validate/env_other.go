//go:build !unix

package validate

import "io/fs"

const nonBlocking = 0

// writableByOthers cannot tell without permission bits; the folder's access list has to.
func writableByOthers(fs.FileMode) bool { return false }
