package sqlsessions

// dialect is one constant text for each statement. Times are microseconds since 1970, which every database keeps alike; zero means
// never. Lists are one text, with a line break between, which none of their values has.
type dialect struct {
	probe string

	// A migration runs on one connection, between lock and unlock; held answers 1 if the lock is there. Abort ends a migration that
	// failed and takes back what the database can take back.
	lock                []string
	held, unlock, abort string
	versionTable        string
	version, setVersion string
	steps               []string // the schema, step by step; a step that was released is never changed

	forget, count, create, lookup, touch, end, endID, endOwn, endSubject, list, sweep string
}

var dialects = map[Dialect]*dialect{SQLite: &sqlite, PostgreSQL: &postgresql, MySQL: &mysql}

const columns = `id, hash, subject, client, scopes, roles, acr, amr, auth_time, user_agent, created, seen, until_time, expiry`

var sqlite = dialect{
	probe:        `SELECT sqlite_version()`,
	lock:         []string{`BEGIN IMMEDIATE`},
	held:         `SELECT 1`,
	unlock:       `COMMIT`,
	abort:        `ROLLBACK`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_session_schema (version INTEGER NOT NULL PRIMARY KEY)`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_session_schema`,
	setVersion:   `INSERT INTO sallyport_session_schema (version) VALUES (?)`,
	steps: []string{
		`CREATE TABLE sallyport_session (
			hash BLOB NOT NULL PRIMARY KEY,
			id TEXT NOT NULL COLLATE BINARY UNIQUE,
			subject TEXT NOT NULL COLLATE BINARY,
			client TEXT NOT NULL,
			scopes TEXT NOT NULL,
			roles TEXT NOT NULL,
			acr TEXT NOT NULL,
			amr TEXT NOT NULL,
			auth_time INTEGER NOT NULL,
			user_agent TEXT NOT NULL,
			created INTEGER NOT NULL,
			seen INTEGER NOT NULL,
			until_time INTEGER NOT NULL,
			expiry INTEGER NOT NULL
		) WITHOUT ROWID`,
		`CREATE INDEX sallyport_session_subject ON sallyport_session (subject, until_time)`,
		`CREATE INDEX sallyport_session_until ON sallyport_session (until_time)`,
	},
	forget: `DELETE FROM sallyport_session WHERE subject = ? AND until_time <= ?`,
	count:  `SELECT COUNT(*) FROM sallyport_session WHERE subject = ? AND until_time > ?`,
	create: `INSERT INTO sallyport_session (` + columns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	lookup: `SELECT ` + columns + ` FROM sallyport_session WHERE hash = ?`,
	touch: `UPDATE sallyport_session SET seen = ?, until_time = CASE WHEN expiry < ? THEN expiry ELSE ? END
		WHERE hash = ? AND seen = ?`,
	end:        `DELETE FROM sallyport_session WHERE hash = ?`,
	endID:      `DELETE FROM sallyport_session WHERE id = ?`,
	endOwn:     `DELETE FROM sallyport_session WHERE id = ? AND subject = ?`,
	endSubject: `DELETE FROM sallyport_session WHERE subject = ?`,
	list: `SELECT ` + columns + ` FROM sallyport_session WHERE subject = ? AND until_time > ?
		ORDER BY created DESC, id LIMIT ?`,
	sweep: `DELETE FROM sallyport_session WHERE hash IN (SELECT hash FROM sallyport_session WHERE until_time <= ? LIMIT 1000)`,
}

