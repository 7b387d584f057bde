package validate

import (
	"fmt"
	"reflect"
	"strings"
)

// remedy adds what to do to the message of a setting. All of it comes from the program: the names, the rules and the default.
func (v *Violation) remedy(f *field, variable string) {
	var do string
	_, isFile := strings.CutSuffix(variable, "_FILE")
	switch {
	case v.Code == codeBothSet, v.Code == codeFileMode, v.Code == codeTruncated:
		return // the message says it
	case v.Code == codeFile:
		do = "let " + variable + " name a file that the program can read, with no link that leads out of the folder"
	case isFile:
		do = "let the file that " + variable + " names hold " + f.ask() + f.example()
	case v.Code == codeMissing:
		do = "set " + variable + " or " + variable + "_FILE to " + f.ask() + f.example()
	default:
		do = "set " + variable + " to " + f.ask() + f.example()
	}
	v.Message = strings.TrimSuffix(v.Message, ".") + "; " + do + "."
}

// nouns are what a setting is, for want of a rule that says more.
var nouns = [...]string{
	kindString: "a text", kindBool: "true or false", kindInt: "an integer", kindUint: "an integer", kindFloat: "a number",
	kindTime: "a time in RFC 3339", kindDuration: "a duration", kindText: "a text", kindSecret: "a text", kindList: "a list with commas",
}

// forms are what a rule asks for, and an example.
var forms = map[string]struct{ noun, example string }{
	"hostname_port": {"a host and a port", "127.0.0.1:8443"}, "hostname": {"a host name", "api.example.org"},
	"hostname_rfc1123": {"a host name", "api.example.org"}, "fqdn": {"a full domain name", "api.example.org"},
	"url": {"a URL", "https://api.example.org"}, "http_url": {"a URL", "https://api.example.org"}, "https_url": {"an https URL", "https://api.example.org"},
	"uri": {"a URI", "https://api.example.org"}, "origin": {"an origin", "https://app.example.org"}, "email": {"an e-mail address", "ops@example.org"},
	"ip": {"an IP address", "192.0.2.1"}, "ipv4": {"an IPv4 address", "192.0.2.1"}, "ipv6": {"an IPv6 address", "2001:db8::1"},
	"cidr": {"a network", "192.0.2.0/24"}, "port": {"a port from 1 to 65535", "8443"}, "uuid": {"a UUID", "f47ac10b-58cc-4372-a567-0e02b2c3d479"},
	"uuid4": {"a UUID of version 4", "f47ac10b-58cc-4372-a567-0e02b2c3d479"}, "timezone": {"a time zone", "Europe/Zurich"},
	"alpha": {"letters from a to z", ""}, "alphanum": {"letters from a to z and digits", ""}, "numeric": {"a number", ""}, "number": {"digits", ""},
	"ascii": {"ASCII text", ""}, "printascii": {"printable ASCII text", ""}, "lowercase": {"text in lower case", ""}, "uppercase": {"text in upper case", ""},
	"hexadecimal": {"hexadecimal digits", ""}, "base64": {"base64", ""}, "base64url": {"base64 of the URL alphabet", ""},
	"base64rawurl": {"base64 of the URL alphabet without padding", ""}, "json": {"JSON", ""}, "boolean": {"true or false", ""},
}

// ask says what the slot takes, with its range.
func (s *slot) ask() string {
	what, unit := nouns[s.node.kind], ""
	switch {
	case texts.has(s.node.kind):
		unit = " characters"
	case s.node.kind == kindList:
		unit = " entries"
	}
	limits := map[string]any{}
	for i := range s.rules {
		r := &s.rules[i]
		switch {
		case r.params["expected"] != nil:
			return "one of: " + strings.Join(r.params["expected"].([]string), ", ")
		case bounds[r.name].number != "" || r.name == "len":
			for key, limit := range r.params {
				limits[key] = limit
			}
		case forms[r.name].noun != "":
			what = forms[r.name].noun
		case !r.omit:
			what += " that the rule " + strings.TrimSuffix(r.name+"="+r.arg, "=") + " holds for"
		}
	}
	if s.node.kind == kindUint && limits["ge"] == nil && limits["gt"] == nil && what == nouns[kindUint] {
		limits["ge"] = 0
	}
	what += span(limits, unit)
	if s.node.kind == kindList {
		what += ", each " + s.items().ask()
	}
	return what
}

// span puts the limits of values or lengths into words.
func span(limits map[string]any, unit string) string {
	if min, max := limits["min_length"], limits["max_length"]; min != nil && min == max {
		return fmt.Sprintf(" of %v%s", min, unit)
	}
	var parts []string
	for _, l := range []struct{ key, words string }{
		{"ge", "at least"}, {"gt", "more than"}, {"le", "at most"}, {"lt", "less than"}, {"min_length", "at least"}, {"max_length", "at most"},
	} {
		if limit, ok := limits[l.key]; ok {
			parts = append(parts, fmt.Sprintf("%s %v", l.words, limit))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " of " + strings.Join(parts, " and ") + unit
}

// example gives the default or, if it holds to the rules, the example of a form. A Secret has neither.
func (f *field) example() string {
	if f.hasFallback {
		return ", such as " + f.fallback
	}
	item := &f.slot
	if f.node.kind == kindList {
		item = f.items()
	}
	if item.node.kind == kindSecret {
		return ""
	}
	candidates := []string{}
	for i := range item.rules {
		candidates = append(candidates, forms[item.rules[i].name].example)
	}
	if item.node.kind == kindDuration {
		candidates = append(candidates, "30s", "5m", "24h")
	}
	for _, text := range candidates {
		v := reflect.New(item.node.typ).Elem()
		if text != "" && item.node.setText(v, text).code == "" && item.check(v) == nil {
			return ", such as " + text
		}
	}
	return ""
}
