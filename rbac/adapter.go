package rbac

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
)

// Adapter reads a policy through any Casbin adapter, for the built-in model. Each row is checked as a line of a file is. An adapter
// that panics, fails or writes rows of another kind is a fault. If it has LoadPolicyCtx, the context of [Engine.Reload] reaches it.
//
// Some adapters drop lines that they cannot read, Casbin's string adapter among them; what never arrives cannot be checked.
func Adapter(adapter persist.Adapter) Source { return adapted{adapter} }

type adapted struct{ adapter persist.Adapter }

func (a adapted) load(ctx context.Context, d *draft) {
	if a.adapter == nil {
		d.fault(errors.New("rbac: Adapter has no adapter"))
		return
	}
	rows, err := a.read(ctx)
	if err != nil {
		d.fault(fmt.Errorf("rbac: adapter: %w", err))
		return
	}
	for i, row := range rows {
		at := position{"adapter", i + 1}
		if d.full(at) {
			return
		}
		d.add(at, row)
	}
}

// read returns the rows with their kind before them: the p rows in their order, then the g rows.
func (a adapted) read(ctx context.Context) (rows [][]string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, err
	}
	if withContext, ok := a.adapter.(persist.ContextAdapter); ok {
		err = withContext.LoadPolicyCtx(ctx, m)
	} else {
		err = a.adapter.LoadPolicy(m)
	}
	if err != nil {
		return nil, err
	}
	for _, section := range []string{"p", "g"} {
		for _, kind := range slices.Sorted(maps.Keys(m[section])) {
			for _, values := range m[section][kind].Policy {
				rows = append(rows, append([]string{kind}, values...))
			}
		}
	}
	return rows, nil
}
