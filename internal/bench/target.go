package bench

import "fmt"

// Target is what a ratio must come to. The zero Target asks for nothing.
type Target struct {
	// AtMost bounds our time, as a multiple of the other's.
	AtMost float64
	// AtLeast is how many times faster than the other ours must be.
	AtLeast float64
}

// Set says whether there is a target.
func (t Target) Set() bool { return t != Target{} }

// Met says whether a ratio of our time to the other's is good enough.
func (t Target) Met(ratio float64) bool {
	return (t.AtMost == 0 || ratio <= t.AtMost) && (t.AtLeast == 0 || ratio*t.AtLeast <= 1)
}

// Text returns a ratio of our time to the other's in the sense of the target, such as "1.03 ×" or "412 × faster".
func (t Target) Text(ratio float64) string {
	switch {
	case ratio <= 0:
		return "-"
	case t.AtLeast > 0 || ratio < 0.1:
		return fmt.Sprintf("%.4g × faster", 1/ratio)
	}
	if ratio >= 10 {
		return fmt.Sprintf("%.3g ×", ratio)
	}
	return fmt.Sprintf("%.3f ×", ratio)
}

// String returns the target, or nothing.
func (t Target) String() string {
	switch {
	case t.AtLeast > 0:
		return fmt.Sprintf("≥ %g × faster", t.AtLeast)
	case t.AtMost > 0:
		return fmt.Sprintf("≤ %g ×", t.AtMost)
	}
	return ""
}
