package sqlstore

var sqlite = dialect{
	probe:        `SELECT sqlite_version()`,
	lock:         []string{`BEGIN IMMEDIATE`},
	held:         `SELECT 1`,
	unlock:       `COMMIT`,
	abort:        `ROLLBACK`,
	versionTable: `CREATE TABLE IF NOT EXISTS sallyport_schema (version INTEGER NOT NULL PRIMARY KEY)`,
	version:      `SELECT COALESCE(MAX(version), 0) FROM sallyport_schema`,
	setVersion:   `INSERT INTO sallyport_schema (version) VALUES (?)`,
	steps: [][]string{
		{`CREATE TABLE sallyport_refresh (
			family TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
			hash BLOB NOT NULL,
			subject TEXT NOT NULL COLLATE BINARY,
			client TEXT NOT NULL,
			scopes TEXT NOT NULL,
			amr TEXT NOT NULL,
			auth_time INTEGER NOT NULL,
			until_time INTEGER NOT NULL,
			expiry INTEGER NOT NULL
		) WITHOUT ROWID`},
		{`CREATE INDEX sallyport_refresh_subject ON sallyport_refresh (subject)`},
		{`CREATE INDEX sallyport_refresh_expiry ON sallyport_refresh (expiry)`},
		{`ALTER TABLE sallyport_refresh ADD COLUMN previous BLOB`},
		{`ALTER TABLE sallyport_refresh ADD COLUMN sealed BLOB`},
		{`ALTER TABLE sallyport_refresh ADD COLUMN grace_time INTEGER`},
		{`CREATE INDEX sallyport_refresh_grace ON sallyport_refresh (grace_time) WHERE grace_time IS NOT NULL`},
		{`CREATE TABLE sallyport_denied (
			id BLOB NOT NULL PRIMARY KEY,
			before_time INTEGER NOT NULL,
			until_time INTEGER NOT NULL
		) WITHOUT ROWID`},
		{`CREATE INDEX sallyport_denied_until ON sallyport_denied (until_time)`},
		{`CREATE TABLE sallyport_count (
			id BLOB NOT NULL PRIMARY KEY,
			heat_time INTEGER NOT NULL,
			wait_time INTEGER NOT NULL,
			over_time INTEGER NOT NULL
		) WITHOUT ROWID`},
		{`CREATE INDEX sallyport_count_over ON sallyport_count (over_time)`},
		{`CREATE TABLE sallyport_familiar (
			account BLOB NOT NULL,
			network BLOB NOT NULL,
			until_time INTEGER NOT NULL,
			PRIMARY KEY (account, network)
		) WITHOUT ROWID`},
		{`CREATE INDEX sallyport_familiar_until ON sallyport_familiar (until_time)`},
		{`CREATE TABLE sallyport_stripe (n INTEGER NOT NULL PRIMARY KEY)`},
	},
	create: `INSERT INTO sallyport_refresh (family, hash, subject, client, scopes, amr, auth_time, until_time, expiry)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	lookup: `SELECT hash, subject, client, scopes, amr, auth_time, until_time, expiry, previous, sealed, grace_time
		FROM sallyport_refresh WHERE family = ?`,
	rotate: `UPDATE sallyport_refresh SET hash = ?, until_time = ?, previous = ?, sealed = ?, grace_time = ?
		WHERE family = ? AND hash = ? AND until_time > ? AND expiry > ?`,
	revokeReused:  `DELETE FROM sallyport_refresh WHERE family = ? AND hash <> ?`,
	revokeFamily:  `DELETE FROM sallyport_refresh WHERE family = ?`,
	revokeSubject: `DELETE FROM sallyport_refresh WHERE subject = ?`,
	wipe: `UPDATE sallyport_refresh SET previous = NULL, sealed = NULL, grace_time = NULL WHERE family IN
		(SELECT family FROM sallyport_refresh WHERE grace_time <= ? LIMIT 1000)`,
	deny: `INSERT INTO sallyport_denied (id, before_time, until_time) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE
		SET before_time = MAX(before_time, excluded.before_time), until_time = MAX(until_time, excluded.until_time)`,
	denied: `SELECT COUNT(*) FROM sallyport_denied WHERE id IN (?, ?, ?) AND before_time >= ? AND until_time > ?`,
	// Any statement that may write takes the one lock there is, even if it changes no row.
	lockStripes: `UPDATE sallyport_stripe SET n = n WHERE n IN (?, ?, ?, ?, ?) AND n < 0`,
	counts:      `SELECT id, heat_time, wait_time FROM sallyport_count WHERE id IN (?, ?, ?, ?, ?)`,
	putCounts: [maxKeys]string{
		sqlitePut + sqliteRow + sqliteOver,
		sqlitePut + sqliteRow + "," + sqliteRow + sqliteOver,
		sqlitePut + sqliteRow + "," + sqliteRow + "," + sqliteRow + sqliteOver,
		sqlitePut + sqliteRow + "," + sqliteRow + "," + sqliteRow + "," + sqliteRow + sqliteOver,
		sqlitePut + sqliteRow + "," + sqliteRow + "," + sqliteRow + "," + sqliteRow + "," + sqliteRow + sqliteOver,
	},
	familiar: `SELECT COUNT(*) FROM sallyport_familiar WHERE account = ? AND network = ? AND until_time > ?`,
	remember: `INSERT INTO sallyport_familiar (account, network, until_time) VALUES (?, ?, ?)
		ON CONFLICT (account, network) DO UPDATE SET until_time = excluded.until_time`,
	displace: `DELETE FROM sallyport_familiar WHERE account = ? AND network <> ? AND network NOT IN
		(SELECT network FROM sallyport_familiar WHERE account = ? ORDER BY until_time DESC LIMIT 32)`,
	sweeps: []string{
		`DELETE FROM sallyport_refresh WHERE family IN (SELECT family FROM sallyport_refresh WHERE expiry <= ? LIMIT 1000)`,
		`DELETE FROM sallyport_denied WHERE id IN (SELECT id FROM sallyport_denied WHERE until_time <= ? LIMIT 1000)`,
		`DELETE FROM sallyport_count WHERE id IN (SELECT id FROM sallyport_count WHERE over_time <= ? LIMIT 1000)`,
		`DELETE FROM sallyport_familiar WHERE (account, network) IN
			(SELECT account, network FROM sallyport_familiar WHERE until_time <= ? LIMIT 1000)`,
	},
}

const (
	sqlitePut  = `INSERT INTO sallyport_count (id, heat_time, wait_time, over_time) VALUES `
	sqliteRow  = `(?, ?, ?, ?)`
	sqliteOver = ` ON CONFLICT (id) DO UPDATE SET heat_time = excluded.heat_time, wait_time = excluded.wait_time, over_time = excluded.over_time`
)
