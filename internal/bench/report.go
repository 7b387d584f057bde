package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Write writes the result as a table.
func (r Result) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	allocs, verdict := "", ""
	if r.Race.MaxAllocs >= 0 {
		allocs = fmt.Sprintf("≤ %d allocs", r.Race.MaxAllocs)
		verdict = judged(r.Ours.Allocs <= r.Race.MaxAllocs)
	}
	fmt.Fprintln(t, r.Race.Name)
	fmt.Fprintf(t, "  %s\t%s\t%d allocs\t\t\t%s\t%s\n", r.Ours.Task.Name, short(r.Ours.Each), r.Ours.Allocs, allocs, verdict)
	for _, o := range r.Others {
		target := o.Task.Target
		verdict := ""
		if target.Set() {
			verdict = judged(target.Met(o.Ratio))
		}
		low, high := o.Spread[0], o.Spread[1]
		if target.AtLeast > 0 || o.Ratio < 0.1 { // upside down, as the ratio is
			low, high = high, low
		}
		fmt.Fprintf(t, "  %s\t%s\t%d allocs\t%s\t(%s to %s)\t%s\t%s\n", o.Task.Name, short(o.Each), o.Allocs,
			target.Text(o.Ratio), bare(target, o.Ratio, low), bare(target, o.Ratio, high), target, verdict)
	}
	return t.Flush()
}

func judged(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

// bare is a bound of the spread in the sense in which the ratio is written.
func bare(t Target, ratio, bound float64) string {
	if t.AtLeast > 0 || ratio < 0.1 {
		return fmt.Sprintf("%.4g", 1/bound)
	}
	if ratio >= 10 {
		return fmt.Sprintf("%.3g", bound)
	}
	return fmt.Sprintf("%.3f", bound)
}

// short writes three digits or so.
func short(d time.Duration) string {
	for unit := time.Second; unit > 1; unit /= 10 {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}
