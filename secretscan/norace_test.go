//go:build !race

package secretscan

const raceFactor = 1
