package sqlguard_test

import (
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/sqlguard"
)

func show(q sqlguard.SQL) {
	text, args, err := q.Text(sqlguard.PostgreSQL)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text, args)
}

func ExampleQ() {
	title := "'; DROP TABLE notes --"
	show(sqlguard.Q("SELECT id FROM notes WHERE owner = ? AND title = ?", "alice", title))
	show(sqlguard.Q("SELECT id FROM notes WHERE id IN (?)", []int{1, 2, 3}))
	// Output:
	// SELECT id FROM notes WHERE owner = $1 AND title = $2 [alice '; DROP TABLE notes --]
	// SELECT id FROM notes WHERE id IN ($1, $2, $3) [1 2 3]
}

// A text that was put together at run time does not compile; what compiles but is not whole does not run.
func ExampleQ_mistakes() {
	// sqlguard.Q("SELECT id FROM notes WHERE owner = '" + owner + "'") // cannot use … as text value
	show(sqlguard.Q("SELECT id FROM notes WHERE owner = '?'", "alice"))
	show(sqlguard.Q("DELETE FROM notes; DELETE FROM users"))
	// Output:
	// sqlguard: the SQL is faulty: the text has 0 placeholders and 1 arguments [statement 040db1da33534e1c69b7636f577c20ec: SELECT id FROM notes WHERE owner = ?]
	// sqlguard: the SQL is faulty: the text has a semicolon: leave it out, and run one statement at a time (byte 17) [statement 917eda1b4e9a19bfcd340266cc5ea7a5: DELETE FROM notes; DELETE FROM users]
}

func ExampleWhere() {
	search := func(text string, states []string) sqlguard.SQL {
		return sqlguard.Q("SELECT id FROM notes ? LIMIT 50", sqlguard.Where(
			sqlguard.Q("owner = ?", "alice"),
			sqlguard.If(text != "", sqlguard.Or(sqlguard.Contains("title", text), sqlguard.Contains("body", text))),
			sqlguard.If(states != nil, sqlguard.In("state", states)),
		))
	}
	show(search("", nil))
	show(search("50%", []string{"open", "done"}))
	// Output:
	// SELECT id FROM notes WHERE owner = $1 LIMIT 50 [alice]
	// SELECT id FROM notes WHERE (owner = $1) AND ((title LIKE $2 ESCAPE '!') OR (body LIKE $3 ESCAPE '!')) AND (state IN ($4, $5)) LIMIT 50 [alice %50!%% %50!%% open done]
}

func ExampleIn() {
	show(sqlguard.In("id", []int{1, 2}))
	show(sqlguard.In("id", []int{}))
	show(sqlguard.NotIn("id", []int{}))
	// Output:
	// id IN ($1, $2) [1 2]
	// 1 = 0 []
	// 1 = 1 []
}

func ExampleJoin() {
	sets := []sqlguard.SQL{sqlguard.Q("title = ?", "x"), sqlguard.If(false, sqlguard.Q("body = ?", "y")), sqlguard.Q("seen = now()")}
	show(sqlguard.Q("UPDATE notes SET ? WHERE id = ?", sqlguard.Join(sqlguard.Comma, sets...), 7))
	// Output: UPDATE notes SET title = $1, seen = now() WHERE id = $2 [x 7]
}

func ExampleChoices_Sort() {
	sortable := sqlguard.Choices{"created": "n.created_at", "title": "n.title"}
	for _, spec := range []string{"-created,title", "", "password"} {
		order, err := sortable.Sort(spec, "n.id")
		if errors.Is(err, sqlguard.ErrChoice) {
			fmt.Println(err)
			continue
		}
		show(order)
	}
	// Output:
	// ORDER BY n.created_at DESC, n.title, n.id []
	// ORDER BY n.id []
	// sqlguard: the choice is not on offer: a name is not among the choices
}

func ExampleChoices_Pick() {
	exportable := sqlguard.Choices{"title": "n.title", "day": "date(n.created_at)"}
	column, err := exportable.Pick("day")
	if err != nil {
		fmt.Println(err)
		return
	}
	show(sqlguard.Q("SELECT ?, count(*) FROM notes n GROUP BY 1", column))
	// Output: SELECT date(n.created_at), count(*) FROM notes n GROUP BY 1 []
}

// For an executor other than DB, such as a pool of pgx.
func ExampleSQL_Text() {
	text, args, err := sqlguard.Q("SELECT id FROM notes WHERE owner = ?", "alice").Text(sqlguard.MySQL)
	fmt.Println(text, args, err)
	// Output: SELECT id FROM notes WHERE owner = ? [alice] <nil>
}
