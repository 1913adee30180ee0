// Command kubectl-polymoat is polymoat's kubectl plugin: it says what polymoat would do with a pod, in a file or in a cluster.
package main

import (
	"os"

	"github.com/polymoat/polymoat/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
