package apikey

// Vary names the header that carries keys: a shared cache could give the answer for one key to the holder of another, or of none. It
// knows that of Authorization only (RFC 9111, section 3.5). The Guard tells it.
func (k *Keys) Vary() []string { return []string{k.header} }
