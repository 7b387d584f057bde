package sqlstore

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
	steps: [][]string{
		{`CREATE TABLE sallyport_refresh (
			family TEXT COLLATE "C" NOT NULL PRIMARY KEY,
			hash BYTEA NOT NULL,
			subject TEXT COLLATE "C" NOT NULL,
			client TEXT COLLATE "C" NOT NULL,
			scopes TEXT COLLATE "C" NOT NULL,
			amr TEXT COLLATE "C" NOT NULL,
			auth_time BIGINT NOT NULL,
			until_time BIGINT NOT NULL,
			expiry BIGINT NOT NULL
		)`},
		{`CREATE INDEX sallyport_refresh_subject ON sallyport_refresh (subject)`},
		{`CREATE INDEX sallyport_refresh_expiry ON sallyport_refresh (expiry)`},
		{`ALTER TABLE sallyport_refresh ADD COLUMN previous BYTEA, ADD COLUMN sealed BYTEA, ADD COLUMN grace_time BIGINT`},
		{`CREATE INDEX sallyport_refresh_grace ON sallyport_refresh (grace_time) WHERE grace_time IS NOT NULL`},
		{`CREATE TABLE sallyport_denied (
			id BYTEA NOT NULL PRIMARY KEY,
			before_time BIGINT NOT NULL,
			until_time BIGINT NOT NULL
		)`},
		{`CREATE INDEX sallyport_denied_until ON sallyport_denied (until_time)`},
		{`CREATE TABLE sallyport_count (
			id BYTEA NOT NULL PRIMARY KEY,
			heat_time BIGINT NOT NULL,
			wait_time BIGINT NOT NULL,
			over_time BIGINT NOT NULL
		)`},
		{`CREATE INDEX sallyport_count_over ON sallyport_count (over_time)`},
		{`CREATE TABLE sallyport_familiar (
			account BYTEA NOT NULL,
			network BYTEA NOT NULL,
			until_time BIGINT NOT NULL,
			PRIMARY KEY (account, network)
		)`},
		{`CREATE INDEX sallyport_familiar_until ON sallyport_familiar (until_time)`},
		{`CREATE TABLE sallyport_stripe (n INTEGER NOT NULL PRIMARY KEY)`},
		{`INSERT INTO sallyport_stripe (n) SELECT generate_series(0, 255)`},
	},
	create: `INSERT INTO sallyport_refresh (family, hash, subject, client, scopes, amr, auth_time, until_time, expiry)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
	lookup: `SELECT hash, subject, client, scopes, amr, auth_time, until_time, expiry, previous, sealed, grace_time
		FROM sallyport_refresh WHERE family = $1`,
	rotate: `UPDATE sallyport_refresh SET hash = $1, until_time = $2, previous = $3, sealed = $4, grace_time = $5
		WHERE family = $6 AND hash = $7 AND until_time > $8 AND expiry > $9`,
	revokeReused:  `DELETE FROM sallyport_refresh WHERE family = $1 AND hash <> $2`,
	revokeFamily:  `DELETE FROM sallyport_refresh WHERE family = $1`,
	revokeSubject: `DELETE FROM sallyport_refresh WHERE subject = $1`,
	wipe: `UPDATE sallyport_refresh SET previous = NULL, sealed = NULL, grace_time = NULL WHERE family IN
		(SELECT family FROM sallyport_refresh WHERE grace_time <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
	deny: `INSERT INTO sallyport_denied AS d (id, before_time, until_time) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE
		SET before_time = GREATEST(d.before_time, excluded.before_time), until_time = GREATEST(d.until_time, excluded.until_time)`,
	denied: `SELECT COUNT(*) FROM sallyport_denied WHERE id IN ($1, $2, $3) AND before_time >= $4 AND until_time > $5`,
	// The locks are taken in the order of the rows, and what is read after them was committed before.
	readCommitted: true,
	lockStripes:   `SELECT n FROM sallyport_stripe WHERE n IN ($1, $2, $3, $4, $5) ORDER BY n FOR UPDATE`,
	counts:        `SELECT id, heat_time, wait_time FROM sallyport_count WHERE id IN ($1, $2, $3, $4, $5)`,
	putCounts: [maxKeys]string{
		postgresqlPut + `($1, $2, $3, $4)` + postgresqlOver,
		postgresqlPut + `($1, $2, $3, $4), ($5, $6, $7, $8)` + postgresqlOver,
		postgresqlPut + `($1, $2, $3, $4), ($5, $6, $7, $8), ($9, $10, $11, $12)` + postgresqlOver,
		postgresqlPut + `($1, $2, $3, $4), ($5, $6, $7, $8), ($9, $10, $11, $12), ($13, $14, $15, $16)` + postgresqlOver,
		postgresqlPut + `($1, $2, $3, $4), ($5, $6, $7, $8), ($9, $10, $11, $12), ($13, $14, $15, $16), ($17, $18, $19, $20)` + postgresqlOver,
	},
	familiar: `SELECT COUNT(*) FROM sallyport_familiar WHERE account = $1 AND network = $2 AND until_time > $3`,
	remember: `INSERT INTO sallyport_familiar (account, network, until_time) VALUES ($1, $2, $3)
		ON CONFLICT (account, network) DO UPDATE SET until_time = excluded.until_time`,
	displace: `DELETE FROM sallyport_familiar WHERE account = $1 AND network <> $2 AND network NOT IN
		(SELECT network FROM sallyport_familiar WHERE account = $3 ORDER BY until_time DESC LIMIT 32)`,
	sweeps: []string{
		`DELETE FROM sallyport_refresh WHERE family IN
			(SELECT family FROM sallyport_refresh WHERE expiry <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
		`DELETE FROM sallyport_denied WHERE id IN
			(SELECT id FROM sallyport_denied WHERE until_time <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
		`DELETE FROM sallyport_count WHERE id IN
			(SELECT id FROM sallyport_count WHERE over_time <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
		`DELETE FROM sallyport_familiar WHERE (account, network) IN
			(SELECT account, network FROM sallyport_familiar WHERE until_time <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
	},
}

const (
	postgresqlPut  = `INSERT INTO sallyport_count (id, heat_time, wait_time, over_time) VALUES `
	postgresqlOver = ` ON CONFLICT (id) DO UPDATE SET heat_time = excluded.heat_time, wait_time = excluded.wait_time, over_time = excluded.over_time`
)
