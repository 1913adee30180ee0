package polyaxon

import (
	"fmt"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Row gives a role to runs that show a signal.
type Row struct {
	Role   string
	Signal v1alpha1.Signal
}

// Content lists what gives away builds among jobs, and tensorboards and notebooks among services, since 1.0
// (polyaxon 1.10 hub: kaniko, dockerizer, buildah, tensorboard, jupyterlab, notebook). The first that holds decides.
// A port, a mounted Docker socket or a run's free name never do: anything may have them.
var Content = []Row{
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, Image: "kaniko-project/executor"}},
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, Image: "osscontainertools/kaniko"}},
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, Image: "chainguard/kaniko"}},
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, Image: "martizih/kaniko"}},
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, Image: "polyaxon/polyaxon-dockerizer"}},
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, Image: "buildah/stable"}},
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, Image: "containers/buildah"}},
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, Image: "podman/stable"}},
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, Image: "moby/buildkit"}},
	{v1alpha1.RoleBuilds, v1alpha1.Signal{Role: v1alpha1.RoleJobs, InitContainer: "polyaxon-init-dockerfile-"}},
	{v1alpha1.RoleTensorboards, v1alpha1.Signal{Role: v1alpha1.RoleServices, InitContainer: "polyaxon-init-tb-"}},
	{v1alpha1.RoleTensorboards, v1alpha1.Signal{Role: v1alpha1.RoleServices, Command: "tensorboard", Arg: "--logdir"}},
	{v1alpha1.RoleNotebooks, v1alpha1.Signal{Role: v1alpha1.RoleServices, Command: "jupyter"}},
	{v1alpha1.RoleNotebooks, v1alpha1.Signal{Role: v1alpha1.RoleServices, Command: "jupyter-lab"}},
	{v1alpha1.RoleNotebooks, v1alpha1.Signal{Role: v1alpha1.RoleServices, Command: "jupyter-notebook"}},
	{v1alpha1.RoleNotebooks, v1alpha1.Signal{Role: v1alpha1.RoleServices, Arg: "--NotebookApp."}},
	{v1alpha1.RoleNotebooks, v1alpha1.Signal{Role: v1alpha1.RoleServices, Arg: "--ServerApp."}},
	{v1alpha1.RoleNotebooks, v1alpha1.Signal{Role: v1alpha1.RoleServices, Image: "jupyter/*"}},
}

// Holds says whether a pod of that identity shows every mark of the signal, and names them: `image "x/y"`. Most signals do
// not hold, and nothing is put into words before all of one has been found. lines are the Commands of the pod.
func Holds(s v1alpha1.Signal, pod *corev1.Pod, id Identity, lines func() [][]string) (why string, ok bool) {
	if s.Role != "" && s.Role != id.Role || !hasAll(pod.Labels, s.Labels) || !hasAll(pod.Annotations, s.Annotations) {
		return "", false
	}
	content, ok := contentHolds(s, pod, id, lines)
	if !ok || len(s.Labels)+len(s.Annotations)+len(content) == 0 && s.Role == "" {
		return "", false
	}
	var marks []string
	for key, value := range sorted(s.Labels) {
		marks = append(marks, "label "+key+"="+value)
	}
	for key, value := range sorted(s.Annotations) {
		marks = append(marks, "annotation "+key+"="+value)
	}
	marks = append(marks, content...)
	if id.Run {
		marks = append(marks, id.Why)
	}
	return strings.Join(marks, ", "), true
}

// hasAll says whether all of the wanted keys are there, with these values.
func hasAll(have, wanted map[string]string) bool {
	for key, value := range wanted {
		if got, ok := have[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// contentHolds looks into the main container. What a pod contains says nothing unless Polyaxon's labels made it a run.
func contentHolds(s v1alpha1.Signal, pod *corev1.Pod, id Identity, lines func() [][]string) (marks []string, ok bool) {
	if s.Image == "" && s.Command == "" && s.Arg == "" && s.InitContainer == "" {
		return nil, true
	}
	main := Main(pod)
	if !id.Run || main == nil || s.Image != "" && !imageIs(main.Image, s.Image) {
		return nil, false
	}
	if s.InitContainer != "" {
		name, ok := initContainer(pod, s.InitContainer)
		if !ok {
			return nil, false
		}
		marks = append(marks, fmt.Sprintf("init container %q", Clip(name)))
	}
	if s.Image != "" {
		marks = append(marks, fmt.Sprintf("image %q", Clip(main.Image)))
	}
	return commandHolds(s, lines, marks)
}

// commandHolds adds the marks of the signal's command and argument.
func commandHolds(s v1alpha1.Signal, commands func() [][]string, marks []string) ([]string, bool) {
	if s.Command == "" && s.Arg == "" {
		return marks, true
	}
	lines := commands()
	if s.Command != "" {
		if !programIs(lines, s.Command) {
			return nil, false
		}
		marks = append(marks, fmt.Sprintf("command %q", s.Command))
	}
	if s.Arg != "" {
		if !argBegins(lines, s.Arg) {
			return nil, false
		}
		marks = append(marks, fmt.Sprintf("argument %s...", s.Arg))
	}
	return marks, true
}

// Main is Polyaxon's main container: by name since 1.0, else the first.
func Main(pod *corev1.Pod) *corev1.Container {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Name == "polyaxon-main" {
			return &pod.Spec.Containers[i]
		}
	}
	if len(pod.Spec.Containers) == 0 {
		return nil
	}
	return &pod.Spec.Containers[0]
}

func initContainer(pod *corev1.Pod, prefix string) (name string, ok bool) {
	for _, c := range pod.Spec.InitContainers {
		if strings.HasPrefix(c.Name, prefix) {
			return c.Name, true
		}
	}
	return "", false
}

// imageIs compares the last path segments of an image's repository with a pattern of as many segments.
func imageIs(image, pattern string) bool {
	repository, _, _ := strings.Cut(image, "@")
	if colon := strings.LastIndexByte(repository, ':'); colon > strings.LastIndexByte(repository, '/') {
		repository = repository[:colon]
	}
	end, ok := lastSegments(repository, strings.Count(pattern, "/")+1)
	if !ok || end == pattern || !strings.ContainsAny(pattern, `*?[\`) {
		return ok && end == pattern
	}
	ok, err := path.Match(pattern, end)
	return err == nil && ok
}

// lastSegments is as many segments from the end of a path; false where it has fewer.
func lastSegments(of string, want int) (string, bool) {
	at := len(of)
	for ; want > 0; want-- {
		if at < 0 {
			return "", false
		}
		at = strings.LastIndexByte(of[:at], '/')
	}
	return of[at+1:], true
}

// Clip shortens what a user wrote: reasons go into logs and answers, and an image's name has no limit of its own.
func Clip(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
