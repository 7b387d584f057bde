package sqlguard_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/sqlguard"
)

// exports returns the compiled packages that a snippet can import, by their path.
func exports(t *testing.T) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Export", ".", "./trusted")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	files := make(map[string]string)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return files
		} else {
			require.NoError(t, err)
		}
		files[p.ImportPath] = p.Export
	}
}

func TestWhatMustNotCompile(t *testing.T) {
	files := exports(t)
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	check := func(t *testing.T, body string) error {
		t.Helper()
		source := `package snippet
import ("context"; "fmt"; "strings"; "github.com/sallyport-go/sallyport/sqlguard")
var _ = fmt.Sprint
var _ = strings.Join
type own string
func conv[T ~string](f func(T, ...any) sqlguard.SQL, s string) sqlguard.SQL { return f(T(s)) }
func do(ctx context.Context, db *sqlguard.DB, tx *sqlguard.Tx, s string, b []byte) { ` + body + ` }`
		file, err := parser.ParseFile(fset, "snippet.go", source, parser.SkipObjectResolution)
		require.NoError(t, err)
		_, err = (&types.Config{Importer: imports}).Check("snippet", fset, []*ast.File{file}, nil)
		return err
	}
	for name, body := range map[string]string{
		"variable":             `_ = sqlguard.Q(s)`,
		"Sprintf":              `_ = sqlguard.Q(fmt.Sprintf("SELECT %s", s))`,
		"concatenation":        `_ = sqlguard.Q("SELECT " + s)`,
		"Builder":              `var sb strings.Builder; _ = sqlguard.Q(sb.String())`,
		"strings.Join":         `_ = sqlguard.Q(strings.Join([]string{"a"}, s))`,
		"bytes":                `_ = sqlguard.Q(string(b))`,
		"type of one's own":    `_ = sqlguard.Q(own(s))`,
		"constant with a type": `const c string = "SELECT 1"; _ = sqlguard.Q(c)`,
		"the type by name":     `_ = sqlguard.Q(sqlguard.text(s))`,
		"any":                  `var a any = s; _ = sqlguard.Q(a)`,
		"column of In":         `_ = sqlguard.In(s, []int{1})`,
		"column of NotIn":      `_ = sqlguard.NotIn(s, []int{1})`,
		"column of Contains":   `_ = sqlguard.Contains(s, s)`,
		"column of HasPrefix":  `_ = sqlguard.HasPrefix(s, s)`,
		"column of HasSuffix":  `_ = sqlguard.HasSuffix(s, s)`,
		"choice":               `_ = sqlguard.Choices{"a": s}`,
		"choice, put in later": `c := sqlguard.Choices{}; c["a"] = s`,
		"choices converted":    `_ = sqlguard.Choices(map[string]string{"a": s})`,
		"tie-breaker":          `_, _ = sqlguard.Choices{}.Sort(s, s)`,
		"separator":            `_ = sqlguard.Join(s)`,
		"fragment by hand":     `_ = sqlguard.SQL{text: s}`,
		"fragment converted":   `_ = sqlguard.SQL(s)`,
		"string to DB":         `_, _ = db.Exec(ctx, s)`,
		"constant to DB":       `_, _ = db.Exec(ctx, "SELECT 1")`,
		"string to Tx":         `_, _ = tx.Exec(ctx, s)`,
		"string to All":        `_, _ = sqlguard.All[int](ctx, db, s)`,
		"Querier of one's own": `type q struct{}; var _ sqlguard.Querier = q{}`,
	} {
		t.Run(name, func(t *testing.T) {
			err := check(t, body)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "not used", "it must fail for the right reason")
		})
	}

	for name, body := range map[string]string{
		"constants":          `const c = "SELECT " + "1"; _ = sqlguard.Q(c); _ = sqlguard.Choices{"a": "b"}; _ = sqlguard.In("a", []int{1})`,
		"run":                `_, _ = db.Exec(ctx, sqlguard.Q("SELECT ?", s)); _, _ = sqlguard.All[int](ctx, tx, sqlguard.Q("SELECT 1"))`,
		"choices and a name": `c := sqlguard.Choices{"a": "b"}; _, _ = c.Sort(s, "id")`,

		// The hole that the package doc names: inference gives T the unexported type.
		"generic conversion": `_ = conv(sqlguard.Q, s)`,
	} {
		t.Run(name, func(t *testing.T) { assert.NoError(t, check(t, body)) })
	}
}

// What comes in through the hole is held to the rules of every text, which is less than it should be.
func TestGenericHoleIsStillHeldToWholeTexts(t *testing.T) {
	_, _, err := conv(sqlguard.Q, "SELECT 1; DROP TABLE t").Text(sqlguard.PostgreSQL)
	require.ErrorIs(t, err, sqlguard.ErrSQL)
	_, _, err = conv(sqlguard.Q, "SELECT secret FROM t").Text(sqlguard.PostgreSQL)
	require.NoError(t, err, "the type alone cannot tell where a text came from")
}

func conv[T ~string](f func(T, ...any) sqlguard.SQL, s string) sqlguard.SQL { return f(T(s)) }

func TestNoMethodThatRunsTakesAString(t *testing.T) {
	for _, rt := range []reflect.Type{reflect.TypeFor[*sqlguard.DB](), reflect.TypeFor[*sqlguard.Tx](), reflect.TypeFor[sqlguard.Querier]()} {
		for m := range rt.Methods() {
			for in := range m.Type.Ins() {
				assert.NotEqual(t, reflect.String, in.Kind(), "%v.%s", rt, m.Name)
				assert.NotEqual(t, reflect.Slice, in.Kind(), "%v.%s", rt, m.Name)
			}
		}
	}
	assert.Zero(t, reflect.TypeFor[sqlguard.SQL]().NumField()-countUnexported(reflect.TypeFor[sqlguard.SQL]()), "nothing of an SQL can be set from outside")
}

func countUnexported(rt reflect.Type) int {
	n := 0
	for i := range rt.NumField() {
		if !rt.Field(i).IsExported() {
			n++
		}
	}
	return n
}
