package sqlstore

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
	steps: [][]string{
		{`CREATE TABLE IF NOT EXISTS sallyport_refresh (
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
		) ENGINE=InnoDB`},
		{ // MySQL has no ADD COLUMN IF NOT EXISTS
			`SET @sallyport = IF(EXISTS (SELECT 1 FROM information_schema.columns
				WHERE table_schema = DATABASE() AND table_name = 'sallyport_refresh' AND column_name = 'grace_time'), 'DO 0',
				'ALTER TABLE sallyport_refresh ADD COLUMN previous BINARY(32), ADD COLUMN sealed VARBINARY(1024),
				ADD COLUMN grace_time BIGINT, ADD INDEX sallyport_refresh_grace (grace_time)')`,
			`PREPARE sallyport FROM @sallyport`,
			`EXECUTE sallyport`,
			`DEALLOCATE PREPARE sallyport`,
		},
		{`CREATE TABLE IF NOT EXISTS sallyport_denied (
			id BINARY(32) NOT NULL PRIMARY KEY,
			before_time BIGINT NOT NULL,
			until_time BIGINT NOT NULL,
			INDEX sallyport_denied_until (until_time)
		) ENGINE=InnoDB`},
		{`CREATE TABLE IF NOT EXISTS sallyport_count (
			id BINARY(32) NOT NULL PRIMARY KEY,
			heat_time BIGINT NOT NULL,
			wait_time BIGINT NOT NULL,
			over_time BIGINT NOT NULL,
			INDEX sallyport_count_over (over_time)
		) ENGINE=InnoDB`},
		{`CREATE TABLE IF NOT EXISTS sallyport_familiar (
			account BINARY(32) NOT NULL,
			network BINARY(32) NOT NULL,
			until_time BIGINT NOT NULL,
			PRIMARY KEY (account, network),
			INDEX sallyport_familiar_until (until_time)
		) ENGINE=InnoDB`},
		{`CREATE TABLE IF NOT EXISTS sallyport_stripe (n INTEGER NOT NULL PRIMARY KEY) ENGINE=InnoDB`},
		{`INSERT IGNORE INTO sallyport_stripe (n)
			WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < 255) SELECT n FROM s`},
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
	wipe:          `UPDATE sallyport_refresh SET previous = NULL, sealed = NULL, grace_time = NULL WHERE grace_time <= ? LIMIT 1000`,
	deny: `INSERT INTO sallyport_denied (id, before_time, until_time) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE
		before_time = GREATEST(before_time, VALUES(before_time)), until_time = GREATEST(until_time, VALUES(until_time))`,
	denied: `SELECT COUNT(*) FROM sallyport_denied WHERE id IN (?, ?, ?) AND before_time >= ? AND until_time > ?`,
	// The first statement that reads without a lock fixes what a transaction sees, and that is after this one.
	lockStripes: `SELECT n FROM sallyport_stripe WHERE n IN (?, ?, ?, ?, ?) ORDER BY n FOR UPDATE`,
	counts:      `SELECT id, heat_time, wait_time FROM sallyport_count WHERE id IN (?, ?, ?, ?, ?)`,
	putCounts: [maxKeys]string{
		mysqlPut + mysqlRow + mysqlOver,
		mysqlPut + mysqlRow + "," + mysqlRow + mysqlOver,
		mysqlPut + mysqlRow + "," + mysqlRow + "," + mysqlRow + mysqlOver,
		mysqlPut + mysqlRow + "," + mysqlRow + "," + mysqlRow + "," + mysqlRow + mysqlOver,
		mysqlPut + mysqlRow + "," + mysqlRow + "," + mysqlRow + "," + mysqlRow + "," + mysqlRow + mysqlOver,
	},
	familiar: `SELECT COUNT(*) FROM sallyport_familiar WHERE account = ? AND network = ? AND until_time > ?`,
	remember: `INSERT INTO sallyport_familiar (account, network, until_time) VALUES (?, ?, ?)
		ON DUPLICATE KEY UPDATE until_time = VALUES(until_time)`,
	displace: `DELETE FROM sallyport_familiar WHERE account = ? AND network <> ? AND network NOT IN (SELECT network FROM
		(SELECT network FROM sallyport_familiar WHERE account = ? ORDER BY until_time DESC LIMIT 32) AS last)`,
	sweeps: []string{
		`DELETE FROM sallyport_refresh WHERE expiry <= ? LIMIT 1000`,
		`DELETE FROM sallyport_denied WHERE until_time <= ? LIMIT 1000`,
		`DELETE FROM sallyport_count WHERE over_time <= ? LIMIT 1000`,
		`DELETE FROM sallyport_familiar WHERE until_time <= ? LIMIT 1000`,
	},
}

const (
	mysqlPut  = `INSERT INTO sallyport_count (id, heat_time, wait_time, over_time) VALUES `
	mysqlRow  = `(?, ?, ?, ?)`
	mysqlOver = ` ON DUPLICATE KEY UPDATE heat_time = VALUES(heat_time), wait_time = VALUES(wait_time), over_time = VALUES(over_time)`
)
