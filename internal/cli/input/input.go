// Package input reads for the commands of the plugin: files, objects of a cluster, and the policy that is in force there.
package input

import "io"

// Report is told what could not be read, and what is being read.
type Report interface {
	// Fail reports an error, after which the command is no success.
	Fail(err error)
	// Tell tells a person anything else.
	Tell(format string, args ...any)
	// Reading says that a resource is read until stop is called; one is called for each object.
	Reading(resource string) (one, stop func())
}

// Reader reads files and standard input. Its report is told what cannot be read, which is left out.
type Reader struct {
	Report
	In io.Reader // standard input
}
