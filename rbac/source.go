package rbac

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Source is where a policy comes from. It is made by [File], [Files], [Rules] or [Adapter], and read by [New] and at each
// [Engine.Reload]. A source of another kind is a Casbin adapter.
type Source interface {
	load(context.Context, *draft)
}

// File reads a policy file of at most 64 MiB, in Casbin's CSV.
func File(path string) Source {
	return files{names: []string{path}, open: func(name string) (fs.File, error) { return os.Open(name) }}
}

// Files reads several files as one policy, from an embed.FS or any other file system.
func Files(fsys fs.FS, names ...string) Source {
	f := files{names: slices.Clone(names)}
	if fsys != nil {
		f.open = fsys.Open
	}
	return f
}

type files struct {
	names []string
	open  func(string) (fs.File, error)
}

func (f files) load(ctx context.Context, d *draft) {
	if f.open == nil {
		d.fault(errors.New("rbac: Files has no file system: pass an embed.FS or os.DirFS"))
		return
	}
	if len(f.names) == 0 {
		d.fault(errors.New("rbac: Files names no file"))
	}
	for _, name := range f.names {
		if err := ctx.Err(); err != nil {
			d.fault(fmt.Errorf("rbac: policy file %s: %w", name, err))
			return
		}
		text, err := f.read(name)
		if err != nil {
			d.fault(fmt.Errorf("rbac: policy file %s: %w", name, err))
			continue
		}
		d.readCSV(name, text)
	}
}

func (f files) read(name string) (text []byte, err error) {
	file, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("the file has more than %d bytes", maxFile)
	}
	return text, err
}

// Rules is a policy in the program: each argument is one line of Casbin's CSV, and an argument that would be two lines, or a
// line of another width, is a fault.
func Rules(lines ...string) Source { return ruleLines(slices.Clone(lines)) }

type ruleLines []string

func (r ruleLines) load(_ context.Context, d *draft) {
	for i, line := range r {
		at := position{"rules", i + 1}
		if d.full(at) {
			return
		}
		if strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			d.faultAt(at, "a line of Rules is a p or g line")
			continue
		}
		d.readLine(at, []byte(line))
	}
}
