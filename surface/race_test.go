//go:build race

package surface_test

// raceFactor is by how much the race detector multiplies what is allocated.
const raceFactor = 4
