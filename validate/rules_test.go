package validate_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

// words has a field for every rule that fits a string, each of which is skipped when it is empty.
type words struct {
	F0   string `validate:"omitempty,uuid"`
	F1   string `validate:"omitempty,uuid3"`
	F2   string `validate:"omitempty,uuid4"`
	F3   string `validate:"omitempty,uuid5"`
	F4   string `validate:"omitempty,uuid7"`
	F5   string `validate:"omitempty,uuid_rfc4122"`
	F6   string `validate:"omitempty,uuid3_rfc4122"`
	F7   string `validate:"omitempty,uuid4_rfc4122"`
	F8   string `validate:"omitempty,uuid5_rfc4122"`
	F9   string `validate:"omitempty,alpha"`
	F10  string `validate:"omitempty,alphaspace"`
	F11  string `validate:"omitempty,alphanum"`
	F12  string `validate:"omitempty,alphanumspace"`
	F13  string `validate:"omitempty,alphaunicode"`
	F14  string `validate:"omitempty,alphanumunicode"`
	F15  string `validate:"omitempty,boolean"`
	F16  string `validate:"omitempty,numeric"`
	F17  string `validate:"omitempty,number"`
	F18  string `validate:"omitempty,hexadecimal"`
	F19  string `validate:"omitempty,hexcolor"`
	F20  string `validate:"omitempty,rgb"`
	F21  string `validate:"omitempty,rgba"`
	F22  string `validate:"omitempty,hsl"`
	F23  string `validate:"omitempty,hsla"`
	F24  string `validate:"omitempty,cmyk"`
	F25  string `validate:"omitempty,iscolor"`
	F26  string `validate:"omitempty,e164"`
	F27  string `validate:"omitempty,email"`
	F28  string `validate:"omitempty,uri"`
	F29  string `validate:"omitempty,origin"`
	F30  string `validate:"omitempty,urn_rfc8141"`
	F31  string `validate:"omitempty,urn_rfc2141"`
	F32  string `validate:"omitempty,base32"`
	F33  string `validate:"omitempty,base64"`
	F34  string `validate:"omitempty,base64url"`
	F35  string `validate:"omitempty,base64rawurl"`
	F36  string `validate:"omitempty,isbn"`
	F37  string `validate:"omitempty,isbn10"`
	F38  string `validate:"omitempty,isbn13"`
	F39  string `validate:"omitempty,issn"`
	F40  string `validate:"omitempty,eth_addr"`
	F41  string `validate:"omitempty,eth_addr_checksum"`
	F42  string `validate:"omitempty,btc_addr"`
	F43  string `validate:"omitempty,btc_addr_bech32"`
	F44  string `validate:"omitempty,ulid"`
	F45  string `validate:"omitempty,md4"`
	F46  string `validate:"omitempty,md5"`
	F47  string `validate:"omitempty,sha256"`
	F48  string `validate:"omitempty,sha384"`
	F49  string `validate:"omitempty,sha512"`
	F50  string `validate:"omitempty,ripemd128"`
	F51  string `validate:"omitempty,ripemd160"`
	F52  string `validate:"omitempty,tiger128"`
	F53  string `validate:"omitempty,tiger160"`
	F54  string `validate:"omitempty,tiger192"`
	F55  string `validate:"omitempty,ascii"`
	F56  string `validate:"omitempty,printascii"`
	F57  string `validate:"omitempty,multibyte"`
	F58  string `validate:"omitempty,datauri"`
	F59  string `validate:"omitempty,ssn"`
	F60  string `validate:"omitempty,cidr"`
	F61  string `validate:"omitempty,cidrv4"`
	F62  string `validate:"omitempty,cidrv6"`
	F63  string `validate:"omitempty,mac"`
	F64  string `validate:"omitempty,hostname"`
	F65  string `validate:"omitempty,hostname_rfc1123"`
	F66  string `validate:"omitempty,hostname_label"`
	F67  string `validate:"omitempty,fqdn"`
	F68  string `validate:"omitempty,html"`
	F69  string `validate:"omitempty,html_encoded"`
	F70  string `validate:"omitempty,url_encoded"`
	F71  string `validate:"omitempty,json"`
	F72  string `validate:"omitempty,jwt"`
	F73  string `validate:"omitempty,hostname_port"`
	F74  string `validate:"omitempty,lowercase"`
	F75  string `validate:"omitempty,uppercase"`
	F76  string `validate:"omitempty,timezone"`
	F77  string `validate:"omitempty,iso3166_1_alpha2"`
	F78  string `validate:"omitempty,iso3166_1_alpha2_eu"`
	F79  string `validate:"omitempty,iso3166_1_alpha3"`
	F80  string `validate:"omitempty,iso3166_1_alpha3_eu"`
	F81  string `validate:"omitempty,iso3166_2"`
	F82  string `validate:"omitempty,iso4217"`
	F83  string `validate:"omitempty,country_code"`
	F84  string `validate:"omitempty,eu_country_code"`
	F85  string `validate:"omitempty,bcp47_language_tag"`
	F86  string `validate:"omitempty,bcp47_strict_language_tag"`
	F87  string `validate:"omitempty,bic"`
	F88  string `validate:"omitempty,bic_iso_9362_2014"`
	F89  string `validate:"omitempty,semver"`
	F90  string `validate:"omitempty,dns_rfc1035_label"`
	F91  string `validate:"omitempty,credit_card"`
	F92  string `validate:"omitempty,cve"`
	F93  string `validate:"omitempty,luhn_checksum"`
	F94  string `validate:"omitempty,mongodb"`
	F95  string `validate:"omitempty,mongodb_connection_string"`
	F96  string `validate:"omitempty,cron"`
	F97  string `validate:"omitempty,ein"`
	F98  string `validate:"omitempty,http_url"`
	F99  string `validate:"omitempty,https_url"`
	F100 string `validate:"omitempty,ip"`
	F101 string `validate:"omitempty,ipv4"`
	F102 string `validate:"omitempty,ipv6"`
	F103 string `validate:"omitempty,latitude"`
	F104 string `validate:"omitempty,longitude"`
	F105 string `validate:"omitempty,contains=ab"`
	F106 string `validate:"omitempty,containsany=ab"`
	F107 string `validate:"omitempty,containsrune=a"`
	F108 string `validate:"omitempty,excludes=ab"`
	F109 string `validate:"omitempty,excludesall=ab"`
	F110 string `validate:"omitempty,excludesrune=a"`
	F111 string `validate:"omitempty,startswith=a"`
	F112 string `validate:"omitempty,endswith=z"`
	F113 string `validate:"omitempty,startsnotwith=a"`
	F114 string `validate:"omitempty,endsnotwith=z"`
	F115 string `validate:"omitempty,eq_ignore_case=Abc"`
	F116 string `validate:"omitempty,ne_ignore_case=Abc"`
	F117 string `validate:"omitempty,postcode_iso3166_alpha2=CH"`
	F118 string `validate:"omitempty,eq=abc"`
	F119 string `validate:"omitempty,ne=abc"`
	F120 string `validate:"omitempty,oneof=a 'b c' d"`
	F121 string `validate:"omitempty,oneofci=a b"`
	F122 string `validate:"omitempty,noneof=a b"`
	F123 string `validate:"omitempty,datetime=2006-01-02"`
	F124 string `validate:"omitempty,min=2"`
	F125 string `validate:"omitempty,max=3"`
	F126 string `validate:"omitempty,len=2"`
	F127 string `validate:"omitempty,gt=2"`
	F128 string `validate:"omitempty,gte=2"`
	F129 string `validate:"omitempty,lt=3"`
	F130 string `validate:"omitempty,lte=3"`
}

