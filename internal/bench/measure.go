package bench

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// Effort is how much is spent on a race.
type Effort struct {
	Rounds int           // in which every task has one turn
	Turn   time.Duration // how long one is
}

// Time is what a task took.
type Time struct {
	Task   Task
	Each   time.Duration // the median of the rounds
	Ratio  float64       // our time to this one's: the median of the rounds' ratios
	Spread [2]float64    // the quartiles of the ratios
	Allocs int
}

// Result is how a race went.
type Result struct {
	Race   Race
	Ours   Time
	Others []Time
}

// Missed says whether a target was missed.
func (r Result) Missed() bool {
	if r.Race.MaxAllocs >= 0 && r.Ours.Allocs > r.Race.MaxAllocs {
		return true
	}
	return slices.ContainsFunc(r.Others, func(t Time) bool { return !t.Task.Target.Met(t.Ratio) })
}

// Run lets the tasks take turns.
func (r Race) Run(e Effort) (Result, error) {
	tasks := append([]Task{r.Ours}, r.Others...)
	turns := make([]int, len(tasks)) // how often a task works in one turn
	for i, t := range tasks {
		n, err := r.calibrate(t, e.Turn)
		if err != nil {
			return Result{}, fmt.Errorf("%s: %s: %w", r.Name, t.Name, err)
		}
		turns[i] = n
	}
	rounds := make([][]float64, len(tasks)) // nanoseconds each, by task and round
	for round := range e.Rounds {
		for i := range tasks {
			if round%2 == 1 { // whoever came first comes last
				i = len(tasks) - 1 - i
			}
			took, err := r.turn(tasks[i], turns[i])
			if err != nil {
				return Result{}, fmt.Errorf("%s: %s: %w", r.Name, tasks[i].Name, err)
			}
			rounds[i] = append(rounds[i], float64(took)/float64(turns[i]))
		}
	}
	return r.result(tasks, rounds)
}

func (r Race) result(tasks []Task, rounds [][]float64) (Result, error) {
	times := make([]Time, len(tasks))
	for i, t := range tasks {
		allocs, err := allocations(t)
		if err != nil {
			return Result{}, fmt.Errorf("%s: %s: %w", r.Name, t.Name, err)
		}
		ratios := make([]float64, len(rounds[i]))
		for k := range ratios {
			ratios[k] = rounds[0][k] / rounds[i][k]
		}
		times[i] = Time{
			Task: t, Each: time.Duration(quantile(rounds[i], 0.5)), Allocs: allocs,
			Ratio: quantile(ratios, 0.5), Spread: [2]float64{quantile(ratios, 0.25), quantile(ratios, 0.75)},
		}
	}
	return Result{Race: r, Ours: times[0], Others: times[1:]}, nil
}

// turn measures n times the work. What others left behind is collected first, so that nobody pays for it.
//
// It measures the time that this process worked, its garbage collector included, because other processes then do not count. The
// tasks on all cores need the time on the wall.
func (r Race) turn(t Task, n int) (time.Duration, error) {
	runtime.GC()
	clock := processTime
	if r.Parallel {
		began := time.Now()
		clock = func() time.Duration { return time.Since(began) }
	}
	start := clock()
	err := t.Do(n)
	return max(clock()-start, 1), err
}

// calibrate finds out how often a task does its work in the given time.
func (r Race) calibrate(t Task, want time.Duration) (int, error) {
	for n := 1; ; n *= 2 {
		took, err := r.turn(t, n)
		if err != nil {
			return 0, err
		}
		if took >= want/2 {
			return max(1, int(float64(n)*float64(want)/float64(took))), nil
		}
	}
}

// allocations counts those of the work done once, a fraction left out: it comes from what is pooled or grows.
func allocations(t Task) (int, error) {
	const n = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := t.Do(n)
	runtime.ReadMemStats(&after)
	return int(after.Mallocs-before.Mallocs) / n, err
}

// quantile interpolates between the two nearest values.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