var postgresql = dialect{
	probe: `SELECT current_setting('server_version_num')`,
	// The number is arbitrary: it names this lock among the advisory locks of the database.
	lock:         []string{`BEGIN`, `SELECT pg_advisory_xact_lock(6013460021946116)`},
	held:         `SELECT 1`,
	unlock:       `COMMIT`,
	abort:        `ROLLBACK`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_session_schema (version INTEGER NOT NULL PRIMARY KEY)`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_session_schema`,
	setVersion:   `INSERT INTO sallyport_session_schema (version) VALUES ($1)`,
	steps: []string{
		`CREATE TABLE sallyport_session (
			hash BYTEA NOT NULL PRIMARY KEY,
			id TEXT COLLATE "C" NOT NULL UNIQUE,
			subject TEXT COLLATE "C" NOT NULL,
			client TEXT COLLATE "C" NOT NULL,
			scopes TEXT COLLATE "C" NOT NULL,
			roles TEXT COLLATE "C" NOT NULL,
			acr TEXT COLLATE "C" NOT NULL,
			amr TEXT COLLATE "C" NOT NULL,
			auth_time BIGINT NOT NULL,
			user_agent TEXT COLLATE "C" NOT NULL,
			created BIGINT NOT NULL,
			seen BIGINT NOT NULL,
			until_time BIGINT NOT NULL,
			expiry BIGINT NOT NULL
		)`,
		`CREATE INDEX sallyport_session_subject ON sallyport_session (subject, until_time)`,
		`CREATE INDEX sallyport_session_until ON sallyport_session (until_time)`,
	},
	forget: `DELETE FROM sallyport_session WHERE subject = $1 AND until_time <= $2`,
	count:  `SELECT COUNT(*) FROM sallyport_session WHERE subject = $1 AND until_time > $2`,
	create: `INSERT INTO sallyport_session (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
	lookup: `SELECT ` + columns + ` FROM sallyport_session WHERE hash = $1`,
	touch: `UPDATE sallyport_session SET seen = $1, until_time = CASE WHEN expiry < $2 THEN expiry ELSE $3 END
		WHERE hash = $4 AND seen = $5`,
	end:        `DELETE FROM sallyport_session WHERE hash = $1`,
	endID:      `DELETE FROM sallyport_session WHERE id = $1`,
	endOwn:     `DELETE FROM sallyport_session WHERE id = $1 AND subject = $2`,
	endSubject: `DELETE FROM sallyport_session WHERE subject = $1`,
	list: `SELECT ` + columns + ` FROM sallyport_session WHERE subject = $1 AND until_time > $2
		ORDER BY created DESC, id LIMIT $3`,
	sweep: `DELETE FROM sallyport_session WHERE hash IN
		(SELECT hash FROM sallyport_session WHERE until_time <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
}

// Names are VARBINARY, because every text collation of MySQL finds some different names equal; even the binary ones do, if the names
// differ in trailing spaces. Its DDL commits at once, so a step must bear to be repeated after a failure.
var mysql = dialect{
	probe:        `SELECT @@version`,
	lock:         []string{`DO GET_LOCK('sallyport_session_schema', 60)`},
	held:         `SELECT COALESCE(IS_USED_LOCK('sallyport_session_schema') = CONNECTION_ID(), 0)`,
	unlock:       `DO RELEASE_LOCK('sallyport_session_schema')`,
	abort:        `DO RELEASE_LOCK('sallyport_session_schema')`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_session_schema (version INTEGER NOT NULL PRIMARY KEY) ENGINE=InnoDB`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_session_schema`,
	setVersion:   `INSERT INTO sallyport_session_schema (version) VALUES (?)`,
	steps: []string{
		`CREATE TABLE IF NOT EXISTS sallyport_session (
			hash BINARY(32) NOT NULL PRIMARY KEY,
			id VARBINARY(22) NOT NULL UNIQUE,
			subject VARBINARY(255) NOT NULL,
			client VARBINARY(255) NOT NULL,
			scopes VARBINARY(4096) NOT NULL,
			roles VARBINARY(4096) NOT NULL,
			acr VARBINARY(255) NOT NULL,
			amr VARBINARY(4096) NOT NULL,
			auth_time BIGINT NOT NULL,
			user_agent VARBINARY(200) NOT NULL,
			created BIGINT NOT NULL,
			seen BIGINT NOT NULL,
			until_time BIGINT NOT NULL,
			expiry BIGINT NOT NULL,
			INDEX sallyport_session_subject (subject, until_time),
			INDEX sallyport_session_until (until_time)
		) ENGINE=InnoDB`,
	},
	forget: sqlite.forget,
	count:  sqlite.count,
	create: sqlite.create,
	lookup: sqlite.lookup,
	touch:  sqlite.touch,
	end:    sqlite.end, endID: sqlite.endID, endOwn: sqlite.endOwn, endSubject: sqlite.endSubject,
	list:  sqlite.list,
	sweep: `DELETE FROM sallyport_session WHERE until_time <= ? LIMIT 1000`,
}
