package validate

import (
	"encoding"
	"encoding/base64"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// checkText refuses text that is not Unicode or that holds U+0000, which databases and C libraries cut or refuse.
func checkText(text string) fault {
	if !utf8.ValidString(text) {
		return failed(codeUnicode)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return failed(codeNUL)
	}
	return fault{}
}

// setText sets v from text that is not JSON: of a path, a query, a header, the environment or a default tag.
func (n *node) setText(v reflect.Value, text string) fault {
	if f := checkText(text); f.code != "" {
		return f
	}
	switch n.kind {
	case kindBool:
		switch text {
		case "true", "1":
			v.SetBool(true)
		case "false", "0":
			v.SetBool(false)
		default:
			return failed(codeBoolParsing)
		}
		return fault{}
	case kindInt, kindUint:
		if !isNumber(text) {
			return failed(codeIntParsing)
		}
		return setInt(v, text)
	case kindFloat:
		if !isNumber(text) {
			return failed(codeFloatParsing)
		}
		return setFloat(v, text)
	case kindDuration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return failed(codeDelta)
		}
		v.SetInt(int64(d))
		return fault{}
	default:
		return n.setString(v, text)
	}
}

// setString sets v, which takes a JSON string, from its text.
func (n *node) setString(v reflect.Value, text string) fault {
	switch n.kind {
	case kindString:
		v.SetString(text)
	case kindTime:
		var t time.Time
		// Package time also takes an hour of one digit and a comma before the fraction, which RFC 3339, section 5.6, does not know.
		if t.UnmarshalText([]byte(text)) != nil || text[len("2006-01-02T15")] != ':' || strings.Contains(text, ",") {
			return failed(codeDateParsing)
		}
		v.Set(reflect.ValueOf(t))
	case kindSecret:
		v.Set(reflect.ValueOf(NewSecret(strings.Clone(text)))) // not a part of a larger text that others hold
	case kindBytes:
		b, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || strings.ContainsAny(text, "\r\n") {
			return failed(codeBase64)
		}
		v.SetBytes(b)
	default:
		if v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) != nil {
			return failed(codeValue)
		}
	}
	return fault{}
}

// setList sets v from one text an item.
func (s *slot) setList(v reflect.Value, texts []string) fault {
	list := reflect.MakeSlice(v.Type(), len(texts), len(texts))
	for i, text := range texts {
		item := s.items()
		if f := item.node.setText(item.open(list.Index(i)), text); f.code != "" {
			return f
		}
	}
	v.Set(list)
	return fault{}
}

// setFallback sets v to the default, which was checked at start-up. It is parsed each time, so that no two requests share memory.
func (f *field) setFallback(v reflect.Value) fault {
	target := f.open(v)
	if f.node.kind == kindList {
		return f.setList(target, splitList(f.fallback))
	}
	return f.node.setText(target, f.fallback)
}

// splitList is for the environment and the default tag.
func splitList(text string) []string {
	texts := strings.Split(text, ",")
	for i := range texts {
		texts[i] = strings.Trim(texts[i], " \t")
	}
	return texts
}
