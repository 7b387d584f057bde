package rbac_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"github.com/sallyport-go/sallyport/rbac"
)

// header stands in for a login: auth.Subject in a program.
func header(r *http.Request) (string, bool) {
	name := r.Header.Get("X-Example-User")
	return name, name != ""
}

var notes = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Pattern) })

const notesPolicy = `# who,        tenant, object, action, effect
p, role:viewer, *,     notes,  read,   allow
p, role:editor, *,     notes,  write,  allow
# member,      role,        tenant
g, role:editor, role:viewer, *
g, alice,       role:editor, *
g, bob,         role:viewer, *
`

func Example() {
	policy := fstest.MapFS{"policy.csv": {Data: []byte(notesPolicy)}} // an embed.FS in a program
	engine, err := rbac.New(rbac.Config{Source: rbac.Files(policy, "policy.csv"), Subject: header})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := engine.Mux()
	mux.Handle("GET /notes", "notes:read", notes)
	mux.Handle("POST /notes", "notes:write", notes)
	mux.Public("GET /healthz", notes)
	handler, err := mux.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, try := range []struct{ user, method, path string }{
		{"alice", "POST", "/notes"}, {"bob", "GET", "/notes"}, {"bob", "POST", "/notes"},
		{"", "GET", "/notes"}, {"", "GET", "/healthz"}, {"alice", "DELETE", "/notes"}, {"alice", "GET", "/other"},
	} {
		r := httptest.NewRequest(try.method, try.path, nil)
		r.Header.Set("X-Example-User", try.user)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%-6s %-6s %-8s %d\n", try.user, try.method, try.path, w.Code)
	}
	// Output:
	// alice  POST   /notes   200
	// bob    GET    /notes   200
	// bob    POST   /notes   403
	//        GET    /notes   401
	//        GET    /healthz 200
	// alice  DELETE /notes   405
	// alice  GET    /other   404
}

// The usual mistakes: a route that nobody thought about, a permission that is spelled wrongly.
func ExampleMux_Build_forgotten() {
	engine, err := rbac.New(rbac.Config{Source: rbac.Rules("p, alice, *, notes, read, allow"), Subject: header})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := engine.Mux()
	mux.Handle("GET /notes", "notes:raed", notes)
	mux.Handle("GET /admin", "", notes)
	_, err = mux.Build()
	fmt.Println(err)
	// Output:
	// rbac: route "GET /notes": no rule of the policy allows "notes:raed" to anybody: add one, or correct the permission
	// rbac: route "GET /admin": it has no permission: name one as "object:action", or register the route with Public
}

func ExampleEngine_Authorize() {
	engine, err := rbac.New(rbac.Config{
		Source: rbac.Rules(
			"p, role:viewer, *, notes, read, allow",
			"p, role:editor, acme, notes, write, allow",
			"p, role:intern, *, notes, write, deny",
			"g, role:editor, role:viewer, *",
			"g, alice, role:editor, acme",
		),
		Subject: header,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, req := range []rbac.Request{
		{Subject: "alice", Tenant: "acme", Object: "notes", Action: "read"},
		{Subject: "alice", Tenant: "acme", Object: "notes", Action: "write", Roles: []string{"intern"}}, // from the token
		{Subject: "alice", Tenant: "other", Object: "notes", Action: "read"},
	} {
		decision, err := engine.Authorize(context.Background(), req)
		if err != nil {
			fmt.Println(err) // nobody could decide: 503
			return
		}
		fmt.Println(decision.Effect, decision.Roles(), decision.Reason())
	}
	// Output:
	// allow [alice role:editor role:viewer] rules:1 allows it
	// deny [alice role:intern] rules:3 denies it
	// deny [] no rule allows it
}

func ExampleEngine_Require() {
	engine, err := rbac.New(rbac.Config{Source: rbac.Rules("p, alice, *, notes, read, allow"), Subject: header})
	if err != nil {
		fmt.Println(err)
		return
	}
	router := http.NewServeMux() // or any other router
	router.Handle("GET /notes", engine.Require("notes:read")(notes))

	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest("GET", "/notes", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer
}

// A router that is not a Mux starts with a permission that nobody has, unless the engine is asked first.
func ExampleEngine_Err() {
	engine, err := rbac.New(rbac.Config{Source: rbac.Rules("p, alice, *, notes, read, allow"), Subject: header})
	if err != nil {
		fmt.Println(err)
		return
	}
	router := http.NewServeMux() // or any other router
	router.Handle("GET /notes", engine.Require("notes:raed")(notes))

	fmt.Println(engine.Err())
	// Output: rbac: Require("notes:raed"): no rule of the policy allows it to anybody: add one, or correct the permission
}

// A framework with middleware of its own form asks before it goes on.
func ExampleEngine_Check() {
	engine, err := rbac.New(rbac.Config{Source: rbac.Rules("p, alice, *, notes, read, allow"), Subject: header})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, user := range []string{"alice", "mallory", ""} {
		r := httptest.NewRequest("GET", "/notes", nil)
		r.Header.Set("X-Example-User", user)
		w := httptest.NewRecorder()
		if _, err := engine.Check(r, "notes:read"); err != nil {
			engine.Refuse(w, r, err)
			fmt.Println(w.Code, err)
			continue
		}
		fmt.Println("the handler runs")
	}
	// Output:
	// the handler runs
	// 403 rbac: permission denied
	// 401 rbac: nobody is authenticated
}

// All faults of a policy are reported at once, with their places.
func ExampleNew_faults() {
	policy := fstest.MapFS{"policy.csv": {Data: []byte("p, role:viewer, notes, read, allow\np, role:viewer, *, notes, read, alow\ng, alice, role:viewer, *\n")}}
	_, err := rbac.New(rbac.Config{Source: rbac.Files(policy, "policy.csv"), Subject: header})
	fmt.Println(err)
	// Output:
	// rbac: policy.csv:1: a p line has 6 fields and this has 5: p, subject or role, tenant (* for every), object, action, allow or deny
	// rbac: policy.csv:2: the effect is neither allow nor deny
}
