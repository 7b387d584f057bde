// Package archtest holds the architecture of the module against its source files:
//
//	faults, err := archtest.Check("../..")
//
// It reads the import declarations with go/build, for every operating system at once, and never asks the go command: the
// go command caches the result of a test by the files that the test itself opened, and would miss a change.
package archtest

import (
	"fmt"
	"go/build"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const module = "github.com/sallyport-go/sallyport"

// A tree is a package with everything below it.
var (
	// houses are the five packages that users import. No arrow leads from one to another.
	houses = []string{"auth", "rbac", "validate", "sqlguard", "tlsutil"}
	// common is all of ours that a house may import beside itself.
	common = []string{"internal/problem", "internal/event"}
	// light adds nothing outside golang.org/x to a user's build.
	light = []string{"tlsutil", "sqlguard", "auth/password", "auth/throttle", "auth/totp", "internal/problem", "internal/event"}
)

// owners names, for each module outside the standard library, the trees that may import it.
var owners = map[string][]string{
	"github.com/lestrrat-go/jwx/v2":          {"auth/internal/jose"},
	"golang.org/x/crypto":                    {"auth", "tlsutil"},
	"golang.org/x/text":                      {"auth", "validate"},
	"github.com/casbin/casbin/v2":            {"rbac"},
	"github.com/go-playground/validator/v10": {"validate"},
	"github.com/go-json-experiment/json":     {"validate", "auth"},
	"github.com/stretchr/testify":            {}, // in our tests only: authtest and rbactest leave users the choice
}

// Check returns the arrows in the module at root that must not be there, in order.
func Check(root string) ([]string, error) {
	packages, err := read(root)
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		p := packages[name]
		for _, imported := range slices.Sorted(maps.Keys(p.imports)) {
			if reason := judge(name, imported, false); reason != "" {
				faults = append(faults, fmt.Sprintf("%s imports %s: %s", name, imported, reason))
			}
		}
		for _, imported := range slices.Sorted(maps.Keys(p.testImports)) {
			if reason := judge(name, imported, true); reason != "" {
				faults = append(faults, fmt.Sprintf("%s imports %s in a test: %s", name, imported, reason))
			}
		}
		if within(name, light) {
			for _, heavy := range reach(packages, name) {
				faults = append(faults, fmt.Sprintf("%s brings in %s: it may add nothing outside golang.org/x", name, heavy))
			}
		}
	}
	return faults, nil
}

// judge says why an arrow must not be there, or nothing.
func judge(from, to string, test bool) string {
	own, ours := relative(to)
	switch {
	case ours:
		return judgeOurs(from, own)
	case standard(to):
		return ""
	case test && inModule(to, "github.com/stretchr/testify"):
		return ""
	}
	for name, trees := range owners {
		if inModule(to, name) {
			if within(from, trees) {
				return ""
			}
			if len(trees) == 0 {
				return "it is for tests only"
			}
			return "only " + strings.Join(trees, " and ") + " may"
		}
	}
	return "it is not among the dependencies of the root module"
}

func judgeOurs(from, to string) string {
	house := strings.SplitN(from, "/", 2)[0]
	switch {
	case !slices.Contains(houses, house):
		if within(from, common) && !within(to, common) {
			return "the common rooms lean on nobody"
		}
		return ""
	case within(to, []string{house}):
		if within(from, []string{"auth/password", "auth/throttle"}) && !within(to, []string{from}) {
			return "it stands alone"
		}
		return ""
	case within(to, common):
		return ""
	}
	return "the five packages meet by function seams, never by import"
}

// reach lists the packages outside the standard library, golang.org/x and this module that name leads to.
func reach(packages map[string]sources, name string) []string {
	found, seen := map[string]bool{}, map[string]bool{}
	var walk func(string)
	walk = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for imported := range packages[name].imports {
			if own, ours := relative(imported); ours {
				walk(own)
			} else if !standard(imported) && !strings.HasPrefix(imported, "golang.org/x/") {
				found[imported] = true
			}
		}
	}
	walk(name)
	return slices.Sorted(maps.Keys(found))
}

type sources struct{ imports, testImports map[string]bool }

// read returns the packages of the module at root by their path below it. Nested modules are left out.
func read(root string) (map[string]sources, error) {
	ctx := build.Default
	ctx.UseAllFiles = true
	packages := map[string]sources{}
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if dir != root && skipped(dir) {
			return filepath.SkipDir
		}
		p, err := ctx.ImportDir(dir, 0)
		if _, empty := err.(*build.NoGoError); empty {
			return nil
		}
		if err != nil {
			return fmt.Errorf("archtest: %w", err)
		}
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			return fmt.Errorf("archtest: %w", err)
		}
		packages[filepath.ToSlash(rel)] = sources{imports: set(p.Imports), testImports: set(p.TestImports, p.XTestImports)}
		return nil
	})
	return packages, err
}

func skipped(dir string) bool {
	base := filepath.Base(dir)
	if base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func set(lists ...[]string) map[string]bool {
	s := map[string]bool{}
	for _, list := range lists {
		for _, v := range list {
			s[v] = true
		}
	}
	return s
}

// relative returns the path of a package of this module below its root.
func relative(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

func within(name string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool { return name == tree || strings.HasPrefix(name, tree+"/") })
}

func inModule(imported, name string) bool {
	return imported == name || strings.HasPrefix(imported, name+"/")
}

// standard follows the go command: only paths outside the standard library have a dot in their first element.
func standard(imported string) bool {
	first, _, _ := strings.Cut(path.Clean(imported), "/")
	return !strings.Contains(first, ".")
}
