package validate

import (
	"reflect"
	"strconv"
	"strings"
)

// The rules that are known, with the kinds that they fit. validator/v10 finds out about the kind when it meets a value, and by a
// panic, or not at all: it reads the text "<int Value>" where email stands on an int.

type kinds uint16

func on(list ...kind) kinds {
	var set kinds
	for _, k := range list {
		set |= 1 << k
	}
	return set
}

func (s kinds) has(k kind) bool { return s&(1<<k) != 0 }

var (
	texts   = on(kindString, kindSecret)
	numbers = on(kindInt, kindUint, kindFloat, kindDuration)
	sizes   = on(kindList, kindDict, kindBytes)
)

type param uint8

const (
	noParam param = iota
	anyParam
	boundParam // a number, or nothing for a time
)

type word struct {
	on     kinds
	param  param
	code   string
	expect bool // the parameter tells the client what is allowed
}

// bounds are the rules of size; their code follows from the kind.
var bounds = map[string]struct{ number, text, size string }{
	"min": {codeGE, codeStringShort, codeShort}, "gte": {codeGE, codeStringShort, codeShort}, "gt": {codeGT, codeStringShort, codeShort},
	"max": {codeLE, codeStringLong, codeLong}, "lte": {codeLE, codeStringLong, codeLong}, "lt": {codeLT, codeStringLong, codeLong},
}

var vocabulary = func() map[string]word {
	known := map[string]word{
		"eq":              {on: texts | numbers | on(kindBool), param: anyParam, code: codeLiteral, expect: true},
		"ne":              {on: texts | numbers | on(kindBool), param: anyParam, code: codeValue},
		"oneof":           {on: texts | on(kindInt, kindUint), param: anyParam, code: codeLiteral, expect: true},
		"oneofci":         {on: texts, param: anyParam, code: codeLiteral, expect: true},
		"noneof":          {on: texts | on(kindInt, kindUint), param: anyParam, code: codeValue},
		"unique":          {on: on(kindList, kindDict), code: codeValue},
		"latitude":        {on: texts | on(kindInt, kindUint, kindFloat), code: codeValue},
		"longitude":       {on: texts | on(kindInt, kindUint, kindFloat), code: codeValue},
		"port":            {on: on(kindInt, kindUint), code: codeValue},
		"iso4217_numeric": {on: on(kindInt, kindUint), code: codeValue},
		"datetime":        {on: texts, param: anyParam, code: codeDateParsing},
		"http_url":        {on: texts, code: codeURL},
		"https_url":       {on: texts, code: codeURL},
		"url":             {on: texts, code: codeURL},
		"ip":              {on: texts, code: codeIP},
		"ipv4":            {on: texts, code: codeIPv4},
		"ipv6":            {on: texts, code: codeIPv6},
	}
	known["len"] = word{on: texts | sizes, param: boundParam, code: codeValue}
	for name := range bounds {
		known[name] = word{on: texts | numbers | sizes, param: boundParam}
	}
	for _, name := range []string{"gt", "gte", "lt", "lte"} {
		known[name] = word{on: texts | numbers | sizes | on(kindTime), param: boundParam}
	}
	for _, name := range strings.Fields(`uuid uuid3 uuid4 uuid5 uuid7 uuid_rfc4122 uuid3_rfc4122 uuid4_rfc4122 uuid5_rfc4122`) {
		known[name] = word{on: texts, code: codeUUID}
	}
	for _, name := range strings.Fields(`alpha alphaspace alphanum alphanumspace alphaunicode alphanumunicode boolean numeric number
		hexadecimal hexcolor rgb rgba hsl hsla cmyk iscolor e164 email uri origin urn_rfc8141 urn_rfc2141 base32 base64 base64url
		base64rawurl isbn isbn10 isbn13 issn eth_addr eth_addr_checksum btc_addr btc_addr_bech32 ulid md4 md5 sha256 sha384 sha512
		ripemd128 ripemd160 tiger128 tiger160 tiger192 ascii printascii multibyte datauri ssn cidr cidrv4 cidrv6 mac hostname
		hostname_rfc1123 hostname_label fqdn html html_encoded url_encoded json jwt hostname_port lowercase uppercase timezone
		iso3166_1_alpha2 iso3166_1_alpha2_eu iso3166_1_alpha3 iso3166_1_alpha3_eu iso3166_2 iso4217 country_code eu_country_code
		bcp47_language_tag bcp47_strict_language_tag bic bic_iso_9362_2014 semver dns_rfc1035_label credit_card cve luhn_checksum
		mongodb mongodb_connection_string cron ein`) {
		known[name] = word{on: texts, code: codeValue}
	}
	for _, name := range strings.Fields(`contains containsany containsrune excludes excludesall excludesrune startswith endswith
		startsnotwith endsnotwith eq_ignore_case ne_ignore_case postcode_iso3166_alpha2`) {
		known[name] = word{on: texts, param: anyParam, code: codeValue}
	}
	return known
}()

