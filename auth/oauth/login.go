package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Login returns an endpoint for a login page or app of your own, which wants neither forms nor grants: it takes the JSON object
//
//	{"username": "alice", "password": "…", "scope": "notes:read"}
//
// by POST, of up to 16 KiB and with or without the scope, and answers as the token endpoint does for the public client of the password
// grant, under the same limits. It is the way out of that grant (RFC 9700, section 2.4): what it does can later ask for a second
// factor without breaking a standard. It exists only if [PasswordGrant.ClientID] is given, and answers 404 otherwise.
func (s *Service) Login() http.Handler { return loginEndpoint{s} }

type loginEndpoint struct{ service *Service }

func (e loginEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	a, refused := e.service.login(w, r, time.Now())
	if refused != nil {
		e.service.respond(w, r, nil, refused)
		return
	}
	e.service.respond(w, r, a, nil)
}

func (s *Service) login(w http.ResponseWriter, r *http.Request, now time.Time) (*answer, *Error) {
	c := s.clients[s.public]
	if c == nil {
		return nil, invalidRequest(http.StatusNotFound, "There is no such endpoint.")
	}
	f, refused := readLogin(w, r)
	if refused != nil {
		return nil, refused
	}
	scopes, ok := parseScope(f["scope"])
	if !ok {
		return nil, invalidScope("the scope is malformed", "")
	}
	return s.passwordGrant(request{r, f, c, scopes, now})
}

func readLogin(w http.ResponseWriter, r *http.Request) (form, *Error) {
	if r.Method != http.MethodPost {
		e := invalidRequest(http.StatusMethodNotAllowed, "The method must be POST.")
		e.header = http.Header{"Allow": {http.MethodPost}}
		return nil, e
	}
	types := r.Header["Content-Type"]
	if len(types) != 1 || len(r.Header["Content-Encoding"]) > 0 || !isJSON(types[0]) { // forms of other sites cannot send this type
		return nil, invalidRequest(http.StatusUnsupportedMediaType, "The body must be application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, invalidRequest(http.StatusRequestEntityTooLarge, "The body is larger than 16 KiB.")
	}
	if err != nil {
		return nil, badRequest("The body could not be read.")
	}
	var in struct {
		Username string `json:"username"`
		Password string `json:"password"`
		Scope    string `json:"scope"`
	}
	if err := json.Unmarshal(body, &in, json.RejectUnknownMembers(true)); err != nil { // its text quotes the body
		return nil, badRequest("The body is not a JSON object with username, password and perhaps scope.")
	}
	return form{"username": in.Username, "password": in.Password, "scope": in.Scope}, nil
}

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	charset, has := params["charset"]
	return err == nil && media == "application/json" && (!has || strings.EqualFold(charset, "utf-8"))
}
