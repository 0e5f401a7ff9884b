package demo

// responseCache keeps whole replies for a moment, as a CDN would.
type responseCache struct{}

func newResponseCache() *responseCache { return &responseCache{} }
