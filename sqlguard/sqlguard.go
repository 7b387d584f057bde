// Package sqlguard runs SQL whose text is program text: what a client sends reaches the database as a value, never as SQL.
//
// Build one [DB] at start-up, over the pool of any driver, and say what clients may sort by:
//
//	db, err := sqlguard.New(sqlguard.Config{DB: pool, Dialect: sqlguard.PostgreSQL})
//	…
//	var sortable = sqlguard.Choices{"title": "title", "created": "created_at"}
//
// A statement is put together from constants. A ? binds a value or takes in another fragment:
//
//	order, err := sortable.Sort(r.FormValue("sort"), "id")
//	…
//	notes, err := sqlguard.All[Note](ctx, db, sqlguard.Q("SELECT id, title FROM notes ? ? LIMIT 50",
//		sqlguard.Where(
//			sqlguard.Q("owner = ?", owner),
//			sqlguard.If(search != "", sqlguard.Contains("title", search)),
//			sqlguard.In("state", states),
//		), order))
//
// [DB] and [Tx] run it. None of their methods takes a string.
//
// # Security model
//
// The type of a text is unexported, so that only constants written in a program fit: a string variable, the result of
// fmt.Sprintf or a concatenation with input does not compile. This is the parameterised query of the OWASP SQL Injection
// Prevention Cheat Sheet with nothing left to forget; names and orders that a client may choose go through [Choices], its
// allow-list. Each fragment must be whole in the dialect that it is rendered for: its literals, comments and brackets close
// where they were opened, and it holds no semicolon. So a fragment cannot change what its neighbours mean, and no
// statement can be stacked on another.
//
// The type keeps honest code honest. A generic function over ~string can be instantiated with the unexported type by
// inference and defeats it; so do unsafe and reflection. That, and [github.com/sallyport-go/sallyport/sqlguard/trusted],
// the one meant way out, are what a review has to look for. What a query selects is the program's affair: sqlguard
// does not know which rows belong to whom, and a fragment that [If] leaves out restricts nothing.
//
// The lexers assume the servers' defaults: standard_conforming_strings on PostgreSQL, a UTF-8 connection on MySQL and
// MariaDB. What would read differently under another sql_mode is refused.
//
// An error's text, which is for the log, and events say which statement failed: its fingerprint and its text, with ? for each literal and
// cut to 256 bytes, the database's code, what the code means, and for rows that do not fit the columns and fields. They hold no bound value, no text
// that came through package trusted, and nothing that a driver wrote but for names that the statement has too: drivers quote values, even
// where they explain a syntax error. The driver's error is there for errors.As, and only [Error.Public] is for clients.
package sqlguard