// ours are rules that are stricter here than in validator/v10.
var ours = map[string]bool{"email": true, "url": true}

func TestEveryRuleMeansWhatItMeansInValidator(t *testing.T) {
	typ, err := validate.Compile[words](validate.Config{})
	require.NoError(t, err)
	for _, text := range []string{
		"a", "ab", "abc", "A", "z", "0", "7", "-1", "1.5", "true", "b c", "d", "a@example.org", "https://example.org", "192.0.2.1", "::1", "192.0.2.0/24",
		"f47ac10b-58cc-4372-a567-0e02b2c3d479", "2026-01-02", "#fff", "CH", "8000", "CHE", "CHF", "756", "{}", "<p>", "x y", "Zoë", "+41446681800", "47.1",
		"example.org:443", "* * * * *", "1.2.3", "4111111111111111", "00:00:5e:00:53:01", "Europe/Zurich", "de-CH", "978-3-16-148410-0", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
		strings.Repeat("a", 64), "data:text/plain;base64,YQ==", "YQ==", "JBSWY3DP", "\u00e9", strings.Repeat("9", 400),
	} {
		agree(t, typ, text)
	}
}

// agree asks both about each rule and one text.
func agree(t *testing.T, typ *validate.Type[words], text string) {
	t.Helper()
	peer := validator.New()
	for i := range reflect.TypeFor[words]().NumField() {
		tag := reflect.TypeFor[words]().Field(i).Tag.Get("validate")
		var w words
		reflect.ValueOf(&w).Elem().Field(i).SetString(text)
		got, want := typ.Value(w) == nil, peer.Var(text, tag) == nil
		if ours[strings.TrimPrefix(tag, "omitempty,")] {
			assert.False(t, got && !want, "%s is looser: %q", tag, text)
			continue
		}
		assert.Equal(t, want, got, "%s: %q", tag, text)
	}
}

