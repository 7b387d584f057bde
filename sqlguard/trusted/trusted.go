// Package trusted is the one way to run SQL whose text is not a constant of the program.
//
//	view, err := os.ReadFile("reports/monthly.sql") // installed with the program, not written by its users
//	…
//	rows, err := sqlguard.All[Line](ctx, db, trusted.SQL(string(view), "report text shipped in the image", month))
//
// # Security model
//
// None: whoever calls it vouches for the text. It is a package of its own so that a search for its import path, or a
// linter that allows the import in named places, finds every use.
package trusted

import (
	"strings"

	"github.com/sallyport-go/sallyport/sqlguard"
	"github.com/sallyport-go/sallyport/sqlguard/internal/raw"
)

// SQL returns a fragment with this text, whose placeholders take args as those of [sqlguard.Q] do. It must be as whole as any other
// fragment: one statement or part of one, with its literals, comments and brackets closed.
//
// The reason says, to who reviews the call, why no input can be in the text. Without one the fragment does not run.
func SQL(text, reason string, args ...any) sqlguard.SQL {
	f := raw.Fragment{Text: text, Args: args}
	if strings.TrimSpace(reason) == "" {
		f.Fault = "trusted.SQL was given no reason"
	}
	return sqlguard.Q("?", f)
}
