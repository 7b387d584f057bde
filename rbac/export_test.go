package rbac

// ReadCSV returns the rows of one file as the strict reader sees them: p rows, g rows, and the faults.
func ReadCSV(file string, text []byte) (p, g [][]string, faults []error) {
	var d draft
	d.readCSV(file, text)
	for _, r := range d.rules {
		p = append(p, r.row())
	}
	for _, l := range d.links {
		g = append(g, l.row())
	}
	return p, g, d.faults
}
