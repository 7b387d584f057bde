// Package dbtest tests what runs on a database against real ones: SQLite, PostgreSQL and MariaDB. It is a module of its
// own, so that no driver enters the root module.
package dbtest
