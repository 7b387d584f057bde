package bench_test

import (
	"testing"

	"github.com/sallyport-go/sallyport/internal/bench"
)

func BenchmarkAuth(b *testing.B)     { benchmark(b, bench.Auth) }
func BenchmarkRBAC(b *testing.B)     { benchmark(b, bench.RBAC) }
func BenchmarkValidate(b *testing.B) { benchmark(b, bench.Validate) }
func BenchmarkSQL(b *testing.B)      { benchmark(b, bench.SQL) }

// benchmark uses b.N rather than b.Loop, because a task's own loop costs less than a call each time would.
func benchmark(b *testing.B, build func(bench.Size) ([]bench.Race, func(), error)) {
	races, done, err := build(bench.Full())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(done)
	for _, r := range races {
		for _, task := range append([]bench.Task{r.Ours}, r.Others...) {
			b.Run(r.Name+"/"+task.Name, func(b *testing.B) {
				b.ReportAllocs()
				if err := task.Do(b.N); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
