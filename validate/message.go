package validate

import (
	"fmt"
	"strings"
)

const (
	codeMissing      = "missing"
	codeExtra        = "extra_forbidden"
	codeDuplicate    = "duplicate"
	codeTruncated    = "truncated"
	codeJSON         = "json_invalid"
	codeUnicode      = "string_unicode"
	codeNUL          = "string_nul"
	codeQuery        = "query_invalid"
	codeDeep         = "too_deep"
	codeNumberLength = "number_too_long"
	codeValue        = "value_error"

	codeIntFromFloat = "int_from_float"
	codeIntParsing   = "int_parsing"
	codeFloatParsing = "float_parsing"
	codeBoolParsing  = "bool_parsing"
	codeDateParsing  = "datetime_parsing"
	codeDelta        = "time_delta_parsing"
	codeFinite       = "finite_number"
	codeImprecise    = "float_imprecise"
	codeBase64       = "bytes_invalid_encoding"

	codeGT          = "greater_than"
	codeGE          = "greater_than_equal"
	codeLT          = "less_than"
	codeLE          = "less_than_equal"
	codeStringShort = "string_too_short"
	codeStringLong  = "string_too_long"
	codeShort       = "too_short"
	codeLong        = "too_long"
	codeFuture      = "datetime_future"
	codePast        = "datetime_past"
	codeLiteral     = "literal_error"
	codeUUID        = "uuid_parsing"
	codeURL         = "url_parsing"
	codeIP          = "ip_any_address"
	codeIPv4        = "ip_v4_address"
	codeIPv6        = "ip_v6_address"

	// Of the environment only.
	codeBothSet  = "both_set"
	codeFile     = "file_unreadable"
	codeFileMode = "file_writable"
	codeFileSize = "file_too_large"
)

// malformed holds the codes that make the status 400.
var malformed = map[string]bool{codeJSON: true, codeUnicode: true, codeDuplicate: true, codeQuery: true}

// messages are in English; {name} stands for a parameter.
var messages = map[string]string{
	codeMissing:      "A value is required.",
	codeExtra:        "There are names here that are not known.",
	codeDuplicate:    "The name must not occur twice.",
	codeTruncated:    "There are more violations than are listed.",
	codeJSON:         "The text is not one JSON value.",
	codeUnicode:      "The text is not valid Unicode.",
	codeNUL:          "The text must not contain U+0000.",
	codeQuery:        "The query cannot be parsed.",
	codeDeep:         "The nesting must not be deeper than {max_depth} levels.",
	codeNumberLength: "A number must not have more than {max_length} characters.",
	codeValue:        "The value does not have the required form.",

	"string_type":           "A string is required.",
	"bool_type":             "true or false is required.",
	"int_type":              "An integer is required.",
	"float_type":            "A number is required.",
	"datetime_type":         "A date and time (RFC 3339) in a string is required.",
	"list_type":             "An array is required.",
	"dict_type":             "An object is required.",
	"model_attributes_type": "An object is required.",

	codeIntFromFloat: "An integer without fraction and exponent is required.",
	codeIntParsing:   "An integer in decimal digits is required.",
	codeFloatParsing: "A decimal number is required.",
	codeBoolParsing:  "true, false, 1 or 0 is required.",
	codeDateParsing:  "The date or time does not have the required form.",
	codeDelta:        "A duration such as 1m30s is required.",
	codeFinite:       "The number is too large.",
	codeImprecise:    "The number cannot be represented exactly.",
	codeBase64:       "Base64 with padding is required.",

	codeGT:          "The value must be more than {gt}.",
	codeGE:          "The value must be at least {ge}.",
	codeLT:          "The value must be less than {lt}.",
	codeLE:          "The value must be at most {le}.",
	codeStringShort: "The text must have at least {min_length} characters.",
	codeStringLong:  "The text must have at most {max_length} characters.",
	codeShort:       "There must be at least {min_length} entries.",
	codeLong:        "There must be at most {max_length} entries.",
	codeFuture:      "The time must be in the future.",
	codePast:        "The time must be in the past.",
	codeLiteral:     "The value must be one of: {expected}.",
	codeUUID:        "A UUID is required.",
	codeURL:         "An absolute URL is required.",
	codeIP:          "An IP address is required.",
	codeIPv4:        "An IPv4 address is required.",
	codeIPv6:        "An IPv6 address is required.",

	codeBothSet:  "The variable and its _FILE variant are both set; unset one.",
	codeFile:     "The file cannot be read as a regular file inside its folder.",
	codeFileMode: "The file is writable by its group or by others; remove that permission.",
	codeFileSize: "The file is larger than {max_length} bytes.",
}

func message(code string, params map[string]any) string {
	text := messages[code]
	switch {
	case code != codeExtra:
	case params["total"] != nil:
		text += " Of {total}, known are: {allowed}."
	case params["allowed"] != nil:
		text += " Known are: {allowed}."
	}
	for name, value := range params {
		if list, ok := value.([]string); ok {
			value = strings.Join(list, ", ")
		}
		text = strings.ReplaceAll(text, "{"+name+"}", fmt.Sprint(value))
	}
	return text
}
