package auth

import (
	"errors"
	"net/http"
	"slices"
)

// First returns an Authenticator that asks the given ones in order, at least two. Only [ErrNoCredentials] moves on to the next: wrong
// credentials are refused, whatever else the request carries.
//
// A request that presents credentials to more than one of them is refused with 400 (RFC 6750, section 2), as far as they say by a
// method Presents(*http.Request) bool whether there are any. Those of this package do.
func First(authenticators ...Authenticator) Authenticator {
	return first(slices.Clone(authenticators))
}

type first []Authenticator

func (f first) fault() error {
	var errs []error
	if len(f) < 2 {
		errs = append(errs, errors.New("auth: Config.Authenticator is First of fewer than two: give two, or the only one itself"))
	}
	for _, a := range f {
		if a == nil {
			errs = append(errs, errors.New("auth: Config.Authenticator is First with a nil among its authenticators: leave it out"))
			continue
		}
		if broken, ok := a.(interface{ fault() error }); ok {
			errs = append(errs, broken.fault())
		}
	}
	return errors.Join(errs...)
}

func (f first) Schemes() []string {
	var schemes []string
	for _, a := range f {
		for _, s := range a.Schemes() {
			if !slices.Contains(schemes, s) {
				schemes = append(schemes, s)
			}
		}
	}
	return schemes
}

// Presents says whether one of the authenticators finds credentials.
func (f first) Presents(r *http.Request) bool { return f.count(r) > 0 }

func (f first) count(r *http.Request) int {
	n := 0
	for _, a := range f {
		if p, ok := innermost[presenter](a); ok && p.Presents(r) {
			n++
		}
	}
	return n
}

func (f first) Authenticate(r *http.Request) (*Principal, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	if f.count(r) > 1 {
		return nil, refusal(ErrInvalidRequest, "credentials of more than one kind")
	}
	for _, a := range f {
		p, err := a.Authenticate(r)
		if err == nil || !errors.Is(err, ErrNoCredentials) {
			return p, err
		}
	}
	return nil, refusal(ErrNoCredentials, "")
}

// Vary returns what the authenticators vary by.
func (f first) Vary() []string {
	var names []string
	for _, a := range f {
		names = append(names, varies(a)...)
		if names == nil && varies(a) != nil {
			names = []string{}
		}
	}
	return names
}

// presenter is an Authenticator that can tell without a decision whether a request carries credentials for it.
type presenter interface{ Presents(*http.Request) bool }

// varies returns the request headers beside Authorization that carry credentials for a, nil if none do.
func varies(a Authenticator) []string {
	if v, ok := innermost[interface{ Vary() []string }](a); ok {
		return v.Vary()
	}
	return nil
}

// innermost finds the method in a, or in what it wraps.
func innermost[T any](a Authenticator) (T, bool) {
	for range 100 {
		if found, ok := a.(T); ok {
			return found, true
		}
		wrapper, ok := a.(interface{ Unwrap() Authenticator })
		if !ok {
			break
		}
		a = wrapper.Unwrap()
	}
	var none T
	return none, false
}
