package password

// A Code says why a password was refused. Codes are stable.
type Code string

// The codes of [Policy.Check].
const (
	CodeTooShort   Code = "too_short"
	CodeTooLong    Code = "too_long"   // over MaxPassword bytes; nothing else is then looked at
	CodeBadText    Code = "bad_text"   // a NUL, or not UTF-8; nothing else is then looked at
	CodeCommon     Code = "common"     // on the list of common passwords, once or repeated
	CodeRepetitive Code = "repetitive" // up to four characters over and over, or a run such as abcdef
	CodeContext    Code = "context"    // words that were given, with no letter beside them
	CodeBreached   Code = "breached"   // PolicyConfig.Breached says so
)

// Reason is one fault of a password.
type Reason struct {
	Code Code `json:"code"`
	// Text is for the user, in English. It does not contain the password.
	Text string `json:"detail"`
	// MinLength is the shortest length, in Unicode code points, for CodeTooShort; zero for others.
	MinLength int `json:"min_length,omitempty"`
}
