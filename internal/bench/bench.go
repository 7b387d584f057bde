// Package bench sets Sallyport beside what one would use instead: the same work, in one process, turn by turn.
//
//	go run ./cmd/ratios           # every race, as ratios and beside their targets
//	go run ./cmd/ratios -house auth
//	go test -bench . -benchmem    # the same tasks as benchmarks
//
// A time tells more about a machine than about a library, so that only ratios within one run are worth writing down. In a [Race]
// each round lets every task work for the same short while, in an order that changes; a ratio is the median of those of the rounds.
//
// There is one file a peer, and nothing is compared that does not do the same: each peer is set up to check what ours checks, as
// far as it can. TestTasksAgree holds their answers against each other, and the interop tests have the peers' tokens and
// key sets understood, and their attacks refused.
//
// It is a module of its own, so that no peer enters the root module.
package bench

// Task is one piece of work as somebody does it.
type Task struct {
	// Name is who does it.
	Name string
	// Do does it n times, one after the other.
	Do func(n int) error
	// Target is what the ratio to our task must come to, if anything.
	Target Target
}

// Race is the same work as several do it.
type Race struct {
	// Name is "house: what is done".
	Name string
	// Ours is our way, Others are those of the peers.
	Ours   Task
	Others []Task
	// MaxAllocs is how many allocations ours may make each time. Negative means that nobody has set a number.
	MaxAllocs int
	// Parallel says that the tasks use all cores.
	Parallel bool
}

// House is one package of the root module with its races.
type House struct {
	Name string
	// Build makes everything that the races need before they start. The function that it returns lets go of it.
	Build func(Size) ([]Race, func(), error)
}

// Size is how much there is to work on.
type Size struct {
	Tokens int   // that are in use at once
	Rules  []int // of the policies; each has ten times as many users
	Rows   int   // of the table
}

// Full is the size for which there are targets.
func Full() Size { return Size{Tokens: 10_000, Rules: []int{1_000, 10_000}, Rows: 10_000} }

// Houses returns all of them.
func Houses() []House {
	return []House{{"auth", Auth}, {"rbac", RBAC}, {"validate", Validate}, {"sqlguard", SQL}}
}

// each makes a Task's Do of what does the work once.
func each(once func() error) func(int) error {
	return func(n int) error {
		for range n {
			if err := once(); err != nil {
				return err
			}
		}
		return nil
	}
}
