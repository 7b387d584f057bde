package main

import (
	"encoding/json"
	"net/http"

	"github.com/sallyport-go/sallyport/auth"
)

func netHTTP(guard *auth.Guard) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", guard.Require("orders:read")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, answer(r, r.PathValue("id")))
	})))
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that went away is not our error
}
