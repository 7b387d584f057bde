package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// DPoPConfig configures [DPoP]. Verifier and Origin are required.
type DPoPConfig struct {
	// Verifier verifies the token: a [*Verifier] or [*Issuers].
	Verifier TokenVerifier
	// Origin is where clients reach this service, such as "https://api.example". It is not taken from requests: a proof that was made
	// for another service would fit a request that names the other one as its host.
	Origin string
	// Window is how old a proof may be, from a second to five minutes. Zero means a minute. A proof from up to five seconds ahead is
	// accepted as well.
	Window time.Duration
	// Replays remembers the proofs that were used. Nil means the memory of this process, and then one proof works once on each node. It
	// holds 262,144 proofs, and 16,384 of one client; beyond that the answer is 503, since to forget one would let it be used again.
	Replays Replays
	// NonceKey, of 32 to 64 random bytes that all nodes share, has clients put a nonce of this service into their proofs (RFC 9449,
	// section 9), so that nobody can make proofs in advance. A nonce is good for five minutes. Nil asks for none.
	NonceKey []byte

	_ struct{} // keyed literals only: fields may be added later
}

// Replays remembers what may be used once. It is safe for concurrent use.
type Replays interface {
	// Use says whether this is the first use of key by the holder, and remembers it until the given time. The holder is the thumbprint of the
	// client's key: a bound on what is remembered should be one for each, so that nobody fills the room of others. The error means that
	// it could not find out.
	Use(ctx context.Context, holder string, key [32]byte, until, now time.Time) (bool, error)
}

// DPoP returns an Authenticator for tokens that are bound to a key of their client (RFC 9449): the Authorization header has the scheme
// DPoP, and the header DPoP a proof, signed with that key for this very request, that works once. A stolen token is useless without
// the key. A token that is not bound is refused under this scheme, and a bound one under [Bearer]; to accept both kinds, give
//
//	auth.First(auth.DPoP(…), auth.Bearer(…))
//
// Proofs are signed with ES256, ES384, ES512, EdDSA, PS256 or RS256. The method and the URL must be those of the request; the URL is
// compared after the normalisation of RFC 3986, sections 6.2.2 and 6.2.3, without its query; dot segments stay, as a router may not
// resolve them either. A failing [Replays] is answered with 503.
func DPoP(c DPoPConfig) Authenticator {
	d := &dpop{window: c.Window, replays: c.Replays}
	v, ok := c.Verifier.(boundVerifier)
	if !ok || missing(c.Verifier) {
		d.err = errors.New("auth: DPoPConfig.Verifier is neither a *Verifier nor *Issuers: give one of them, since others do not know what a token is bound to")
	}
	d.verifier = v
	origin, err := url.Parse(c.Origin)
	if err == nil && strings.TrimSuffix(origin.Path, "/") == "" {
		err = checkIssuer("DPoPConfig.Origin", c.Origin)
	} else {
		err = errors.New("auth: DPoPConfig.Origin is not a scheme and a host: give one such as https://api.example")
	}
	d.err = errors.Join(d.err, err)
	if err == nil {
		d.origin = originOf(origin)
	}
	if d.window == 0 {
		d.window = time.Minute
	}
	if d.window < time.Second || d.window > 5*time.Minute {
		d.err = errors.Join(d.err, fmt.Errorf("auth: DPoPConfig.Window %v is not from 1s to 5m: leave it zero for a minute", c.Window))
	}
	if d.replays == nil {
		d.replays = newReplays(maxReplays)
	} else if rv := reflect.ValueOf(d.replays); rv.Kind() == reflect.Pointer && rv.IsNil() {
		d.err = errors.Join(d.err, errors.New("auth: DPoPConfig.Replays is a nil pointer: give a store, or nothing"))
	}
	if c.NonceKey != nil {
		if _, err := jose.NewSecretKey(c.NonceKey, ""); err != nil || len(c.NonceKey) > 64 {
			d.err = errors.Join(d.err, errors.New("auth: DPoPConfig.NonceKey has not 32 to 64 random bytes: make one with head -c 32 /dev/urandom"))
		}
		d.nonces = newNonces(c.NonceKey)
	}
	return d
}

type dpop struct {
	verifier boundVerifier
	origin   string
	window   time.Duration
	replays  Replays
	nonces   *nonces // nil asks for none
	err      error
}

const (
	schemeDPoP  = "DPoP"
	proofLeeway = 5 * time.Second
)

func (d *dpop) fault() error    { return d.err }
func (*dpop) Schemes() []string { return []string{schemeDPoP} }

// Presents says whether there are credentials of this scheme.
func (*dpop) Presents(r *http.Request) bool { return presents(r, schemeDPoP) }

func (d *dpop) Authenticate(r *http.Request) (*Principal, error) {
	if d.err != nil {
		return nil, d.err
	}
	token, err := credentials(r, schemeDPoP)
	if err != nil {
		return nil, err
	}
	headers := r.Header["Dpop"]
	if len(headers) > 1 {
		return nil, refusal(ErrInvalidRequest, "more than one DPoP header")
	}
	if len(headers) == 0 {
		return nil, refusal(ErrProof, "there is none")
	}
	c, ok := jose.Split(headers[0])
	if !ok {
		return nil, refusal(ErrProof, "not a compact JWS in canonical base64url")
	}
	proof, err := jose.ParseProofHeader(c.Header, proofAlgorithms)
	if err != nil || proof.Typ != "dpop+jwt" {
		return nil, refusal(ErrProof, "the header has not typ dpop+jwt, an algorithm that is allowed and a public key of it")
	}
	thumbprint, err := proof.Key.Thumbprint()
	if err != nil {
		return nil, refusal(ErrProof, "the key has no thumbprint")
	}
	// The token comes first: who has none cannot make the service check signatures under keys of their own.
	p, err := d.verifier.verifyFor(r.Context(), token, &keyHolder{(*tlsPeer)(r), thumbprint})
	if err != nil {
		return nil, err
	}
	if !proof.Key.Verify(c.Signed, c.Signature) {
		return nil, refusal(ErrProof, "the signature is not valid")
	}
	if err := d.judge(r, c.Payload, token, thumbprint, time.Now()); err != nil {
		err.subject = p.id.Subject
		return nil, err
	}
	return p, nil
}

var proofAlgorithms = []jose.Algorithm{jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.PS256, jose.RS256}

// keyHolder has signed a proof with the key of this thumbprint, in base64url.
type keyHolder struct {
	peer       *tlsPeer
	thumbprint string
}

func (h *keyHolder) proves(c *confirmation) bool {
	return c != nil && subtle.ConstantTimeCompare([]byte(base64url(c.key)), []byte(h.thumbprint)) == 1 &&
		(c.certificate == "" || h.peer.certified(c.certificate))
}
