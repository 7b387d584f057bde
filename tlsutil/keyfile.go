package tlsutil

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// maxFile bounds what is read for a certificate chain or a key, of which the largest in use have some 30 KiB.
const maxFile = 1 << 20

// readFile reads a regular file that gives none of the forbidden permissions. The mode is that of the file that was opened, at
// the end of any symbolic links, so that it cannot be exchanged between the check and the reading.
func readFile(path string, forbidden fs.FileMode) ([]byte, error) {
	if err := regular(os.Stat(path)); err != nil { // before it is opened: opening a pipe waits for a writer
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err := regular(info, err); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := checkMode(info, forbidden); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: is larger than %d bytes: it is no certificate or key", path, maxFile)
	}
	return data, nil
}

func regular(info fs.FileInfo, err error) error {
	if err != nil {
		return cause(err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("is not a regular file")
	}
	return nil
}

// cause takes the path out of an error, for the caller's text names it already.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// checkMode refuses permissions of group and others. Windows keeps them elsewhere and shows every file as open to all.
func checkMode(info fs.FileInfo, forbidden fs.FileMode) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	mode := info.Mode().Perm()
	switch bad := mode & forbidden; {
	case bad&0o022 != 0:
		return fmt.Errorf("has mode %04o: group or others can write to it: chmod go-w", mode)
	case bad&0o040 != 0:
		return fmt.Errorf("has mode %04o: its group can read it: chmod 0600", mode)
	case bad != 0:
		return fmt.Errorf("has mode %04o: everyone can read it: chmod 0600 or 0640, or mount the secret with such a mode", mode)
	}
	return nil
}
