package layers_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/layers"
	"github.com/polymoat/polymoat/internal/policy"
)

var update = flag.Bool("update", false, "rewrite the values in testdata; then read the difference")

// charts are one of each generation: what places their pods is named differently.
var charts = []string{"0.1.9", "0.4.4", "0.5.6", "0.6.1", "1.1.8", "1.20.0", "2.15.1"}

func TestValues(t *testing.T) {
	for _, chart := range charts {
		t.Run(chart, func(t *testing.T) {
			got, err := layers.Values(v1alpha1.Default(), chart)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "values-"+chart+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

// TestValuesByGeneration: the keys that place core are those of the chart's version, on both sides of each change.
func TestValuesByGeneration(t *testing.T) {
	for chart, path := range map[string]string{
		"0.1": "nodeSelectors.core", "0.4.4": "rabbitmq.nodeSelectors", "0.5.0": "rabbitmq-ha.nodeSelector", "0.5.6": "postgresql.nodeSelector",
		"0.6": "postgresql.master.nodeSelector", "v1.0": "nodeSelector", "1.14.0": "redis.slave.nodeSelector", "1.20": "rabbitmq-ha.nodeSelector",
		"2.0": "postgresql.primary.nodeSelector", "2.15": "rabbitmq.nodeSelector", "2.16.1": "redis.master.nodeSelector",
	} {
		if got, want := at(t, chart, path), any(map[string]any{"polyaxon": "core"}); !cmp.Equal(got, want) {
			t.Errorf("chart %s: %s is %v, want %v", chart, path, got, want)
		}
	}
	for chart, path := range map[string]string{
		"0.3.0": "nodeSelectors.tensorboards", "0.5": "nodeSelectors", "1.14.0": "cleaner", "0.6.1": "metrics", "2.0.0": "rabbitmq-ha",
	} {
		if got := at(t, chart, path); got != nil {
			t.Errorf("chart %s: %s is %v, and the chart has no such key", chart, path, got)
		}
	}
	if got, want := at(t, "1.14.1", "cleaner.nodeSelector"), any(map[string]any{"polyaxon": "experiments"}); !cmp.Equal(got, want) {
		t.Errorf("the cleaner goes to %v, want %v", got, want)
	}
}

// at is what the values for a chart hold under a path.
func at(t *testing.T, chart, path string) any {
	t.Helper()
	text, err := layers.Values(v1alpha1.Default(), chart)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("chart %s: %v\n%s", chart, err, text)
	}
	for name := range strings.SplitSeq(path, ".") {
		mapping, _ := value.(map[string]any)
		value = mapping[name]
	}
	return value
}

func TestVersions(t *testing.T) {
	for text, want := range map[string]string{
		"2":      `"2" is no version of Polyaxon's chart; write it as 2.15 or 2.15.1`,
		"latest": `"latest" is no version of Polyaxon's chart; write it as 2.15 or 2.15.1`,
		"2.x":    `"2.x" is no version of Polyaxon's chart; write it as 2.15 or 2.15.1`,
		"3.0":    `chart 3.0 is not known; the known ones are 0.1 to 2.15`,
		"0.0.9":  `chart 0.0.9 is not known; the known ones are 0.1 to 2.15`,
	} {
		if _, err := layers.Values(v1alpha1.Default(), text); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestMissingOnNodes(t *testing.T) {
	taint := func(value string) []corev1.Taint {
		return []corev1.Taint{{Key: "polyaxon", Value: value, Effect: corev1.TaintEffectNoSchedule}}
	}
	node := func(name, label string, taints []corev1.Taint) corev1.Node {
		n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{Taints: taints}}
		if label != "" {
			n.Labels = map[string]string{"polyaxon": label}
		}
		return n
	}
	files := []v1alpha1.File{{Policy: v1alpha1.Default()}, {Policy: v1alpha1.Default()}}
	whole := []corev1.Node{node("a", "core", taint("core")), node("b", "experiments", taint("experiments")), node("c", "builds", taint("builds"))}
	if got := layers.MissingOnNodes(files, whole); len(got) > 0 {
		t.Errorf("nothing is missing, got %v", got)
	}
	got := layers.MissingOnNodes(files, []corev1.Node{node("a", "core", nil), node("b c", "", taint("experiments"))})
	want := []layers.Command{
		{`node a of node pool "core" lacks the taint polyaxon=core:NoSchedule`, "kubectl taint node a polyaxon=core:NoSchedule"},
		{`node b c has the taints of node pool "experiments", and not its label`, "kubectl label node 'b c' polyaxon=experiments --overwrite"},
		{`no node is of node pool "builds": choose some, or let an autoscaler start them with this label and these taints`, "kubectl label node NODE polyaxon=builds"},
		{`node NODE of node pool "builds" lacks the taint polyaxon=builds:NoSchedule`, "kubectl taint node NODE polyaxon=builds:NoSchedule"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

// TestNothingIsLeftForTheWebhook: a pod of core with the values of any chart is placed as the webhook would place it, and
// lands on core's nodes alone.
func TestNothingIsLeftForTheWebhook(t *testing.T) {
	p, err := policy.New(v1alpha1.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, chart := range charts {
		for _, path := range []string{"", "postgresql", "postgresql.master", "postgresql.primary", "redis", "redis.master", "rabbitmq", "rabbitmq-ha", "metrics"} {
			pod := placedBy(t, chart, path)
			if pod == nil {
				continue
			}
			admins := policy.UserNamed("admin", "system:masters")
			d := p.Mutate(policy.Request{Namespace: "polyaxon", User: admins, Pod: pod})
			if d.Verdict != policy.Allowed || d.Role != "core" || len(d.Changes) > 0 {
				t.Errorf("chart %s, %q: %v, role %q, changes %v", chart, path, d.Verdict, d.Role, d.Changes)
			}
			for _, pool := range v1alpha1.Default().Spec.NodePools {
				nodes := landing.Pool{Name: pool.Name, Key: pool.NodeLabel.Key, Value: pool.NodeLabel.Value, Taints: pool.Taints}
				if _, lands := landing.Witness(landing.Of(&pod.Spec), nodes); lands != pool.Protected {
					t.Errorf("chart %s, %q: lands on %s: %t", chart, path, pool.Name, lands)
				}
			}
		}
	}
}

// placedBy is a pod of core with what the values for a chart hold under a path; nil where they place nothing there.
func placedBy(t *testing.T, chart, path string) *corev1.Pod {
	t.Helper()
	prefix := path
	if path != "" {
		prefix += "."
	}
	places := [][2]string{{prefix + "nodeSelector", prefix + "tolerations"}, {prefix + "nodeSelectors", prefix + "tolerations"}}
	if path == "" {
		places[1] = [2]string{"nodeSelectors.core", "tolerations.core"}
	}
	for _, place := range places {
		selector := at(t, chart, place[0])
		if labels, ok := selector.(map[string]any); !ok || labels["polyaxon"] != "core" {
			continue
		}
		spec := map[string]any{"nodeSelector": selector, "tolerations": at(t, chart, place[1]), "containers": []any{map[string]any{"name": "main"}}}
		text, err := yaml.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]any{"type": "polyaxon-core"}}, "spec": spec})
		pod := &corev1.Pod{}
		if err = errors.Join(err, yaml.UnmarshalStrict(text, pod)); err != nil {
			t.Fatal(err)
		}
		return pod
	}
	return nil
}
