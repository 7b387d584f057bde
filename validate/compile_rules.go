package validate

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// rules compiles the words of a validate tag into s. Those behind dive are for the items.
func (c *compiler) rules(s *slot, words []string, where string) {
	for i, text := range words {
		name, _, _ := strings.Cut(text, "=")
		switch {
		case text == "required":
			s.required = true
		case text == "omitempty", text == "omitzero", text == "omitnil" && s.nilable():
			s.rules = append(s.rules, rule{omit: true})
		case text == "omitnil":
			c.fault(where, "has the rule omitnil but cannot be nil; use omitempty")
		case text == "dive":
			c.dive(s, words[i+1:], where)
			return
		case refusedWords[name] != "":
			c.fault(where, "has the rule %s, which %s", name, refusedWords[name])
		case strings.Contains(text, "|"):
			c.alternatives(s, text, where)
		default:
			c.rule(s, text, where)
		}
	}
}

// dive compiles the rules for the items of s and, between keys and endkeys, for the keys.
func (c *compiler) dive(s *slot, words []string, where string) {
	k := s.node.kind
	if k != kindList && k != kindDict {
		c.fault(where, "has the rule dive but no items; remove it")
		return
	}
	if len(words) > 0 && words[0] == "keys" {
		end := slices.Index(words, "endkeys")
		if k != kindDict || end < 0 {
			c.fault(where, "has the rule keys; it needs a map and endkeys behind it")
			return
		}
		s.keys = c.item(s.node.typ.Key(), words[1:end], where+"[key]")
		words = words[end+1:]
	}
	s.elem = c.item(s.node.typ.Elem(), words, where+"[]")
}

func (c *compiler) item(t reflect.Type, words []string, where string) *slot {
	s := c.slot(t, strings.Join(words, ","), where)
	if s.node != nil && s.required && !s.nilable() {
		c.fault(where, "has the rule required, but an item is always present; use min=1 for a text that is not empty")
	}
	return &s
}

// rule compiles one rule with its code and tries it.
func (c *compiler) rule(s *slot, text, where string) {
	name, param, _ := strings.Cut(text, "=")
	if name == "len" && (texts | sizes).has(s.node.kind) && param != "" {
		c.rule(s, "min="+param, where) // two rules, so that the code says in which direction it is off
		c.rule(s, "max="+param, where)
		return
	}
	w, ok := c.word(s.node, text, where)
	if !ok {
		return
	}
	r := rule{name: name, arg: unescape(param), holds: byEngine(text), code: w.code}
	switch name {
	case "url":
		r.holds = byEngine("http_url")
	case "email":
		r.holds = email
	}
	switch {
	case bounds[name].number != "":
		f := bound(name, param, s.node.kind)
		if f.code == "" {
			c.fault(where, "has the rule %q, whose parameter is not a size; use a whole number", text)
			return
		}
		r.code, r.params = f.code, f.params
	case w.expect:
		r.params = map[string]any{"expected": choices(name, unescape(param))}
	case w.param == anyParam:
		r.params = map[string]any{"rule": name, "param": unescape(param)}
	case w.code == codeValue:
		r.params = map[string]any{"rule": name}
	}
	if err := try(s.node, r.holds); err != nil {
		c.fault(where, "has the rule %q, which does not work on %v (%v)", text, s.node.typ, err)
		return
	}
	r.native = native(s.node, name, r.arg)
	s.rules = append(s.rules, r)
}

// alternatives compiles a|b, which holds if one of them does.
func (c *compiler) alternatives(s *slot, text, where string) {
	r := rule{name: unescape(text), holds: byEngine(text), code: codeValue, params: map[string]any{"rule": unescape(text)}}
	ok := true
	for part := range strings.SplitSeq(text, "|") {
		if _, known := c.word(s.node, part, where); !known {
			ok = false
		} else if err := try(s.node, byEngine(part)); err != nil {
			c.fault(where, "has the rule %q, which does not work on %v (%v)", part, s.node.typ, err)
			ok = false
		}
	}
	if ok {
		s.rules = append(s.rules, r)
	}
}

// word looks a rule up and checks that it fits the kind and has the parameter that it needs.
func (c *compiler) word(n *node, text, where string) (word, bool) {
	name, param, hasParam := strings.Cut(text, "=")
	w, known := vocabulary[name]
	switch {
	case refusedWords[name] != "":
		c.fault(where, "has the rule %s, which %s", name, refusedWords[name])
	case !known:
		c.fault(where, "has the rule %q, which is not known; see the list of validator/v10", name)
	case !w.on.has(n.kind):
		c.fault(where, "has the rule %q, which does not fit the type %v; remove it", name, n.typ)
	case w.param == noParam && hasParam:
		c.fault(where, "has the rule %q, which takes no parameter; remove it", text)
	case w.param == boundParam && n.kind == kindTime && hasParam:
		c.fault(where, "has the rule %q, but a time is compared with now; remove the parameter", text)
	case (w.param == anyParam || w.param == boundParam && n.kind != kindTime) && param == "":
		c.fault(where, "has the rule %q without a parameter; add =", name)
	default:
		return w, true
	}
	return w, false
}

// try runs a rule on a value of the type that is not zero, and returns its panic.
func try(n *node, holds func(any) bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	holds(n.sample())
	return nil
}

// unescape gives the comma and the bar back that a tag cannot hold.
func unescape(param string) string {
	return strings.NewReplacer("0x2C", ",", "0x7C", "|").Replace(param)
}

var quotedOrPlain = regexp.MustCompile(`'[^']*'|\S+`)

// choices returns what oneof allows; blanks are kept within single quotes.
func choices(name, param string) []string {
	if name == "eq" {
		return []string{param}
	}
	list := quotedOrPlain.FindAllString(param, -1)
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "'", "")
	}
	return list
}
