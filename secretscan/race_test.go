//go:build race

package secretscan

// raceFactor is by how much the race detector multiplies what is allocated: it makes
// pools forget what is put back.
const raceFactor = 2
