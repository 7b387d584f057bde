package auth

// ReplaysInMemory is what DPoP takes when it is given nothing.
type ReplaysInMemory = replays

// NewReplays returns a memory for so many proofs.
var NewReplays = newReplays
