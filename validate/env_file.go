package validate

import (
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxFile is the longest file of a setting in bytes.
const maxFile = 64 << 10

// readSecretFile reads the file behind a NAME_FILE variable. os.Root follows symbolic links, but only inside the folder.
func readSecretFile(path string) (string, fault) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return "", failed(codeFile)
	}
	defer root.Close()
	f, err := root.OpenFile(filepath.Base(path), os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return "", failed(codeFile)
	}
	defer f.Close()
	info, err := f.Stat() // of the file that is open, so that nothing can be put in its place in between
	switch {
	case err != nil || !info.Mode().IsRegular():
		return "", failed(codeFile)
	case writableByOthers(info.Mode()):
		return "", failed(codeFileMode)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", failed(codeFile)
	}
	if len(content) > maxFile {
		return "", fault{codeFileSize, map[string]any{"max_length": maxFile}}
	}
	text := string(content)
	if cut, ok := strings.CutSuffix(text, "\n"); ok {
		text = strings.TrimSuffix(cut, "\r")
	}
	return text, fault{}
}
