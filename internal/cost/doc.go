// Package cost holds no code: its tests hold what a decision may cost, whatever somebody wrote into an object.
package cost