// refusedWords are rules of validator/v10 that are not offered, with the reason.
var refusedWords = func() map[string]string {
	refused := map[string]string{
		"isdefault":     "asks for a value that must be left out; remove the field",
		"structonly":    "would leave fields unchecked; remove it",
		"nostructlevel": "would leave fields unchecked; remove it",
		"-":             "would leave fields unchecked; remove it",
		"validateFn":    "calls a method by its name; check it in the handler",
	}
	for _, name := range strings.Fields(`file filepath dir dirpath image mimetype uds_exists tcp_addr tcp4_addr tcp6_addr udp_addr
		udp4_addr udp6_addr ip_addr ip4_addr ip6_addr unix_addr`) {
		refused[name] = "lets a client make the server read files or ask a resolver; check the text only"
	}
	for _, name := range strings.Fields(`required_if required_unless required_with required_with_all required_without
		required_without_all excluded_if excluded_unless excluded_with excluded_with_all excluded_without excluded_without_all
		skip_unless eqfield nefield gtfield gtefield ltfield ltefield eqcsfield necsfield gtcsfield gtecsfield ltcsfield ltecsfield
		fieldcontains fieldexcludes postcode_iso3166_alpha2_field`) {
		refused[name] = "reads other fields; compare them in the handler"
	}
	return refused
}()

// bound returns the code and the parameters of a rule of size; no code if the parameter is not a size.
func bound(name, text string, k kind) fault {
	codes := bounds[name]
	switch {
	case k == kindTime && strings.HasPrefix(name, "g"):
		return failed(codeFuture)
	case k == kindTime:
		return failed(codePast)
	case numbers.has(k):
		key := map[string]string{codeGE: "ge", codeGT: "gt", codeLE: "le", codeLT: "lt"}[codes.number]
		return fault{codes.number, map[string]any{key: numeral(text)}}
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		return fault{}
	}
	switch name {
	case "gt":
		n++
	case "lt":
		n--
	}
	if n < 0 {
		return fault{} // not a length
	}
	code, key := codes.size, "max_length"
	if texts.has(k) {
		code = codes.text
	}
	if name == "min" || strings.HasPrefix(name, "g") {
		key = "min_length"
	}
	return fault{code, map[string]any{key: n}}
}

// numeral returns the number that text stands for, or the text, such as that of a duration.
func numeral(text string) any {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n
	}
	return text
}

// sample returns a pointer to a value of the type that is not zero, to try a rule on.
func (n *node) sample() any {
	v := reflect.New(n.typ).Elem()
	switch n.kind {
	case kindString:
		v.SetString("a")
	case kindSecret:
		return new("a")
	case kindBool:
		v.SetBool(true)
	case kindInt, kindDuration:
		v.SetInt(1)
	case kindUint:
		v.SetUint(1)
	case kindFloat:
		v.SetFloat(1)
	case kindBytes, kindList:
		v.Set(reflect.MakeSlice(n.typ, 1, 1))
	case kindDict:
		v.Set(reflect.MakeMap(n.typ))
		v.SetMapIndex(reflect.New(n.typ.Key()).Elem(), reflect.New(n.typ.Elem()).Elem())
	}
	return v.Addr().Interface()
}
