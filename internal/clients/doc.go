// Package clients tests the token service with clients that others have written: golang.org/x/oauth2 and zitadel/oidc in Go,
// oauth4webapi, openid-client and jose in JavaScript. They talk to examples/fastapi in a process of its own.
//
// The JavaScript ones need Node.js 20 or later, and npm ci in the folder npm; SALLYPORT_TEST_NODE names the program.
package clients
