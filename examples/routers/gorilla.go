package main

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/sallyport-go/sallyport/auth"
)

func gorillaRouter(guard *auth.Guard) http.Handler {
	r := mux.NewRouter()
	orders := r.PathPrefix("/orders").Subrouter()
	orders.Use(guard.Require("orders:read"))
	orders.HandleFunc("/{id}", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, answer(r, mux.Vars(r)["id"]))
	}).Methods(http.MethodGet)
	return r
}
