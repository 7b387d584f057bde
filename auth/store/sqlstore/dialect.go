package sqlstore

// dialect is one constant text for each statement. Times are microseconds since 1970, which every database keeps alike. No column
// that changes at a rotation is indexed: PostgreSQL then replaces the row in its page and leaves the indexes alone.
type dialect struct {
	probe string

	// A migration runs on one connection, between lock and unlock; held answers 1 if the lock is there. Abort ends a migration that
	// failed and takes back what the database can take back.
	lock                []string
	held, unlock, abort string
	versionTable        string
	version, setVersion string
	steps               []string // the schema, step by step; a step that was released is never changed

	create, lookup, rotate, revokeReused, revokeFamily, revokeSubject, sweep string
}

var dialects = map[Dialect]*dialect{SQLite: &sqlite, PostgreSQL: &postgresql, MySQL: &mysql}

var sqlite = dialect{
	probe:        `SELECT sqlite_version()`,
	lock:         []string{`BEGIN IMMEDIATE`},
	held:         `SELECT 1`,
	unlock:       `COMMIT`,
	abort:        `ROLLBACK`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_schema (version INTEGER NOT NULL PRIMARY KEY)`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_schema`,
	setVersion:   `INSERT INTO sallyport_schema (version) VALUES (?)`,
	steps: []string{
		`CREATE TABLE sallyport_refresh (
			family TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
			hash BLOB NOT NULL,
			subject TEXT NOT NULL COLLATE BINARY,
			client TEXT NOT NULL,
			scopes TEXT NOT NULL,
			amr TEXT NOT NULL,
			auth_time INTEGER NOT NULL,
			until_time INTEGER NOT NULL,
			expiry INTEGER NOT NULL
		) WITHOUT ROWID`,
		`CREATE INDEX sallyport_refresh_subject ON sallyport_refresh (subject)`,
		`CREATE INDEX sallyport_refresh_expiry ON sallyport_refresh (expiry)`,
	},
	create: `INSERT INTO sallyport_refresh (family, hash, subject, client, scopes, amr, auth_time, until_time, expiry)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	lookup:        `SELECT hash, subject, client, scopes, amr, auth_time, until_time, expiry FROM sallyport_refresh WHERE family = ?`,
	rotate:        `UPDATE sallyport_refresh SET hash = ?, until_time = ? WHERE family = ? AND hash = ? AND until_time > ? AND expiry > ?`,
	revokeReused:  `DELETE FROM sallyport_refresh WHERE family = ? AND hash <> ?`,
	revokeFamily:  `DELETE FROM sallyport_refresh WHERE family = ?`,
	revokeSubject: `DELETE FROM sallyport_refresh WHERE subject = ?`,
	sweep: `DELETE FROM sallyport_refresh WHERE family IN
		(SELECT family FROM sallyport_refresh WHERE expiry <= ? LIMIT 1000)`,
}

var postgresql = dialect{
	probe: `SELECT current_setting('server_version_num')`,
	// The number is arbitrary: it names this lock among the advisory locks of the database.
	lock:         []string{`BEGIN`, `SELECT pg_advisory_xact_lock(6013460021946114)`},
	held:         `SELECT 1`,
	unlock:       `COMMIT`,
	abort:        `ROLLBACK`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_schema (version INTEGER NOT NULL PRIMARY KEY)`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_schema`,
	setVersion:   `INSERT INTO sallyport_schema (version) VALUES ($1)`,
	steps: []string{
		`CREATE TABLE sallyport_refresh (
			family TEXT COLLATE "C" NOT NULL PRIMARY KEY,
			hash BYTEA NOT NULL,
			subject TEXT COLLATE "C" NOT NULL,
			client TEXT COLLATE "C" NOT NULL,
			scopes TEXT COLLATE "C" NOT NULL,
			amr TEXT COLLATE "C" NOT NULL,
			auth_time BIGINT NOT NULL,
			until_time BIGINT NOT NULL,
			expiry BIGINT NOT NULL
		)`,
		`CREATE INDEX sallyport_refresh_subject ON sallyport_refresh (subject)`,
		`CREATE INDEX sallyport_refresh_expiry ON sallyport_refresh (expiry)`,
	},
	create: `INSERT INTO sallyport_refresh (family, hash, subject, client, scopes, amr, auth_time, until_time, expiry)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
	lookup:        `SELECT hash, subject, client, scopes, amr, auth_time, until_time, expiry FROM sallyport_refresh WHERE family = $1`,
	rotate:        `UPDATE sallyport_refresh SET hash = $1, until_time = $2 WHERE family = $3 AND hash = $4 AND until_time > $5 AND expiry > $6`,
	revokeReused:  `DELETE FROM sallyport_refresh WHERE family = $1 AND hash <> $2`,
	revokeFamily:  `DELETE FROM sallyport_refresh WHERE family = $1`,
	revokeSubject: `DELETE FROM sallyport_refresh WHERE subject = $1`,
	sweep: `DELETE FROM sallyport_refresh WHERE family IN
		(SELECT family FROM sallyport_refresh WHERE expiry <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
}

// Names are VARBINARY, because every text collation of MySQL finds some different names equal; even the binary ones do, if the names
// differ in trailing spaces. Its DDL commits at once, so a step must bear to be repeated after a failure.
var mysql = dialect{
	probe:        `SELECT @@version`,
	lock:         []string{`DO GET_LOCK('sallyport_schema', 60)`},
	held:         `SELECT COALESCE(IS_USED_LOCK('sallyport_schema') = CONNECTION_ID(), 0)`,
	unlock:       `DO RELEASE_LOCK('sallyport_schema')`,
	abort:        `DO RELEASE_LOCK('sallyport_schema')`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_schema (version INTEGER NOT NULL PRIMARY KEY) ENGINE=InnoDB`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_schema`,
	setVersion:   `INSERT INTO sallyport_schema (version) VALUES (?)`,
	steps: []string{
		`CREATE TABLE IF NOT EXISTS sallyport_refresh (
			family VARBINARY(64) NOT NULL PRIMARY KEY,
			hash BINARY(32) NOT NULL,
			subject VARBINARY(255) NOT NULL,
			client VARBINARY(255) NOT NULL,
			scopes VARBINARY(4096) NOT NULL,
			amr VARBINARY(4096) NOT NULL,
			auth_time BIGINT NOT NULL,
			until_time BIGINT NOT NULL,
			expiry BIGINT NOT NULL,
			INDEX sallyport_refresh_subject (subject),
			INDEX sallyport_refresh_expiry (expiry)
		) ENGINE=InnoDB`,
	},
	create: `INSERT INTO sallyport_refresh (family, hash, subject, client, scopes, amr, auth_time, until_time, expiry)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	lookup:        `SELECT hash, subject, client, scopes, amr, auth_time, until_time, expiry FROM sallyport_refresh WHERE family = ?`,
	rotate:        `UPDATE sallyport_refresh SET hash = ?, until_time = ? WHERE family = ? AND hash = ? AND until_time > ? AND expiry > ?`,
	revokeReused:  `DELETE FROM sallyport_refresh WHERE family = ? AND hash <> ?`,
	revokeFamily:  `DELETE FROM sallyport_refresh WHERE family = ?`,
	revokeSubject: `DELETE FROM sallyport_refresh WHERE subject = ?`,
	sweep:         `DELETE FROM sallyport_refresh WHERE expiry <= ? LIMIT 1000`,
}
