package validate

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

func (p *program) bind(r *http.Request, v reflect.Value) error {
	var rep report
	if err := p.bindParams(r, &rep, v); err != nil {
		return err
	}
	rep.in = inBody
	var err error
	if p.hasBody {
		err = p.readBody(r, &rep, v)
	} else if hasBody(r) {
		rep.add(codeExtra, nil)
	}
	if err != nil {
		return err
	}
	return rep.err()
}

// hasBody reads one byte if the length was not announced.
func hasBody(r *http.Request) bool {
	if r.ContentLength >= 0 || r.Body == nil {
		return r.ContentLength > 0
	}
	var one [1]byte
	for {
		if n, err := r.Body.Read(one[:]); n > 0 || err != nil {
			return n > 0
		}
	}
}

func (p *program) bindParams(r *http.Request, rep *report, v reflect.Value) error {
	query, ok := p.parseQuery(r, rep)
	for i := range p.params {
		f := &p.params[i]
		rep.in = f.in
		switch f.in {
		case inPath:
			if err := f.bindPath(r, rep, v); err != nil {
				return err
			}
		case inQuery:
			if ok {
				f.bindTexts(rep, v, query[f.name])
			}
		case inHeader:
			f.bindTexts(rep, v, r.Header[f.name])
		}
	}
	return nil
}

// bindPath takes a value from the path. A route without the name is a fault of the program that must not look like a zero.
func (f *field) bindPath(r *http.Request, rep *report, v reflect.Value) error {
	switch text := r.PathValue(f.name); {
	case text != "":
		f.bindTexts(rep, v, []string{text})
	case strings.Contains(r.Pattern, "{"+f.name+"...}"):
		f.setAbsent(rep, v)
	case strings.Contains(r.Pattern, "{"+f.name+"}"):
		rep.addAt(f.name, codeMissing)
	default:
		return misuse(fmt.Errorf("validate: the route %q has no {%s}, which a field takes from the path: name it in the pattern or, "+
			"if the router does not fill in Request.PathValue (gin, echo and gorilla do not), call r.SetPathValue(%q, …) before Bind",
			r.Pattern, f.name, f.name))
	}
	return nil
}

// parseQuery refuses what net/url drops without a word: pairs that cannot be parsed. It also refuses names without a field.
func (p *program) parseQuery(r *http.Request, rep *report) (url.Values, bool) {
	rep.in = inQuery
	if r.URL.RawQuery == "" {
		return nil, true
	}
	if strings.Count(r.URL.RawQuery, "&") >= p.limits.MaxNames {
		rep.add(codeLong, map[string]any{"max_length": p.limits.MaxNames})
		return nil, false
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		rep.add(codeQuery, nil)
		return nil, false
	}
	if !p.limits.AllowUnknownQuery && p.hasUnknown(query) {
		rep.add(codeExtra, p.allowedQuery)
	}
	return query, true
}

func (p *program) hasUnknown(query url.Values) bool {
	known := 0
	for i := range p.params {
		if f := &p.params[i]; f.in == inQuery && query[f.name] != nil {
			known++
		}
	}
	return known < len(query)
}

// bindTexts sets a parameter from all the texts that were given for it.
func (f *field) bindTexts(rep *report, v reflect.Value, given []string) {
	if len(given) == 0 {
		f.setAbsent(rep, v)
		return
	}
	rep.push(f.name)
	defer rep.pop()
	if f.node.kind == kindList {
		f.bindList(rep, f.open(f.of(v)), given)
		return
	}
	if len(given) > 1 {
		rep.add(codeDuplicate, nil)
		return
	}
	target := f.open(f.of(v))
	if fault := f.node.setText(target, given[0]); fault.code != "" {
		rep.add(fault.code, fault.params)
		return
	}
	f.apply(rep, target)
}

// bindList sets a slice, and checks its items and then itself.
func (f *field) bindList(rep *report, v reflect.Value, given []string) {
	list, item, before := reflect.MakeSlice(v.Type(), len(given), len(given)), f.items(), len(rep.list)
	for i, text := range given {
		rep.pushIndex(i)
		target := item.open(list.Index(i))
		if fault := item.node.setText(target, text); fault.code != "" {
			rep.add(fault.code, fault.params)
		} else {
			item.apply(rep, target)
		}
		rep.pop()
		if rep.full {
			return
		}
	}
	v.Set(list)
	if len(rep.list) == before {
		f.apply(rep, v)
	}
}
