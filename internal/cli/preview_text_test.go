package cli

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/explain"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/preview"
)

// Everything that can become of a pod is told, alike pods together, the pods of one owner in one line.
func TestPreviewText(t *testing.T) {
	const pods = `  Pods:       pod/sweep (polyaxon)
              operation.core.polyaxon.com/train (polyaxon), 2 pods

3 of 3 pods: 3 `
	experiments := preview.PolicyOutcome{Role: "jobs", NodePool: "experiments"}
	elsewhere := func(pool string) preview.PolicyOutcome { return preview.PolicyOutcome{Role: "jobs", NodePool: pool} }
	refused := func(fix string) preview.PolicyOutcome {
		return preview.PolicyOutcome{Role: "jobs", NodePool: "experiments", Violations: []explain.Violation{
			{Rule: "priority-class", Field: "spec.priorityClassName", Detail: `is "high", which role "jobs" may not use`, Fix: fix},
		}}
	}
	selector := preview.Difference{Path: "spec.nodeSelector[polyaxon]", Old: "experiments", New: "builds", Source: policy.FromPool}
	spot := preview.Difference{Path: "spec.tolerations[1]", New: corev1.Toleration{Key: "spot", Operator: corev1.TolerationOpExists}, Source: policy.FromRole}
	user := preview.Difference{Path: "spec.securityContext.runAsUser", Old: 2222, New: 3333, Source: policy.FromDefault}
	for name, tc := range map[string]struct {
		of   preview.Outcome
		want string
	}{
		"nothing": {preview.Outcome{}, "Nothing differs for 3 pods.\n"},
		"refused": {
			preview.Outcome{Effect: preview.Refused, Old: experiments, New: refused(`remove it or set it to "low"`)},
			`Would be refused: 3 pods
  Role:       jobs
  Violation:  spec.priorityClassName is "high", which role "jobs" may not use;
              remove it or set it to "low" [priority-class]
` + pods + "refused.\n",
		},
		"refused otherwise": {
			preview.Outcome{Effect: preview.RefusedOtherwise, Old: refused("x"), New: refused("remove it")},
			`Are refused already, and would be for other reasons: 3 pods
  Role:       jobs
  Violation:  spec.priorityClassName is "high", which role "jobs" may not use;
              remove it [priority-class]
` + pods + "refused for other reasons.\n",
		},
		"allowed": {preview.Outcome{Effect: preview.Allowed, Old: refused("x"), New: experiments}, `Would be refused no longer: 3 pods
  Role:       jobs
  Node pool:  experiments
` + pods + "no longer refused.\n"},
		"moved": {
			preview.Outcome{Effect: preview.Moved, Old: experiments, New: elsewhere("builds"), Changes: []preview.Difference{selector}},
			`Would run on another node pool: 3 pods
  Role:       jobs
  Node pool:  experiments -> builds
` + pods + "moved.\n",
		},
		"moved, with another change": {
			preview.Outcome{Effect: preview.Moved, Old: experiments, New: elsewhere("builds"), Changes: []preview.Difference{selector, spot}},
			`Would run on another node pool: 3 pods
  Role:       jobs
  Node pool:  experiments -> builds
  Fields:     spec.tolerations[1] none -> spot op=Exists
` + pods + "moved.\n",
		},
		"unschedulable": {
			preview.Outcome{Effect: preview.Unschedulable, Old: experiments, New: elsewhere("gpu"), Changes: []preview.Difference{selector}},
			`Would find no node among those that are there now: 3 pods
  Role:       jobs
  Node pool:  experiments -> gpu
` + pods + "without a node.\n",
		},
		"changed": {
			preview.Outcome{Effect: preview.Changed, Old: experiments, New: experiments, Changes: []preview.Difference{user}},
			`Would be changed: 3 pods
  Role:       jobs
  Node pool:  experiments
  Fields:     spec.securityContext.runAsUser 2222 -> 3333
` + pods + "changed.\n",
		},
		"governed": {preview.Outcome{Effect: preview.Governed, New: experiments}, `Would come under polymoat: 3 pods
  Role:       none -> jobs
  Node pool:  none -> experiments
` + pods + "newly governed.\n"},
		"released": {preview.Outcome{Effect: preview.Released, Old: experiments}, `Would be governed no longer: 3 pods
  Role:       jobs -> none
  Node pool:  experiments -> none
` + pods + "no longer governed.\n"},
		"warned": {
			preview.Outcome{Effect: preview.Warned, Old: experiments, New: preview.PolicyOutcome{
				Role: "jobs", NodePool: "experiments", Warnings: []string{"the image is old, and nobody has built another one for as long as anyone remembers"},
			}},
			`Would get a new warning: 3 pods
  Role:       jobs
  Node pool:  experiments
  Warning:    the image is old, and nobody has built another one for as long as
              anyone remembers
` + pods + "warned.\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var outcomes []preview.Outcome
			for _, owner := range []string{"pod/sweep", "operation.core.polyaxon.com/train", "operation.core.polyaxon.com/train"} {
				o := tc.of
				if o.Namespace, o.Owner = "polyaxon", owner; o.Effect != "" {
					outcomes = append(outcomes, o)
				}
			}
			var out bytes.Buffer
			printPreview(newConsole(nil, &out, nil).Console, outcomes, 3)
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}
