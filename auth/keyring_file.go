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

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// maxKeyFile bounds the file in bytes: 16 RSA keys of 8192 bits take 120 KiB.
const maxKeyFile = 256 << 10

// openKeyFile reads the keys in path, or makes the file with a new one.
func openKeyFile(path string, alg Algorithm) (keys []ringKey, made bool, err error) {
	keys, err = readKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, false, err
	}
	if keys, err = newKeys(alg); err != nil {
		return nil, false, err
	}
	text, err := marshalKeys(keys)
	if err != nil {
		return nil, false, err
	}
	made, err = createKeyFile(path, text)
	if err != nil {
		return nil, false, fmt.Errorf("auth: the key file cannot be made: %w", err)
	}
	if !made { // another process was faster
		keys, err = readKeyFile(path)
	}
	return keys, made, err
}

// createKeyFile writes text to a new file at path, whole and on the disk, or says that there is one already. The link is what
// decides among processes that start at the same moment: it never replaces a file, and what it shows is complete.
func createKeyFile(path string, text []byte) (made bool, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	temp := filepath.Join(dir, "."+filepath.Base(path)+"."+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	defer os.Remove(temp)
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return false, err
	}
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, syncDir(dir)
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

func readKeyFile(path string) ([]ringKey, error) {
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
	keys, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("auth: the key file %s: %w", path, err)
	}
	return keys, nil
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
	if len(extra) > 2 {
		return ringKey{}, errors.New("it has a member that is not known")
	}
	return ringKey{key, keyState(state), since.Unix()}, nil
}

func marshalKeys(keys []ringKey) ([]byte, error) {
	texts := make([][]byte, len(keys))
	for i, k := range keys {
		text, err := k.key.JWK(map[string]any{"state": string(k.state), "since": k.since})
		if err != nil {
			return nil, fmt.Errorf("auth: %w", err)
		}
		texts[i] = text
	}
	return fmt.Appendf(nil, "{\"keys\":[%s]}\n", bytes.Join(texts, []byte(","))), nil
}