func TestRulesOfOtherKinds(t *testing.T) {
	type kinds struct {
		Int     int8            `validate:"min=-3,max=0x10,ne=4,noneof=5 6"`
		Uint    uint16          `validate:"port,oneof=1 2 3"`
		Float   float32         `validate:"gt=0.1,lte=0.5"`
		Bool    bool            `validate:"eq=true"`
		List    []int           `validate:"unique,len=2"`
		Structs []address       `validate:"unique,gt=0,lt=3"`
		Map     map[string]int  `validate:"unique,min=1,dive,keys,ne=x,endkeys,lt=3"`
		Bytes   []byte          `validate:"gte=1,lt=3"`
		Money   uint            `validate:"iso4217_numeric"`
		Color   string          `validate:"hexcolor|rgb"`
		Nested  [][]string      `validate:"max=2,dive,min=1,dive,len=1"`
		Secret  validate.Secret `validate:"oneof=a b"`
	}
	good := kinds{-3, 1, 0.2, true, []int{1, 2}, []address{{City: "aa"}}, map[string]int{"a": 1}, []byte{1}, 756, "#fff", [][]string{{"a"}}, validate.NewSecret("a")}
	require.NoError(t, fault[kinds]())
	assert.NoError(t, validate.Value(good))
	bad := kinds{17, 4, 0.1, false, []int{1, 1}, nil, map[string]int{"x": 3, "y": 3}, nil, 1, "red", [][]string{{}, {"ab"}}, validate.NewSecret("c")}
	assert.Equal(t, []string{
		"body /Int less_than_equal", "body /Uint literal_error", "body /Float greater_than", "body /Bool literal_error", "body /List value_error",
		"body /Structs too_short", "body /Map value_error", "body /Map/0 value_error", "body /Map/0 less_than", "body /Map/1 less_than", "body /Bytes too_short",
		"body /Money value_error", "body /Color value_error", "body /Nested/0 too_short", "body /Nested/1/0 string_too_long", "body /Secret literal_error",
	}, found(t, validate.Value(bad)))
}
