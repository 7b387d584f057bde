// Command ratios runs the races of package bench and prints what ours costs beside each peer, with the target where there is one:
//
//	go run ./cmd/ratios                  # all of them, about two minutes
//	go run ./cmd/ratios -house auth      # those of one package
//	go run ./cmd/ratios -race cached     # those whose name has the word
//	go run ./cmd/ratios -check           # status 1 if a target was missed
//
// A ratio is the median of the rounds, and the quartiles stand beside it: where they are far apart, the machine was busy, and
// more -rounds on a quieter one say more.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/bench"
)

func main() {
	house := flag.String("house", "", "run the races of this package alone: auth, rbac, validate or sqlguard")
	race := flag.String("race", "", "run the races with this in their name alone")
	rounds := flag.Int("rounds", 25, "in how many rounds every task has its turn")
	turn := flag.Duration("turn", 10*time.Millisecond, "how long one turn is")
	check := flag.Bool("check", false, "end with status 1 if a target was missed")
	flag.Parse()
	missed, err := run(*house, *race, bench.Effort{Rounds: *rounds, Turn: *turn})
	if err == nil && *check && missed > 0 {
		err = fmt.Errorf("%d races missed a target", missed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ratios:", err)
		os.Exit(1)
	}
}

func run(house, race string, e bench.Effort) (missed int, err error) {
	if e.Rounds < 1 || e.Turn <= 0 {
		return 0, errors.New("-rounds and -turn must be positive")
	}
	ran := 0
	for _, h := range bench.Houses() {
		if house != "" && house != h.Name {
			continue
		}
		m, n, err := runHouse(h, race, e)
		if err != nil {
			return 0, err
		}
		missed, ran = missed+m, ran+n
	}
	if ran == 0 {
		return 0, errors.New("there is no such race: see -help")
	}
	return missed, nil
}

func runHouse(h bench.House, race string, e bench.Effort) (missed, ran int, err error) {
	races, done, err := h.Build(bench.Full())
	if err != nil {
		return 0, 0, err
	}
	defer done()
	for _, r := range races {
		if !strings.Contains(r.Name, race) {
			continue
		}
		result, err := r.Run(e)
		if err != nil {
			return 0, 0, err
		}
		if ran++; result.Missed() {
			missed++
		}
		if err := result.Write(os.Stdout); err != nil {
			return 0, 0, err
		}
	}
	return missed, ran, nil
}
