package rbac

import (
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/event"
	"github.com/sallyport-go/sallyport/internal/problem"
)

// usual are the methods that a pattern without a method takes (RFC 9110, section 9.3, and RFC 5789), without CONNECT and TRACE.
var usual = [...]string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPost, http.MethodPut}

func isUsual(method string) bool { return slices.Contains(usual[:], method) }

// server is what [Mux.Build] returns.
type server struct {
	engine  *Engine
	mux     *http.ServeMux
	methods []string // that patterns name
	routes  func() iter.Seq2[string, http.Handler]
}

// Routes yields the routes, as [Mux.Routes] does.
func (s *server) Routes() iter.Seq2[string, http.Handler] { return s.routes() }

// ServeHTTP asks the ServeMux twice. The first answer is inspected: it must be a route of ours, for ServeMux also answers with
// redirects and texts of its own. The second call serves it, since only ServeMux itself can fill in the values of the path.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.match(r) {
		s.mux.ServeHTTP(w, r)
		return
	}
	if allow := s.allowed(r); len(allow) > 0 {
		s.engine.refuse(w, r, methodNotAllowed(allow))
		return
	}
	s.engine.refuse(w, r, notFound())
}

func (s *server) match(r *http.Request) bool {
	if r.Method == http.MethodConnect || r.RequestURI == "*" {
		return false
	}
	h, _ := s.mux.Handler(r)
	rt, ok := h.(*route)
	return ok && (rt.method != "" || isUsual(r.Method)) && !(rt.tree() && ambiguous(r.URL))
}

// tree says whether the pattern matches paths of any number of segments, which its handler is likely to read by itself.
func (rt *route) tree() bool {
	return strings.HasSuffix(rt.pattern, "/") || strings.HasSuffix(rt.pattern, "...}")
}

// ambiguous says whether the path is another one to whoever decodes it first: ServeMux has matched the segments as they are escaped, and
// a file server reads them decoded and cleaned, so that "/admin%2Fsecret" and "/%2E/admin/secret" would lead there past the route for
// "/admin/".
func ambiguous(u *url.URL) bool {
	escaped := strings.ToLower(u.EscapedPath())
	if strings.Contains(escaped, "%2f") || strings.Contains(escaped, "%5c") || strings.Contains(u.Path, `\`) {
		return true
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// allowed returns the methods with which r would match, for the header Allow (RFC 9110, section 10.2.1).
func (s *server) allowed(r *http.Request) []string {
	candidates := slices.Concat(usual[:], s.methods)
	slices.Sort(candidates)
	candidates = slices.Compact(candidates)
	return slices.DeleteFunc(candidates, func(method string) bool {
		return !s.match(&http.Request{Method: method, URL: r.URL, Host: r.Host, RequestURI: r.RequestURI})
	})
}

// refuse answers with err, through Config.Deny.
func (e *Engine) refuse(w http.ResponseWriter, r *http.Request, err *Error) {
	if e == nil || e.log == nil { // not made by New
		problem.Refuse(w, r, err, nil)
		return
	}
	if err.status == http.StatusInternalServerError {
		e.log.Request(r, slog.LevelError, event.AvailabilityFail, slog.Any("cause", err))
	}
	problem.Refuse(w, r, err, e.cfg.Deny)
}
