// Package raw is the seam between sqlguard and sqlguard/trusted. Nobody else can import it.
package raw

// Fragment is text that a program vouches for, with the values of its placeholders. As an argument of sqlguard.Q it is
// taken in like a fragment made from a constant.
type Fragment struct {
	Text string
	Args []any
	// Fault, if not empty, is why the fragment must not run.
	Fault string
}
