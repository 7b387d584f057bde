package password

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the table
	"sort"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./internal/mkcommon frequency_lists.js common.bin

// commonTable has a fingerprint of each common password, sorted: see common.NOTICE for where they are from. Thirty thousand
// in 2^40 refuse one good password in 36 million.
//
//go:embed common.bin
var commonTable string

const fingerprint = 5 // bytes

// common says whether folded is on the list.
func common(folded string) bool {
	sum := sha256.Sum256([]byte(folded))
	wanted := sum[:fingerprint]
	n := len(commonTable) / fingerprint
	at := func(i int) string { return commonTable[i*fingerprint : (i+1)*fingerprint] }
	i := sort.Search(n, func(i int) bool { return strings.Compare(at(i), string(wanted)) >= 0 })
	return i < n && bytes.Equal([]byte(at(i)), wanted)
}

// fold returns what passwords have in common that differ in the case of letters or in the shape of characters, such as their
// width (NFKC, Unicode Standard Annex 15). It serves to compare with words: what is hashed is never folded.
func fold(s string) string { return cases.Fold().String(norm.NFKC.String(s)) }
