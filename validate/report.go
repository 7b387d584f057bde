package validate

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxViolations is how many are collected; one more says that there are more.
const maxViolations = 32

// The places.
const (
	inBody   = "body"
	inPath   = "path"
	inQuery  = "query"
	inHeader = "header"
	inEnv    = "env"
)

// report collects the violations of one request and knows where the reader is.
type report struct {
	in   string
	path []step
	room [6]step // for the path, of most types
	list []Violation
	// full means that there is no need to look further.
	full bool
}

// step is a member by its name in the schema or, if that is empty, an item by its position.
type step struct {
	name  string
	index int
}

func (r *report) push(name string) { r.enter(step{name: name}) }
func (r *report) pushIndex(i int)  { r.enter(step{index: i}) }
func (r *report) pop()             { r.path = r.path[:len(r.path)-1] }

func (r *report) enter(s step) {
	if r.path == nil {
		r.path = r.room[:0]
	}
	r.path = append(r.path, s)
}

// addAt notes a violation at a member.
func (r *report) addAt(name, code string) {
	r.push(name)
	r.add(code, nil)
	r.pop()
}

// add notes a violation at the place where the reader is. The parameters are copied: those of a rule are shared.
func (r *report) add(code string, params map[string]any) {
	if r.full {
		return
	}
	pointer := r.pointer()
	if len(r.list) == maxViolations {
		r.full = true
		code, params, pointer = codeTruncated, nil, ""
	}
	r.list = append(r.list, Violation{
		In: r.in, Pointer: pointer, Code: code, Message: message(code, params), Params: cloned(params),
	})
}

func cloned(params map[string]any) map[string]any {
	params = maps.Clone(params)
	for name, value := range params {
		if list, ok := value.([]string); ok {
			params[name] = slices.Clone(list)
		}
	}
	return params
}

func (r *report) pointer() string {
	var b strings.Builder
	for _, s := range r.path {
		b.WriteByte('/')
		if s.name == "" {
			b.WriteString(strconv.Itoa(s.index))
			continue
		}
		_, _ = escapePointer.WriteString(&b, s.name) // a Builder does not fail
	}
	return b.String()
}

// escapePointer is RFC 6901, section 3.
var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// err returns what was collected. Text that is malformed answers 400 even if there are other faults, because what was read of
// it may not be what was meant.
func (r *report) err() error {
	if len(r.list) == 0 {
		return nil
	}
	for _, v := range r.list {
		if malformed[v.Code] {
			return &Error{Violations: r.list, status: http.StatusBadRequest, public: publicMalformed}
		}
	}
	return &Error{Violations: r.list, status: http.StatusUnprocessableEntity, public: publicInvalid}
}
