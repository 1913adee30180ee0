package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// tester are the flags of test.
type tester struct {
	policy, run     string
	output          string
	update, verbose bool
}

// aboutTest is the long help of test: the format of cases, for those who write their own.
const aboutTest = `Test a policy with the cases of a folder. A case is NAME.in.yaml, a Pod or one
object with a pod template, with NAME.out.yaml, the pod as it is stored, or with
NAME.deny.txt, the sentence that a refused user reads. Comments at the top of
the input say why the case exists and who asks:

  # why: one experiment asks for a GPU pool         required
  # role: jobs                                      required; none out of scope
  # user: system:serviceaccount:kube-system:job-controller
  # groups: system:nodes
  # policy: gpu                                     policies/gpu.yaml beside it

With NAME.old.yaml, the pod as it was before, the case is an update. A case
without "policy" is decided under --policy. Warnings are comments at the top of
the stored pod. The stored pod goes in once more and must stay as it is. Notes
in Markdown and folders inside the folder are left alone; any other file that
belongs to no case is a mistake.

Every failure is shown as a difference. --update writes the golden files: read
what it changed. It tells of every case that was stored and is refused now, or
the other way around, and never removes a file without an input.

-o junit prints one report for all folders, for CI systems.

The exit code is 1 where any case fails.`

func newTest(c *console) *cobra.Command {
	t := &tester{output: "text"}
	cmd := &cobra.Command{
		Use:   "test FOLDER ...",
		Short: "Test a policy with cases of one's own",
		Long:  aboutTest,
		Example: `  # Test a policy
  kubectl polymoat test cases/ --policy policy.yaml

  # Write the golden files of new cases, then read them
  kubectl polymoat test cases/ --policy policy.yaml --update

  # Run the cases about notebooks, and name those that pass
  kubectl polymoat test cases/ --run notebook -v

  # Write a report for a CI system
  kubectl polymoat test cases/ -o junit > report.xml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("nothing to test; name folders of cases")
			}
			return nil
		},
		ValidArgsFunction: completeFolders,
	}
	addPolicyTo(cmd, &t.policy)
	cmd.Flags().StringVar(&t.run, "run", "", "run only the cases whose names match the `regexp`")
	cmd.Flags().BoolVar(&t.update, "update", false, "write the golden files; then read what changed")
	cmd.Flags().BoolVarP(&t.verbose, "verbose", "v", false, "name the cases that pass, too")
	cmd.Flags().StringVarP(&t.output, "output", "o", t.output, "`format`: text or junit (one report in XML)")
	complete(cmd, "output", "text", "junit")
	cmd.RunE = func(_ *cobra.Command, args []string) error { return t.test(c, args) }
	return cmd
}

func (t *tester) test(c *console, folders []string) error {
	if err := t.validate(); err != nil {
		return err
	}
	run, err := regexp.Compile(t.run)
	if err != nil {
		return fmt.Errorf("--run: %w", err)
	}
	fallback := c.Compile(c.PolicyFiles(t.policy))
	if fallback == nil {
		return nil
	}
	var reports []print.Suite
	for _, folder := range folders {
		s := &suite{console: c, tester: t, asked: run, folder: filepath.Clean(folder)}
		s.report.Name = s.folder
		s.policies = map[string]*policy.Policy{corpus.DefaultPolicy: fallback}
		s.test()
		reports = append(reports, s.report)
	}
	if t.output == "junit" {
		c.Print(print.JUnit(reports))
	}
	return nil
}

// validate finds what is wrong with the flags.
func (t *tester) validate() error {
	switch {
	case t.output != "text" && t.output != "junit":
		return fmt.Errorf("unknown output format %q; use text or junit", t.output)
	case t.output == "junit" && t.update:
		return errors.New("--update tells in text what it wrote; leave -o junit out")
	}
	return nil
}
