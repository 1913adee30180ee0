package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/spf13/cobra"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/patch"
	"github.com/polymoat/polymoat/internal/policy"
)

func newDiff(c *console) *cobra.Command {
	in := new(inputs)
	cmd := &cobra.Command{
		Use:   "diff -f FILE | KIND/NAME ...",
		Short: "Show what polymoat would change in pods",
		Long: `Show the difference between each pod as it is written and as polymoat would
store it. Where a pod would be refused, the sentence that its user would read
goes to standard error.

` + aboutInputs + `

The exit code is 1 where any pod differs or is refused.`,
		Example: `  # Show the changes to the pods of a file
  kubectl polymoat diff -f job.yaml

  # Show the changes to a pod of the cluster, as if it were created again
  kubectl polymoat diff pod/train -n polyaxon`,
	}
	in.addTo(cmd.Flags())
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		in.live.Names = args
		return diff(c, in)
	}
	return cmd
}

func diff(c *console, in *inputs) error {
	if err := in.validate(); err != nil {
		return err
	}
	in.reviews(c, func(r review) {
		text, err := unified(r)
		if err != nil {
			c.Fail(r.pod.Object.Errorf("%w", err))
			return
		}
		c.Print(c.Styles.Diff(text))
		if text != "" {
			c.Exit(exitDiffer)
		}
		if r.decision.Verdict == policy.Denied {
			meta := r.pod.Pod.ObjectMeta
			refused := r.decision
			refused.File = "" // fields are called as in the file that is at hand
			sentence := refused.Sentence(meta.Name + meta.GenerateName)
			if r.pod.Names != nil {
				sentence = r.pod.Names.Replace(sentence)
			}
			c.Tell("%s: %s\n", r.pod.Object.File, sentence)
			c.Exit(exitDiffer)
		}
	}, noteSkipped(c.Console))
	return nil
}

// unified is the difference between the pod of the file and what the policy makes of it; empty where nothing changes.
func unified(r review) (string, error) {
	if r.decision.Pod == nil {
		return "", nil
	}
	before, err := json.Marshal(r.pod.Raw)
	if err != nil {
		return "", err
	}
	after, err := patched(before, r)
	if err != nil {
		return "", err
	}
	var stored any
	if err := utiljson.Unmarshal(after, &stored); err != nil {
		return "", err
	}
	name := diffName(r)
	return udiff.Unified("a/"+name, "b/"+name, print.YAML(r.pod.Raw), print.YAML(stored)), nil
}

// patched applies the decision to the JSON of the file: fields that our API version does not know stay.
func patched(raw []byte, r review) ([]byte, error) {
	operations, err := patch.Operations(r.pod.Pod, r.decision.Pod)
	if err != nil || len(operations) == 0 {
		return raw, err
	}
	text, err := patch.Text(operations)
	if err != nil {
		return nil, err
	}
	decoded, err := jsonpatch.DecodePatch(text)
	if err != nil {
		return nil, err
	}
	return decoded.Apply(raw)
}

// diffName is the pod in the header of a diff: "job.yaml Job/train spec.template", "job.batch/train spec.template".
func diffName(r review) string {
	name := strings.TrimPrefix(r.pod.Object.File, "/")
	if !r.pod.Object.Live() {
		name = fmt.Sprintf("%s %s", name, r.pod.Object)
	}
	return strings.TrimSpace(name + " " + r.pod.Path)
}
