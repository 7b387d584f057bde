package event

// Name is an event of the OWASP Logging Vocabulary Cheat Sheet, without its parameters.
type Name string

// The events that the packages raise.
const (
	AuthnLoginSuccess   Name = "authn_login_success"
	AuthnLoginFail      Name = "authn_login_fail"
	AuthnLoginFailMax   Name = "authn_login_fail_max"
	AuthnPasswordChange Name = "authn_password_change"
	AuthnTokenCreated   Name = "authn_token_created"
	AuthnTokenRevoked   Name = "authn_token_revoked"
	AuthnTokenReuse     Name = "authn_token_reuse"

	AuthzFail   Name = "authz_fail"
	AuthzChange Name = "authz_change"
	AuthzAdmin  Name = "authz_admin"

	ExcessRateLimitExceeded Name = "excess_rate_limit_exceeded"
	InputValidationFail     Name = "input_validation_fail"
	MaliciousDirect         Name = "malicious_direct_reference"
	MaliciousExtraneous     Name = "malicious_extraneous"
	MaliciousSQLi           Name = "malicious_sqli"

	SessionCreated        Name = "session_created"
	SessionRenewed        Name = "session_renewed"
	SessionExpired        Name = "session_expired"
	SessionUseAfterExpire Name = "session_use_after_expire"

	SysStartup  Name = "sys_startup"
	SysShutdown Name = "sys_shutdown"
	SysCrash    Name = "sys_crash"
)

// Outside the vocabulary, in its form: it has no word for these.
const (
	// AvailabilityFail says that a key source, a store or a policy could not answer.
	AvailabilityFail Name = "sys_availability_fail"
	// AuthnTokenRefused says that a request came with a token, or other credentials, that are not valid.
	AuthnTokenRefused Name = "authn_token_refused"
	// StatementFail says that a database refused a statement for a reason that is the program's.
	StatementFail Name = "sys_statement_fail"
	// CryptKeyChange says that a signing key was made, taken into use, retired or removed.
	CryptKeyChange Name = "crypt_key_change"
	// CertificateChange says that a certificate was loaded, kept or is about to expire.
	CertificateChange Name = "crypt_certificate_change"
)
