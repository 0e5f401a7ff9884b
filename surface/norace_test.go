//go:build !race

package surface_test

const raceFactor = 1
