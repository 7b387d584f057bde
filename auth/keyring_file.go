package auth

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// maxKeyFile bounds the file in bytes: 16 RSA keys of 8192 bits take 120 KiB.
const maxKeyFile = 256 << 10

// openKeyFile returns what is in path, or makes the file with a new key.
func openKeyFile(path string, alg jose.Algorithm) (text []byte, made bool, err error) {
	text, err = readKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, false, err
	}
	if ext := filepath.Ext(path); ext == ".pem" || ext == ".key" {
		return nil, false, fmt.Errorf("%w: the name is that of a PEM file, which is not made here: make it, or give a name that ends in .json", err)
	}
	key, err := newRingKey(alg, stateActive, time.Now().Round(time.Millisecond))
	if err != nil {
		return nil, false, err
	}
	if text, err = marshalKeys([]ringKey{key}); err != nil {
		return nil, false, err
	}
	made, err = createKeyFile(path, text)
	if err != nil {
		return nil, false, fmt.Errorf("auth: the key file cannot be made: %w", err)
	}
	if !made { // another process was faster
		text, err = readKeyFile(path)
	}
	return text, made, err
}

// createKeyFile writes text to a new file at path, whole and on the disk, or says that there is one already. The link is what
// decides among processes that start at the same moment: it never replaces a file, and what it shows is complete.
func createKeyFile(path string, text []byte) (made bool, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	temp := filepath.Join(dir, "."+filepath.Base(path)+"."+rand.Text())
	defer os.Remove(temp)
	if err := writeNewFile(temp, text, nil); err != nil {
		return false, err
	}
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, syncDir(dir)
}

// replaceKeyFile gives path another content, whole and on the disk. The caller holds the lock, so that whatever has the name of the
// new file was left behind by a process that was killed.
func replaceKeyFile(path string, text []byte) error {
	old, err := os.Stat(path)
	if err != nil {
		return err
	}
	temp := besideKeyFile(path, "new")
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeNewFile(temp, text, old); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}

// besideKeyFile is the name of a file that belongs to path.
func besideKeyFile(path, ext string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+ext)
}

// writeNewFile writes text to a file that is not there yet, for the owner of old if that is given, and for nobody else.
func writeNewFile(path string, text []byte, old fs.FileInfo) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if old != nil { // root must not take the file away from the service
		err = giveToOwner(f, old)
	}
	if err == nil {
		_, err = f.Write(text)
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir has the name of a new file on the disk. Windows has no such call and does it by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("auth: the key file cannot be opened: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("auth: the key file cannot be examined: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("auth: the key file %s is not a regular file: give the path of one", path)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 { // Windows has no such bits
		return nil, fmt.Errorf("auth: the key file %s has mode %#o, so that others can use it: chmod 600", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("auth: the key file cannot be read: %w", err)
	}
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("auth: the key file %s is larger than %d bytes: remove retired keys", path, maxKeyFile)
	}
	return text, nil
}

// parseRing returns the keys of a file that is a JWK set.
func parseRing(path string, text []byte) (*ringKeys, error) {
	keys, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("auth: the key file %s: %w", path, err)
	}
	return newRingKeys(keys)
}

// parseKeys reads a JWK set whose keys each have two members of our own: "state", and "since", a NumericDate.
func parseKeys(text []byte) ([]ringKey, error) {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(text, &set, json.RejectUnknownMembers(true)); err != nil {
		return nil, errors.New(`it is not a JSON object with the one member "keys", an array`) // the decoder's text may quote a key
	}
	var keys []ringKey
	var errs []error
	for i, text := range set.Keys {
		key, err := parseKey(string(text))
		if err != nil {
			errs = append(errs, fmt.Errorf("key %d: %w", i+1, err))
		}
		keys = append(keys, key)
	}
	return keys, errors.Join(errs...)
}

func parseKey(text string) (ringKey, error) {
	key, extra, err := jose.ParsePrivateJWK(text)
	if err != nil {
		return ringKey{}, err
	}
	state, _ := jose.Value(extra["state"]).Text()
	switch keyState(state) {
	case stateNext, stateActive, stateRetired:
	default:
		return ringKey{}, errors.New("its state is not one of next, active and retired")
	}
	since, ok := readTime(jose.Value(extra["since"]))
	if !ok {
		return ringKey{}, errors.New("its since is not a time in seconds since 1970")
	}
	if ops, there := extra["key_ops"]; there { // what another program wrote; it is not written again
		if list, _ := jose.Value(ops).Texts(); !slices.Contains(list, "sign") {
			return ringKey{}, errors.New("its key_ops are without sign")
		}
		delete(extra, "key_ops")
	}
	if len(extra) > 2 {
		return ringKey{}, errors.New("it has a member that is not known")
	}
	return ringKey{key, keyState(state), since.Round(time.Millisecond)}, nil
}

func marshalKeys(keys []ringKey) ([]byte, error) {
	texts := make([][]byte, len(keys))
	for i, k := range keys {
		since := float64(k.since.UnixMilli()) / 1000
		text, err := k.key.JWK(map[string]any{"state": string(k.state), "since": since})
		if err != nil {
			return nil, fmt.Errorf("auth: %w", err)
		}
		texts[i] = text
	}
	return fmt.Appendf(nil, "{\"keys\":[%s]}\n", bytes.Join(texts, []byte(","))), nil
}
