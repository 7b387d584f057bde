package sqlkeys

// dialect is one constant text for each statement. Times are microseconds since 1970, which every database keeps alike; zero means
// never. end_time is the earlier of expiry and revoked_time, so that one index finds what has ended, in whichever way, and another
// counts the live keys of a subject without reading them. last_used, which changes most, is in no index: PostgreSQL then replaces
// the row in its page and leaves the indexes alone.
type dialect struct {
	probe string

	// A migration runs on one connection, between lock and unlock; held answers 1 if the lock is there. Abort ends a migration that
	// failed and takes back what the database can take back.
	lock                []string
	held, unlock, abort string
	versionTable        string
	version, setVersion string
	steps               []string // the schema, step by step; a step that was released is never changed

	count, create, lookup, touch, revoke, revokeOwn, revokeSubject, list, sweep string
}

var dialects = map[Dialect]*dialect{SQLite: &sqlite, PostgreSQL: &postgresql, MySQL: &mysql}

var sqlite = dialect{
	probe:        `SELECT sqlite_version()`,
	lock:         []string{`BEGIN IMMEDIATE`},
	held:         `SELECT 1`,
	unlock:       `COMMIT`,
	abort:        `ROLLBACK`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_apikey_schema (version INTEGER NOT NULL PRIMARY KEY)`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_apikey_schema`,
	setVersion:   `INSERT INTO sallyport_apikey_schema (version) VALUES (?)`,
	steps: []string{
		`CREATE TABLE sallyport_apikey (
			id TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
			hash BLOB NOT NULL,
			subject TEXT NOT NULL COLLATE BINARY,
			name TEXT NOT NULL,
			scopes TEXT NOT NULL,
			created INTEGER NOT NULL,
			expiry INTEGER NOT NULL,
			last_used INTEGER NOT NULL,
			revoked_time INTEGER NOT NULL,
			end_time INTEGER NOT NULL
		) WITHOUT ROWID`,
		`CREATE INDEX sallyport_apikey_subject ON sallyport_apikey (subject, end_time)`,
		`CREATE INDEX sallyport_apikey_end ON sallyport_apikey (end_time)`,
	},
	count: `SELECT COUNT(CASE WHEN end_time > ? THEN 1 END), COUNT(*) FROM sallyport_apikey WHERE subject = ?`,
	create: `INSERT INTO sallyport_apikey (id, hash, subject, name, scopes, created, expiry, last_used, revoked_time, end_time)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	lookup: `SELECT id, hash, subject, name, scopes, created, expiry, last_used, revoked_time FROM sallyport_apikey WHERE id = ?`,
	touch:  `UPDATE sallyport_apikey SET last_used = ? WHERE id = ? AND last_used < ?`,
	revoke: `UPDATE sallyport_apikey SET revoked_time = ?, end_time = CASE WHEN end_time > ? THEN ? ELSE end_time END
		WHERE id = ? AND revoked_time = 0`,
	revokeOwn: `UPDATE sallyport_apikey SET revoked_time = ?, end_time = CASE WHEN end_time > ? THEN ? ELSE end_time END
		WHERE id = ? AND revoked_time = 0 AND subject = ?`,
	revokeSubject: `UPDATE sallyport_apikey SET revoked_time = ?, end_time = CASE WHEN end_time > ? THEN ? ELSE end_time END
		WHERE subject = ? AND revoked_time = 0`,
	list: `SELECT id, hash, subject, name, scopes, created, expiry, last_used, revoked_time FROM sallyport_apikey
		WHERE subject = ? ORDER BY created DESC, id LIMIT ?`,
	sweep: `DELETE FROM sallyport_apikey WHERE id IN (SELECT id FROM sallyport_apikey WHERE end_time <= ? LIMIT 1000)`,
}

var postgresql = dialect{
	probe: `SELECT current_setting('server_version_num')`,
	// The number is arbitrary: it names this lock among the advisory locks of the database.
	lock:         []string{`BEGIN`, `SELECT pg_advisory_xact_lock(6013460021946115)`},
	held:         `SELECT 1`,
	unlock:       `COMMIT`,
	abort:        `ROLLBACK`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_apikey_schema (version INTEGER NOT NULL PRIMARY KEY)`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_apikey_schema`,
	setVersion:   `INSERT INTO sallyport_apikey_schema (version) VALUES ($1)`,
	steps: []string{
		`CREATE TABLE sallyport_apikey (
			id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
			hash BYTEA NOT NULL,
			subject TEXT COLLATE "C" NOT NULL,
			name TEXT COLLATE "C" NOT NULL,
			scopes TEXT COLLATE "C" NOT NULL,
			created BIGINT NOT NULL,
			expiry BIGINT NOT NULL,
			last_used BIGINT NOT NULL,
			revoked_time BIGINT NOT NULL,
			end_time BIGINT NOT NULL
		)`,
		`CREATE INDEX sallyport_apikey_subject ON sallyport_apikey (subject, end_time)`,
		`CREATE INDEX sallyport_apikey_end ON sallyport_apikey (end_time)`,
	},
	count: `SELECT COUNT(CASE WHEN end_time > $1 THEN 1 END), COUNT(*) FROM sallyport_apikey WHERE subject = $2`,
	create: `INSERT INTO sallyport_apikey (id, hash, subject, name, scopes, created, expiry, last_used, revoked_time, end_time)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
	lookup: `SELECT id, hash, subject, name, scopes, created, expiry, last_used, revoked_time FROM sallyport_apikey WHERE id = $1`,
	touch:  `UPDATE sallyport_apikey SET last_used = $1 WHERE id = $2 AND last_used < $3`,
	revoke: `UPDATE sallyport_apikey SET revoked_time = $1, end_time = CASE WHEN end_time > $2 THEN $3 ELSE end_time END
		WHERE id = $4 AND revoked_time = 0`,
	revokeOwn: `UPDATE sallyport_apikey SET revoked_time = $1, end_time = CASE WHEN end_time > $2 THEN $3 ELSE end_time END
		WHERE id = $4 AND revoked_time = 0 AND subject = $5`,
	revokeSubject: `UPDATE sallyport_apikey SET revoked_time = $1, end_time = CASE WHEN end_time > $2 THEN $3 ELSE end_time END
		WHERE subject = $4 AND revoked_time = 0`,
	list: `SELECT id, hash, subject, name, scopes, created, expiry, last_used, revoked_time FROM sallyport_apikey
		WHERE subject = $1 ORDER BY created DESC, id LIMIT $2`,
	sweep: `DELETE FROM sallyport_apikey WHERE id IN
		(SELECT id FROM sallyport_apikey WHERE end_time <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
}

// Names are VARBINARY, because every text collation of MySQL finds some different names equal; even the binary ones do, if the names
// differ in trailing spaces. Its DDL commits at once, so a step must bear to be repeated after a failure.
var mysql = dialect{
	probe:        `SELECT @@version`,
	lock:         []string{`DO GET_LOCK('sallyport_apikey_schema', 60)`},
	held:         `SELECT COALESCE(IS_USED_LOCK('sallyport_apikey_schema') = CONNECTION_ID(), 0)`,
	unlock:       `DO RELEASE_LOCK('sallyport_apikey_schema')`,
	abort:        `DO RELEASE_LOCK('sallyport_apikey_schema')`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_apikey_schema (version INTEGER NOT NULL PRIMARY KEY) ENGINE=InnoDB`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_apikey_schema`,
	setVersion:   `INSERT INTO sallyport_apikey_schema (version) VALUES (?)`,
	steps: []string{
		`CREATE TABLE IF NOT EXISTS sallyport_apikey (
			id VARBINARY(16) NOT NULL PRIMARY KEY,
			hash BINARY(32) NOT NULL,
			subject VARBINARY(255) NOT NULL,
			name VARBINARY(100) NOT NULL,
			scopes VARBINARY(4096) NOT NULL,
			created BIGINT NOT NULL,
			expiry BIGINT NOT NULL,
			last_used BIGINT NOT NULL,
			revoked_time BIGINT NOT NULL,
			end_time BIGINT NOT NULL,
			INDEX sallyport_apikey_subject (subject, end_time),
			INDEX sallyport_apikey_end (end_time)
		) ENGINE=InnoDB`,
	},
	count:  sqlite.count,
	create: sqlite.create,
	lookup: sqlite.lookup,
	touch:  sqlite.touch,
	revoke: sqlite.revoke, revokeOwn: sqlite.revokeOwn, revokeSubject: sqlite.revokeSubject,
	list:  sqlite.list,
	sweep: `DELETE FROM sallyport_apikey WHERE end_time <= ? LIMIT 1000`,
}
