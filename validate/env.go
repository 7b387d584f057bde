package validate

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
)

// Env reads the settings of a program from its environment:
//
//	type Settings struct {
//		Addr    string          `env:"ADDR" default:":8443" validate:"hostname_port"`
//		Timeout time.Duration   `env:"TIMEOUT" default:"10s" validate:"min=1s,max=1m"`
//		Origins []string        `env:"ORIGINS" validate:"required,dive,https_url"`
//		DB      struct {
//			URL validate.Secret `env:"URL" validate:"required"`
//		} `env:"DB"`
//	}
//
//	settings, err := validate.Env[Settings]("NOTES") // NOTES_ADDR, NOTES_TIMEOUT, NOTES_ORIGINS, NOTES_DB_URL
//
// Each exported field names its variable in the env tag, or is left out with env:"-". A list is separated by commas. A variable
// that is empty counts as not set. The default and validate tags are those of the package documentation.
//
// Each of them, secret or not, may be given by NAME_FILE instead: the name of a file that holds the value, as Docker, Kubernetes and systemd
// lay secrets down. Both NAME and NAME_FILE is an error. The file is a regular one of at most 64 KiB, not writable by group or others (on Unix), and reached by symbolic
// links inside its own folder only, so that Kubernetes' ..data works and nothing else. One line break at the end is cut off.
//
// The error names all variables that are wrong, what is asked for, and what to set: an *[Error] with the status 500, or what is wrong with the
// tags. It holds no value, no file name, and nothing of what is in a file, so that a NAME_FILE that names another secret does not show it.
func Env[T any](prefix string) (T, error) {
	var v T
	p, err := compile(reflect.TypeFor[T](), true)
	if !prefixes.MatchString(prefix) {
		err = errors.Join(err, fmt.Errorf("validate: Env prefix %q; use capital letters, digits and underscores, or nothing", prefix))
	}
	if prefix != "" {
		prefix += "_"
	}
	if err == nil {
		err = clashes(p.root.node, prefix, make(map[string]bool))
	}
	if err != nil {
		return v, err
	}
	rep := report{in: inEnv}
	(&environment{rep: &rep}).object(p.root.node, reflect.ValueOf(&v).Elem(), prefix)
	if len(rep.list) > 0 {
		var zero T
		return zero, &Error{Violations: rep.list, status: http.StatusInternalServerError, public: "The settings are not valid."}
	}
	return v, nil
}

var prefixes = regexp.MustCompile(`^([A-Z][A-Z0-9_]*)?$`)

// clashes returns an error for two fields that would read the same variable, be it the _FILE variant of the other.
func clashes(n *node, prefix string, taken map[string]bool) error {
	var err error
	for i := range n.fields {
		f := &n.fields[i]
		name := prefix + f.name
		if f.node.kind == kindObject {
			err = errors.Join(err, clashes(f.node, name+"_", taken))
			continue
		}
		for _, variable := range []string{name, name + "_FILE"} {
			if taken[variable] {
				err = errors.Join(err, fmt.Errorf("validate: Env: two fields read %s; rename one", variable))
			}
			taken[variable] = true
		}
	}
	return err
}

type environment struct {
	rep *report
}

func (e *environment) object(n *node, v reflect.Value, prefix string) {
	for i := range n.fields {
		f := &n.fields[i]
		if f.node.kind == kindObject {
			e.object(f.node, f.of(v), prefix+f.name+"_")
			continue
		}
		e.rep.push(prefix + f.name)
		e.variable(f, v, prefix+f.name)
		e.rep.pop()
	}
}

func (e *environment) variable(f *field, v reflect.Value, name string) {
	from, before := name, len(e.rep.list)
	defer func() {
		for i := before; i < len(e.rep.list); i++ {
			e.rep.list[i].remedy(f, from)
		}
	}()
	text, file := os.Getenv(name), os.Getenv(name+"_FILE")
	switch {
	case text != "" && file != "":
		e.rep.add(codeBothSet, nil)
		return
	case file != "":
		from = name + "_FILE"
		content, fault := readSecretFile(file)
		if fault.code != "" {
			e.rep.add(fault.code, fault.params)
			return
		}
		text = content
	}
	if text == "" {
		if f.required || f.missingAtZero {
			e.rep.add(codeMissing, nil)
			return
		}
		f.setAbsent(e.rep, v)
		return
	}
	e.set(f, f.of(v), text)
}

func (e *environment) set(f *field, v reflect.Value, text string) {
	target := f.open(v)
	var fault fault
	if f.node.kind == kindList {
		fault = f.setList(target, splitList(text))
	} else {
		fault = f.node.setText(target, text)
	}
	if fault.code != "" {
		e.rep.add(fault.code, fault.params)
		return
	}
	(&walker{rep: e.rep}).slot(&f.slot, v)
}
