package inventory

import (
	"slices"
	"strings"
	"unicode"
)

// use is what a pool is for.
type use int

// The uses.
const (
	unknown use = iota
	forCore
	forRuns
	forBuilds
	forGPUs
)

// words are those by which people name pools, the clearest first.
var words = map[use][]string{
	forCore:   {"core", "polyaxon", "platform", "system", "infra", "infrastructure", "management", "mgmt", "services"},
	forBuilds: {"builds", "build", "builder", "builders", "kaniko", "ci"},
	forGPUs:   {"gpu", "gpus", "cuda", "accelerator", "a100", "h100", "v100", "l4", "t4"},
	forRuns: {
		"experiments", "experiment", "ml", "runs", "jobs", "training", "train", "research", "batch", "compute", "worker", "workers",
		"user", "cpu", "general", "default", "data",
	},
}

// uses in the order in which a name is read: "gpu-build" is for builds.
var uses = []use{forCore, forBuilds, forGPUs, forRuns}

// suffixes say that a pool is one.
var suffixes = []string{"nodepool", "pool", "nodes", "node", "np"}

// read is what a name says a pool is for, and how clearly: 0 is clearest.
func read(name string) (use, int) {
	tokens := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, u := range uses {
		best := -1
		for _, token := range tokens {
			i := slices.IndexFunc(words[u], func(word string) bool { return named(token, word) })
			if i >= 0 && (best < 0 || i < best) {
				best = i
			}
		}
		if best >= 0 {
			return u, best
		}
	}
	return unknown, 0
}

// named holds for the word with or without a number and a suffix: "system", "systempool", "system2".
func named(token, word string) bool {
	if token == word {
		return true
	}
	rest, ok := strings.CutPrefix(token, word)
	rest = strings.TrimRightFunc(rest, unicode.IsDigit)
	return ok && (rest == "" || slices.Contains(suffixes, rest))
}
