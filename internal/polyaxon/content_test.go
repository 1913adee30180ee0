package polyaxon_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

type signal = v1alpha1.Signal

func TestHoldsForCommands(t *testing.T) {
	for name, tc := range map[string]struct {
		command []string
		args    []string
		signal  signal
		want    bool
	}{
		"the command":                     {command: []string{"jupyter", "lab"}, signal: signal{Command: "jupyter"}, want: true},
		"the first argument":              {args: []string{"jupyter", "lab"}, signal: signal{Command: "jupyter"}, want: true},
		"a path":                          {command: []string{"/opt/conda/bin/jupyter"}, signal: signal{Command: "jupyter"}, want: true},
		"an argument is no command":       {command: []string{"echo", "jupyter"}, signal: signal{Command: "jupyter"}},
		"a longer name":                   {command: []string{"jupyter-nbconvert"}, signal: signal{Command: "jupyter"}},
		"a module":                        {command: []string{"python3.12", "-m", "jupyter", "lab"}, signal: signal{Command: "jupyter"}, want: true},
		"another module":                  {command: []string{"python3", "-m", "http.server"}, signal: signal{Command: "jupyter"}},
		"after tini":                      {command: []string{"tini", "-g", "--"}, args: []string{"jupyter"}, signal: signal{Command: "jupyter"}, want: true},
		"after env":                       {command: []string{"env", "A=b", "jupyter"}, signal: signal{Command: "jupyter"}, want: true},
		"after Polyaxon's sandbox":        {command: []string{"/opt/polyaxon/bin/bootstrap-ssh.sh"}, args: []string{"jupyter"}, signal: signal{Command: "jupyter"}, want: true},
		"in a shell line":                 {command: []string{"sh", "-ec"}, args: []string{"pip install x; X=1 exec jupyter lab"}, signal: signal{Command: "jupyter"}, want: true},
		"only mentioned in a shell line":  {command: []string{"sh", "-c", "echo jupyter"}, signal: signal{Command: "jupyter"}},
		"a shell without a line":          {command: []string{"bash", "jupyter"}, signal: signal{Command: "jupyter"}},
		"an argument's beginning":         {args: []string{"x", "--ServerApp.ip=0"}, signal: signal{Arg: "--ServerApp."}, want: true},
		"an argument in a shell line":     {command: []string{"sh", "-c", "x '--logdir=/a'"}, signal: signal{Arg: "--logdir"}, want: true},
		"command and argument, both":      {command: []string{"tensorboard", "--logdir", "x"}, signal: signal{Command: "tensorboard", Arg: "--logdir"}, want: true},
		"command and argument, one alone": {command: []string{"tensorboard", "dev"}, signal: signal{Command: "tensorboard", Arg: "--logdir"}},
		"no command at all":               {signal: signal{Command: "jupyter"}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := podWith(corev1.Container{Name: "polyaxon-main", Command: tc.command, Args: tc.args})
			if _, got := polyaxon.Holds(tc.signal, pod, polyaxon.Identity{Role: "services", Run: true}, polyaxon.Commands(pod)); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}

func TestHoldsForImages(t *testing.T) {
	for name, tc := range map[string]struct {
		image, pattern string
		want           bool
	}{
		"a tag":                          {"gcr.io/kaniko-project/executor:v1", "kaniko-project/executor", true},
		"a digest":                       {"kaniko-project/executor@sha256:00", "kaniko-project/executor", true},
		"a port is no tag":               {"localhost:5000/kaniko-project/executor", "kaniko-project/executor", true},
		"a longer last segment":          {"gcr.io/kaniko-project/executor-debug", "kaniko-project/executor", false},
		"a longer first segment":         {"gcr.io/my-kaniko-project/executor", "kaniko-project/executor", false},
		"the segments elsewhere":         {"gcr.io/kaniko-project/executor/extra", "kaniko-project/executor", false},
		"any repository below":           {"quay.io/jupyter/scipy-notebook:x", "jupyter/*", true},
		"a registry is not a repository": {"jupyter", "jupyter/*", false},
		"nothing":                        {"", "jupyter/*", false},
	} {
		t.Run(name, func(t *testing.T) {
			pod := podWith(corev1.Container{Image: tc.image})
			if _, got := polyaxon.Holds(signal{Image: tc.pattern}, pod, polyaxon.Identity{Run: true}, polyaxon.Commands(pod)); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}

func TestHoldsOnlyForRuns(t *testing.T) {
	pod := podWith(corev1.Container{Image: "jupyter/base-notebook"})
	if why, ok := polyaxon.Holds(signal{Image: "jupyter/*"}, pod, polyaxon.Identity{}, polyaxon.Commands(pod)); ok {
		t.Errorf("content classified a pod that is not Polyaxon's: %s", why)
	}
}

func TestHoldsSaysWhy(t *testing.T) {
	pod := podWith(corev1.Container{Image: "x/" + strings.Repeat("y", 300), Command: []string{"a"}})
	pod.Labels = map[string]string{"team": "vision", "app": "x"}
	s := signal{Labels: map[string]string{"team": "vision", "app": "x"}, Image: "x/*", Command: "a"}
	got, ok := polyaxon.Holds(s, pod, polyaxon.Identity{Role: "jobs", Why: "label z", Run: true}, polyaxon.Commands(pod))
	want := `label app=x, label team=vision, image "x/` + strings.Repeat("y", 118) + `...", command "a", label z`
	if !ok || got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMainIsPolyaxonsOwn(t *testing.T) {
	pod := podWith(corev1.Container{Name: "sidecar-logs"})
	pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "polyaxon-main"})
	if got := polyaxon.Main(pod).Name; got != "polyaxon-main" {
		t.Errorf("got %q, want polyaxon-main", got)
	}
	if got := polyaxon.Main(&corev1.Pod{}); got != nil {
		t.Errorf("a pod without containers has main container %v", got)
	}
}

func podWith(c corev1.Container) *corev1.Pod {
	return &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{c}}}
}

// TestAnnotationsCountAsLabels: they tell a role by themselves, of any pod, and by their exact value.
func TestAnnotationsCountAsLabels(t *testing.T) {
	s := signal{Annotations: map[string]string{"operation.polyaxon.com/project": "vision"}}
	for value, want := range map[string]string{"vision": "annotation operation.polyaxon.com/project=vision", "vision2": "", "": ""} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"operation.polyaxon.com/project": value}}}
		if got, ok := polyaxon.Holds(s, pod, polyaxon.Identity{}, polyaxon.Commands(pod)); got != want || ok != (want != "") {
			t.Errorf("project %q: %q, %v", value, got, ok)
		}
	}
}
