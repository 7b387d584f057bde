package validate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
)

var errHasParams = errors.New("validate: the type has fields with in tags; read it with Bind")

func (p *program) readJSON(r *http.Request, v reflect.Value) error {
	if len(p.params) > 0 {
		return misuse(errHasParams)
	}
	rep := report{in: inBody}
	if err := p.readBody(r, &rep, v); err != nil {
		return err
	}
	return rep.err()
}

// readBody reads the body into v. The error is of the body as a whole; what is wrong in it goes to rep.
func (p *program) readBody(r *http.Request, rep *report, v reflect.Value) error {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		rep.add(codeMissing, nil)
		return nil
	}
	if err := checkMedia(r.Header); err != nil {
		return err
	}
	if r.ContentLength > p.limits.MaxBody {
		return tooLarge(p.limits.MaxBody, nil)
	}
	b := buffers.Get().(*buffer)
	defer b.release()
	if err := b.fill(r.Body, r.ContentLength, p.limits.MaxBody); err != nil {
		return err
	}
	p.decode(rep, b.bytes, v)
	return nil
}

// checkMedia accepts application/json, in UTF-8 and without a content coding. A browser sends no other site's form with that
// type, so it also keeps simple cross-site requests out.
func checkMedia(h http.Header) error {
	for _, coding := range h.Values("Content-Encoding") {
		if !strings.EqualFold(coding, "identity") && coding != "" {
			e := refusal(http.StatusUnsupportedMediaType, "The body must be sent without a content coding.", nil)
			e.header = http.Header{"Accept-Encoding": {"identity"}} // RFC 9110, section 15.5.16
			return e
		}
	}
	types := h.Values("Content-Type")
	if len(types) == 1 && types[0] == "application/json" {
		return nil
	}
	if len(types) == 1 {
		media, params, err := mime.ParseMediaType(types[0])
		charset, has := params["charset"]
		if err == nil && media == "application/json" &&
			(len(params) == 0 || len(params) == 1 && has && strings.EqualFold(charset, "utf-8")) {
			return nil
		}
	}
	e := refusal(http.StatusUnsupportedMediaType, "The body must be sent with Content-Type: application/json.", nil)
	e.header = http.Header{"Accept": {"application/json"}}
	return e
}

func tooLarge(limit int64, cause error) *Error {
	return refusal(http.StatusRequestEntityTooLarge, fmt.Sprintf("The body must not be longer than %d bytes.", limit), cause)
}

// buffer holds a body while it is decoded.
type buffer struct {
	bytes []byte
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// release gives b back without the bytes of the request.
func (b *buffer) release() {
	clear(b.bytes)
	b.bytes = b.bytes[:0]
	if cap(b.bytes) <= maxShared {
		buffers.Put(b)
	}
}

// fill reads at most limit bytes. It grows with what arrives and not with what was announced.
func (b *buffer) fill(body io.Reader, announced, limit int64) error {
	const least = 512
	if n := max(min(announced, limit, maxShared)+1, least); int64(cap(b.bytes)) < n {
		b.bytes = make([]byte, 0, n)
	}
	for {
		if len(b.bytes) == cap(b.bytes) {
			old := b.bytes
			b.bytes = append(make([]byte, 0, min(2*int64(cap(old)), limit+1)), old...)
			clear(old)
		}
		n, err := body.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		switch {
		case int64(len(b.bytes)) > limit:
			return tooLarge(limit, nil)
		case err == io.EOF:
			return nil
		case err != nil:
			return unreadable(err)
		}
	}
}

// unreadable tells a slow client and an outer limit from a broken connection.
func unreadable(err error) *Error {
	if outer, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(outer.Limit, err)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		e := refusal(http.StatusRequestTimeout, "The body did not arrive in time.", err)
		e.header = http.Header{"Connection": {"close"}} // RFC 9110, section 15.5.9
		return e
	}
	return refusal(http.StatusBadRequest, "The body could not be read.", err)
}
