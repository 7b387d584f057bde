package sqlstore

// dialect is one constant text for each statement. Times are microseconds since 1970, which every database keeps alike. No column
// that changes at a rotation is indexed, unless there is a grace period: PostgreSQL then replaces the row in its page and leaves the
// indexes alone.
type dialect struct {
	probe string

	// A migration runs on one connection, between lock and unlock; held answers 1 if the lock is there. Abort ends a migration that
	// failed and takes back what the database can take back.
	lock                []string
	held, unlock, abort string
	versionTable        string
	version, setVersion string
	steps               [][]string // the schema, step by step; a step that was released is never changed

	create, lookup, rotate, revokeReused, revokeFamily, revokeSubject, wipe string

	// A denial is named by a hash. Denied counts those of three.
	deny, denied string

	// A change of counts runs in a transaction that begins with lockStripes. Statements are for as many keys as there may be: the last is
	// repeated, except in putCounts, which are for one key, for two, and so on.
	readCommitted                bool // or else what the database has by default
	lockStripes, counts          string
	putCounts                    [maxKeys]string
	familiar, remember, displace string

	sweeps []string // what has ended at an instant, a thousand at a time
}

var dialects = map[Dialect]*dialect{SQLite: &sqlite, PostgreSQL: &postgresql, MySQL: &mysql}
