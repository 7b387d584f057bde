package sqlguard

import (
	"database/sql"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"
)

// maxScanPlans is how many lists of columns are remembered for one type. A program has one or two.
const maxScanPlans = 16

// scans remembers how the columns of queries go to the fields of types. A program has a fixed number of types.
type scans struct {
	types sync.Map // reflect.Type -> *scanType
}

// scanType is a type that rows are read into.
type scanType struct {
	typ    reflect.Type
	value  bool           // the type takes one column as a whole
	fields []scanField    // of a struct
	byName map[string]int // their index
	misfit string         // why no row can be read into it

	mu    sync.RWMutex
	plans []scanPlan
}

type scanField struct {
	column string // from the tag
	name   string // in Go
	typ    reflect.Type
	index  []int
}

// scanPlan says to which field each column goes.
type scanPlan struct {
	columns []string
	fields  [][]int
}

// targets returns what [sql.Rows.Scan] writes the columns to, row itself or its fields, or why they do not fit.
func targets[T any](s *scans, row *T, columns []string, st statement) ([]any, string) {
	t := s.of(reflect.TypeFor[T]())
	switch {
	case t.misfit != "":
		return nil, t.misfit
	case t.value && len(columns) != 1:
		return nil, "there are " + strconv.Itoa(len(columns)) + " columns for a value of one: use a struct"
	case t.value:
		return []any{row}, ""
	}
	fields, misfit := t.plan(columns, st)
	if misfit != "" {
		return nil, misfit
	}
	pointers := make([]any, len(fields))
	v := reflect.ValueOf(row).Elem()
	for i, index := range fields {
		pointers[i] = v.FieldByIndex(index).Addr().Interface()
	}
	return pointers, ""
}

func (s *scans) of(rt reflect.Type) *scanType {
	if t, ok := s.types.Load(rt); ok {
		return t.(*scanType)
	}
	t, _ := s.types.LoadOrStore(rt, newScanType(rt))
	return t.(*scanType)
}

var (
	scannerType  = reflect.TypeFor[sql.Scanner]()
	timeType     = reflect.TypeFor[time.Time]()
	rawBytesType = reflect.TypeFor[sql.RawBytes]()
)

// isRow says whether rt is a struct with a field for each column.
func isRow(rt reflect.Type) bool {
	return rt.Kind() == reflect.Struct && rt != timeType && !reflect.PointerTo(rt).Implements(scannerType)
}

func newScanType(rt reflect.Type) *scanType {
	t := &scanType{typ: rt, byName: make(map[string]int)}
	switch {
	case rt == rawBytesType:
		t.misfit = "sql.RawBytes is valid only until the next row: use []byte"
	case rt.Kind() == reflect.Pointer && isRow(rt.Elem()):
		t.misfit = "a pointer to a struct cannot be scanned into: use the struct " + rt.Elem().String()
	case !isRow(rt):
		t.value = true
	default:
		t.add(rt, nil)
		if t.misfit == "" && len(t.fields) == 0 {
			t.misfit = rt.String() + " has no field with a tag db"
		}
	}
	return t
}

func (t *scanType) add(rt reflect.Type, parent []int) {
	for i := range rt.NumField() {
		f := rt.Field(i)
		tag, tagged := f.Tag.Lookup("db")
		index := append(slices.Clone(parent), i)
		where := rt.String() + "." + f.Name
		_, twice := t.byName[tag]
		switch {
		case tag == "-", !f.IsExported() && !f.Anonymous && !tagged:
		case f.Anonymous && !tagged && isRow(f.Type):
			t.add(f.Type, index)
		case !f.IsExported():
			t.misfit = where + " is not exported, so nothing can be scanned into it"
		case tag == "":
			t.misfit = where + " has no tag db: name its column, or - for none"
		case twice:
			t.misfit = where + " has the same column as another field"
		case f.Type == rawBytesType:
			t.misfit = where + " is a sql.RawBytes, valid only until the next row: use []byte"
		default:
			t.byName[tag] = len(t.fields)
			t.fields = append(t.fields, scanField{column: tag, name: where, typ: f.Type, index: index})
		}
	}
}

func (t *scanType) plan(columns []string, st statement) (fields [][]int, misfit string) {
	t.mu.RLock()
	for i := range t.plans {
		if slices.Equal(t.plans[i].columns, columns) {
			fields = t.plans[i].fields
			break
		}
	}
	t.mu.RUnlock()
	if fields != nil {
		return fields, ""
	}
	if fields, misfit = t.match(columns, st); misfit != "" {
		return nil, misfit
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.plans) < maxScanPlans {
		t.plans = append(t.plans, scanPlan{slices.Clone(columns), fields})
	}
	return fields, ""
}

func (t *scanType) match(columns []string, st statement) ([][]int, string) {
	fields := make([][]int, len(columns))
	taken := make([]bool, len(t.fields))
	for i, column := range columns {
		n, ok := t.byName[column]
		if !ok {
			return nil, st.column(i, column) + " has no field in " + t.typ.String()
		}
		if taken[n] {
			return nil, st.column(i, column) + " goes to " + t.fields[n].name + ", as one before it does"
		}
		taken[n] = true
		fields[i] = t.fields[n].index
	}
	if n := slices.Index(taken, false); n >= 0 {
		return nil, t.fields[n].name + " has no column: select " + strconv.Quote(t.fields[n].column)
	}
	return fields, ""
}
