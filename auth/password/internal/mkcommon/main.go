// Command mkcommon makes the table of common passwords that package password embeds:
//
//	go run ./internal/mkcommon frequency_lists.js common.bin
//
// The first file is lib/frequency_lists.js of the npm package zxcvbn 4.4.2. The table has the first five bytes of the
// SHA-256 of each password in its list "passwords", in lower case, sorted. The same input gives the same bytes.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

const (
	width = 5 // bytes
	least = 10_000
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: mkcommon frequency_lists.js common.bin")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "mkcommon:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	source, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	words, err := list(string(source))
	if err != nil {
		return err
	}
	table := make([][]byte, 0, len(words))
	for _, w := range words {
		sum := sha256.Sum256([]byte(strings.ToLower(w)))
		table = append(table, sum[:width])
	}
	slices.SortFunc(table, bytes.Compare)
	table = slices.CompactFunc(table, bytes.Equal)
	fmt.Printf("%d passwords, of which %d have 8 characters or more\n", len(table), count(words, 8))
	return os.WriteFile(to, bytes.Join(table, nil), 0o644)
}

// list reads the member: passwords: "123456,password,…".split(",")
func list(source string) ([]string, error) {
	_, rest, ok1 := strings.Cut(source, `passwords: "`)
	text, _, ok2 := strings.Cut(rest, `"`)
	if !ok1 || !ok2 {
		return nil, errors.New("the file has no list of passwords")
	}
	words := strings.Split(strings.ReplaceAll(text, `\\`, `\`), ",") // no other escape is in the list
	if len(words) < least {
		return nil, fmt.Errorf("the list has %d passwords, fewer than %d", len(words), least)
	}
	for _, w := range words {
		if w == "" || strings.ContainsFunc(w, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return nil, errors.New("the list has an entry that is not plain visible ASCII")
		}
	}
	return words, nil
}

func count(words []string, length int) int {
	n := 0
	for _, w := range words {
		if len(w) >= length {
			n++
		}
	}
	return n
}
