package totp

import (
	"fmt"
	"net/url"
	"strings"
)

// URI returns what an app reads from a picture, in the Key Uri Format that Google Authenticator introduced. The account is
// what the app shows beside the issuer, such as an e-mail address: 1 to 255 bytes of UTF-8 without control characters, ":" and spaces
// around it.
//
// The URI contains the secret. Make the picture in the process or in the browser, never by a service on the web, and send both with
// Cache-Control: no-store.
func (c *Codes) URI(s Secret, account string) (string, error) {
	if s.key == nil {
		return "", refusal(errMisuse, "the zero Secret has no URI: make one with NewSecret")
	}
	if !validLabel(account, maxName) {
		return "", refusal(errMisuse, fmt.Sprintf("the account is not 1 to %d bytes of UTF-8 without control characters, \":\" and spaces around it", maxName))
	}
	return "otpauth://totp/" + escape(c.issuer) + ":" + escape(account) +
		"?secret=" + s.Reveal() +
		"&issuer=" + escape(c.issuer) +
		"&algorithm=" + string(s.algorithm) +
		fmt.Sprintf("&digits=%d&period=%d", s.digits, int(period.Seconds())), nil
}

// escape leaves nothing but the unreserved characters of RFC 3986, section 2.3, because apps differ about the others, and about "+".
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
