package validate

import "encoding/json"

// Optional is a value that tells absent, null and zero apart, as a partial change needs it: absent leaves alone, null removes.
//
//	type PatchNote struct {
//		Title validate.Optional[string] `json:"title,omitzero" validate:"min=1,max=200"`
//		Due   validate.Optional[time.Time] `json:"due,omitzero"`
//	}
//
// The zero Optional is absent. Rules apply to the value only if there is one, and they refuse null, unless the first of them is
// omitnil; without rules null is accepted.
type Optional[T any] struct {
	value T
	state optionalState
}

type optionalState uint8

const (
	absent optionalState = iota
	null
	present
)

// Some returns an Optional that holds v.
func Some[T any](v T) Optional[T] { return Optional[T]{value: v, state: present} }

// Null returns an Optional that is an explicit null.
func Null[T any]() Optional[T] { return Optional[T]{state: null} }

// Get returns the value, and false if it is absent or null.
func (o Optional[T]) Get() (T, bool) { return o.value, o.state == present }

// IsNull says that null was given.
func (o Optional[T]) IsNull() bool { return o.state == null }

// IsZero says that nothing was given. It is what the json option omitzero asks.
func (o Optional[T]) IsZero() bool { return o.state == absent }

// MarshalJSON writes the value, or null if there is none.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if o.state != present {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON is for encoding/json; this package does not call it.
func (o *Optional[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*o = Null[T]()
		return nil
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*o = Some(v)
	return nil
}

// optional is how the plan reaches into an Optional of any type.
type optional interface {
	open() any
	null()
	peek() (value any, state optionalState)
}

func (o *Optional[T]) open() any {
	o.state = present
	return &o.value
}

func (o *Optional[T]) null() { *o = Null[T]() }

func (o *Optional[T]) peek() (any, optionalState) { return &o.value, o.state }
