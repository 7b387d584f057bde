package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/sallyport-go/sallyport/auth"
)

func chiRouter(guard *auth.Guard) http.Handler {
	r := chi.NewRouter()
	r.With(guard.Require("orders:read")).Get("/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, answer(r, chi.URLParam(r, "id")))
	})
	return r
}
