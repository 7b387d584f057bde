package tlsutil

// CloseListenerForTest takes the port away under a running server.
func (s *Server) CloseListenerForTest() { _ = s.https.Close() }
