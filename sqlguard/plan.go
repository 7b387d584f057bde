package sqlguard

import (
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"
	"unsafe"
)

// plan is a text taken apart for one dialect.
type plan struct {
	pieces  []piece
	slots   int    // how many pieces end in a placeholder
	fault   string // why the text must not run, or empty
	comment bool   // the text ends in a comment that only a line break ends
}

// piece is a stretch of the text and what follows it.
type piece struct {
	literal string
	slot    bool // a placeholder follows
	list    bool // the placeholder is all that stands between IN's brackets
	logical bool // AND, OR or NOT stands beside it
}

// The memo of plans. It holds no more than maxMemo texts: a program has that many constants, and a text that came in
// through a hole must not fill the memory.
const (
	maxMemo     = 4096
	maxMemoText = 64 << 10
)

// memo is a table of entries, found by where their text lives and by going on from there. Entries are only added, and half of the slots
// stay empty, so that a search ends soon.
type memo struct {
	slots [2 * maxMemo]atomic.Pointer[memoEntry]
	size  atomic.Int32
}

type memoEntry struct {
	text  string
	plans [dialects + 1]atomic.Pointer[plan]
}

var plans memo

// slot returns where the search for a text begins.
func (m *memo) slot(at *byte) uintptr {
	const spread = 0x9e3779b1 // 2^32 by the golden ratio: neighbours are set apart
	return uintptr(uint32(uintptr(unsafe.Pointer(at)))*spread>>16) % uintptr(len(m.slots))
}

// find returns the entry of a text that lives at a place, or nil and the empty slot that it would have.
func (m *memo) find(at *byte) (*memoEntry, *atomic.Pointer[memoEntry]) {
	for i := m.slot(at); ; i = (i + 1) % uintptr(len(m.slots)) {
		entry := m.slots[i].Load()
		if entry == nil {
			return nil, &m.slots[i]
		}
		if unsafe.StringData(entry.text) == at {
			return entry, nil
		}
	}
}

// add takes an entry in, unless there are enough.
func (m *memo) add(entry *memoEntry) {
	if len(entry.text) > maxMemoText {
		return
	}
	if m.size.Add(1) > maxMemo {
		m.size.Add(-1)
		return
	}
	for {
		found, empty := m.find(unsafe.StringData(entry.text))
		if found != nil { // another goroutine was quicker
			m.size.Add(-1)
			return
		}
		if empty.CompareAndSwap(nil, entry) {
			return
		}
	}
}

// planFor returns the plan of text, which must not be empty. The memo is keyed by where the text lives, which is quick for
// constants; the text itself is compared, so that another text in the same place is not mistaken for it.
func planFor(d Dialect, text string) *plan {
	entry, _ := plans.find(unsafe.StringData(text))
	switch {
	case entry == nil:
		p := compile(d, text)
		entry = &memoEntry{text: text}
		entry.plans[d].Store(p)
		plans.add(entry)
		return p
	case entry.text != text:
		return compile(d, text)
	}
	if p := entry.plans[d].Load(); p != nil {
		return p
	}
	p := compile(d, text)
	entry.plans[d].Store(p)
	return p
}

// compile splits text at its placeholders and refuses what is not whole.
func compile(d Dialect, text string) *plan {
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return &plan{fault: "the text is not UTF-8 or has a NUL"}
	}
	c := compiler{d: d, text: text}
	l := lexer{d: d, s: text}
	for {
		t := l.next()
		if t.kind == kindEnd {
			break
		}
		c.all = append(c.all, t)
		if t.kind != kindSpace && t.kind != kindComment && t.kind != kindLineComment {
			c.significant = append(c.significant, t)
		}
	}
	if fault := c.check(); fault != "" {
		return &plan{fault: fault}
	}
	return c.split()
}

type compiler struct {
	d                Dialect
	text             string
	all, significant []token
}

// faults says, by the kind of a token, why it has no place in a fragment.
var faults = map[kind]string{
	kindBad:          "has something that is not closed",
	kindExecutable:   "has a comment that the server would run",
	kindEscapeString: "has a literal that ends by a server setting: bind the value to a ? instead",
	kindParam:        "has a parameter in the database's own notation: write ? instead",
	kindSemicolon:    "has a semicolon: leave it out, and run one statement at a time",
}

func (c *compiler) check() string {
	depth := 0
	for _, t := range c.significant {
		if fault, ok := faults[t.kind]; ok {
			return c.at(t, fault)
		}
		switch t.kind {
		case kindOpen:
			depth++
		case kindClose:
			depth--
		case kindOther:
			if s := c.text[t.start:t.end]; s == "--" || s == "$" {
				return c.at(t, "has "+s+", which is no comment here")
			}
		}
		if depth < 0 {
			return c.at(t, "closes a bracket that it did not open")
		}
	}
	if depth > 0 {
		return "the text does not close its brackets"
	}
	return c.checkPlaceholders()
}

// checkPlaceholders refuses a ? that touches a word: what is put in its place would become part of the word.
func (c *compiler) checkPlaceholders() string {
	for _, t := range c.significant {
		if t.kind != kindPlaceholder {
			continue
		}
		if t.start > 0 && touches(c.text[t.start-1]) || t.end < len(c.text) && touches(c.text[t.end]) {
			return c.at(t, "has a ? that touches a word or a literal: put a space between them")
		}
	}
	return ""
}

func touches(b byte) bool { return isName(b) || b == '\'' || b == '"' || b == '`' }

func (c *compiler) at(t token, fault string) string {
	return "the text " + fault + " (byte " + strconv.Itoa(t.start) + ")"
}

func (c *compiler) split() *plan {
	p := &plan{}
	from := 0
	for i := 0; i < len(c.significant); i++ {
		t := c.significant[i]
		if t.kind != kindPlaceholder {
			continue
		}
		if i+1 < len(c.significant) && c.significant[i+1].kind == kindPlaceholder && c.significant[i+1].start == t.end {
			if c.d != PostgreSQL { // only there is ? an operator; elsewhere the driver would take it for a parameter
				return &plan{fault: c.at(t, "has ??, which only PostgreSQL has a use for")}
			}
			p.pieces = append(p.pieces, piece{literal: c.text[from:t.end]})
			i++
			from = c.significant[i].end
			continue
		}
		p.pieces = append(p.pieces, piece{
			literal: c.text[from:t.start],
			slot:    true,
			list:    c.word(i-2, "IN") && c.is(i-1, kindOpen) && c.is(i+1, kindClose),
			logical: c.word(i-1, "AND", "OR", "NOT", "XOR") || c.word(i+1, "AND", "OR", "XOR"),
		})
		p.slots++
		from = t.end
	}
	if from < len(c.text) {
		p.pieces = append(p.pieces, piece{literal: c.text[from:]})
	}
	p.comment = len(c.all) > 0 && c.all[len(c.all)-1].kind == kindLineComment
	return p
}

func (c *compiler) is(i int, k kind) bool {
	return i >= 0 && i < len(c.significant) && c.significant[i].kind == k
}

func (c *compiler) word(i int, words ...string) bool {
	if !c.is(i, kindWord) {
		return false
	}
	w := c.text[c.significant[i].start:c.significant[i].end]
	for _, word := range words {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
